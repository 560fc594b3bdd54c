use super::*;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn those_who_are_due_report_in_their_order() {
    let (mut agenda, now) = (Agenda::default(), Instant::now());
    assert_eq!(agenda.step(now), Step::Wait);
    agenda.due.push(Reverse((now + SECOND, 7)));
    agenda.due.push(Reverse((now, 8)));
    assert_eq!(agenda.step(now), Step::Report(now, 8));
    assert_eq!(agenda.step(now), Step::WaitUntil(now + SECOND));
    assert_eq!(agenda.step(now + 2 * SECOND), Step::Report(now + SECOND, 7));
}

#[test]
fn what_was_due_before_a_device_left_is_reported_late_and_nothing_after() {
    let (mut agenda, now) = (Agenda::default(), Instant::now());
    agenda.due.push(Reverse((now, 7)));
    agenda.due.push(Reverse((now + 2 * SECOND, 8)));
    agenda.left.insert(7, now + SECOND);
    agenda.left.insert(8, now + SECOND);
    assert_eq!(agenda.step(now + 5 * SECOND), Step::Report(now, 7));
    assert_eq!(agenda.step(now + 5 * SECOND), Step::Wait);
    agenda.is_closed = true;
    assert_eq!(agenda.step(now + 5 * SECOND), Step::End);
}

#[test]
fn nobody_waits_for_reports_once_all_is_over() {
    let (mut agenda, now) = (Agenda::default(), Instant::now());
    agenda.due.push(Reverse((now + SECOND, 7)));
    agenda.is_closed = true;
    assert_eq!(agenda.step(now), Step::End);
}

#[test]
fn those_whose_firewall_is_off_are_spread_evenly() {
    let plan = |unhealthy| PosturePlan {
        desk: Desk::new(([127, 0, 0, 1], 9).into(), std::net::IpAddr::from([127, 0, 0, 1]).into()),
        audience: "nac-posture".into(),
        identities: Vec::new(),
        every: SECOND,
        unhealthy,
        threads: 1,
    };
    let off = |unhealthy, among: u32| -> Vec<u32> {
        (0..among).filter(|number| plan(unhealthy).condition(*number) == Condition::FirewallOff).collect()
    };
    assert_eq!(off(0.25, 10), [3, 7]);
    assert_eq!((off(0.0, 100).len(), off(0.1, 200).len(), off(1.0, 7).len()), (0, 20, 7));
}

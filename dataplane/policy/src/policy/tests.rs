#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail loudly"
)]

use super::*;
use crate::condition::{Operand, Operator};
use crate::decision::{Outcome, Reason, Verdict};
use crate::fact::{FactName, Value};

fn is(fact: FactName, text: &str) -> Condition {
    Condition::compare(fact, Operator::Equal, Operand::Text(text.to_owned())).unwrap()
}

fn rule(effect: Effect, targets: &[&str], condition: Condition) -> RuleSpec {
    RuleSpec {
        effect,
        targets: targets.iter().map(|name| (*name).to_owned()).collect(),
        condition,
        monitor: false,
        label: format!("{effect:?} {}", targets.join(", ")),
        location: "test.policy:1".to_owned(),
    }
}

fn spec(rules: Vec<RuleSpec>) -> PolicySpec {
    let segment = |name: &str, reply: u8| SegmentSpec {
        name: name.to_owned(),
        replies: vec![("plain".to_owned(), vec![reply])],
        site_replies: vec![(("Berlin".to_owned(), "plain".to_owned()), vec![reply, reply])],
        confined_replies: vec![("plain".to_owned(), vec![reply, 100, 200])],
        confined_site_replies: Vec::new(),
        session_timeout: Some(u32::from(reply)),
        fallback: None,
    };
    let resource = |name: &str, line: u8| ResourceSpec {
        name: name.to_owned(),
        access_list: vec![("plain".to_owned(), vec![line])],
        extents: vec![("plain".to_owned(), Extent { lines: 1, characters: 10 })],
    };
    PolicySpec {
        rules,
        segments: vec![segment("corp", 10), segment("guest", 20)],
        resources: vec![resource("gpu", 1), resource("registry", 2), resource("internet", 3)],
        dialects: vec![DialectSpec {
            name: "plain".to_owned(),
            before: vec![100],
            after: vec![200],
            before_extent: Extent::default(),
            after_extent: Extent { lines: 1, characters: 10 },
            limits: Limits::default(),
            downloads: false,
        }],
        digest: "d1".to_owned(),
    }
}

fn facts(known: &[(FactName, &str)]) -> FactSet {
    let mut facts = FactSet::new();
    for (name, text) in known {
        facts.set(*name, Value::text(text));
    }
    facts
}

fn grants(policy: &Policy, decision: &Decision) -> Vec<String> {
    decision.grants.iter().map(|index| policy.resource_name(*index).to_owned()).collect()
}

#[test]
fn nothing_matched_is_a_reject() {
    let policy = Policy::compile(spec(vec![])).unwrap();
    let decision = policy.decide(&FactSet::new());
    assert_eq!((decision.verdict, decision.rule, decision.segment), (Verdict::Reject, None, None));
    let mut out = vec![7];
    assert_eq!(policy.reply(&decision, "plain", None, &mut out), Err(ReplyError::Rejected));
    assert_eq!(out, [7]);
}

#[test]
fn the_first_placement_that_matches_decides() {
    let policy = Policy::compile(spec(vec![
        rule(Effect::Place, &["corp"], is(FactName::Method, "eap-tls")),
        rule(Effect::Reject, &[], is(FactName::Method, "mab")),
        rule(Effect::Place, &["guest"], Condition::always()),
    ]))
    .unwrap();
    for (method, segment, by) in [("eap-tls", Some("corp"), 0), ("mab", None, 1), ("none", Some("guest"), 2)] {
        let decision = policy.decide(&facts(&[(FactName::Method, method)]));
        assert_eq!(decision.segment.map(|index| policy.segment_name(index)), segment);
        assert_eq!(decision.rule, Some(RuleIndex(by)));
    }
}

#[test]
fn unknown_closes_and_never_opens() {
    let unknown = || is(FactName::PostureStatus, "healthy");
    let place = Policy::compile(spec(vec![rule(Effect::Place, &["corp"], unknown())])).unwrap();
    assert_eq!(place.decide(&FactSet::new()).rule, None);

    let reject = Policy::compile(spec(vec![rule(Effect::Reject, &[], unknown())])).unwrap();
    let decision = reject.decide(&FactSet::new());
    assert_eq!(decision.reasons, [Reason { rule: RuleIndex(0), outcome: Outcome::RejectedByUnknown }]);

    let grant = Policy::compile(spec(vec![
        rule(Effect::Place, &["corp"], Condition::always()),
        rule(Effect::Allow, &["gpu"], unknown()),
        rule(Effect::Allow, &["registry", "internet"], Condition::always()),
        rule(Effect::Forbid, &["registry"], unknown()),
    ]))
    .unwrap();
    let decision = grant.decide(&FactSet::new());
    assert_eq!(grants(&grant, &decision), ["internet"]);
    let outcomes: Vec<_> = decision.reasons.iter().map(|reason| (reason.rule.0, reason.outcome)).collect();
    assert_eq!(outcomes, [(0, Outcome::Placed), (2, Outcome::Granted), (3, Outcome::ForbiddenByUnknown)]);
}

#[test]
fn forbid_wins_wherever_it_stands() {
    let policy = Policy::compile(spec(vec![
        rule(Effect::Forbid, &["gpu", "internet"], Condition::always()),
        rule(Effect::Place, &["corp"], Condition::always()),
        rule(Effect::Allow, &["registry", "gpu", "gpu"], Condition::always()),
        rule(Effect::Forbid, &["internet"], Condition::always()),
    ]))
    .unwrap();
    let decision = policy.decide(&FactSet::new());
    assert_eq!(grants(&policy, &decision), ["registry"]);
    let outcomes: Vec<_> = decision.reasons.iter().map(|reason| (reason.rule.0, reason.outcome)).collect();
    assert_eq!(outcomes, [(1, Outcome::Placed), (0, Outcome::Forbidden), (2, Outcome::Granted)]);
}

#[test]
fn the_reply_is_laid_out_in_order() {
    let policy = Policy::compile(spec(vec![
        rule(Effect::Place, &["guest"], Condition::always()),
        rule(Effect::Allow, &["internet"], Condition::always()),
        rule(Effect::Allow, &["gpu"], is(FactName::Method, "eap-tls")),
    ]))
    .unwrap();
    let mut out = vec![];
    let decision = policy.decide(&facts(&[(FactName::Method, "eap-tls")]));
    policy.reply(&decision, "plain", None, &mut out).unwrap();
    assert_eq!(out, [20, 100, 1, 3, 200]);
    assert_eq!(policy.session_timeout(&decision), Some(20));
    assert_eq!(policy.reply(&decision, "other", None, &mut out), Err(ReplyError::UnknownDialect));
    assert_eq!(out.len(), 5);
    out.clear();
    policy.reply(&decision, "plain", Some("BERLIN"), &mut out).unwrap();
    assert_eq!(out, [20, 20, 100, 1, 3, 200]);
}

/// One session with three grants, under each limit in turn.
#[test]
fn what_a_client_cannot_take_goes_to_the_fallback() {
    let unlimited = Limits::default();
    let table = [
        (unlimited, None, Ok(("corp", 3))),
        (Limits { octets: Some(6), ..unlimited }, None, Ok(("corp", 3))),
        (Limits { octets: Some(5), ..unlimited }, None, Ok(("guest", 0))),
        (Limits { octets: Some(6), ..unlimited }, Some("berlin"), Ok(("guest", 0))),
        (Limits { lines: Some(4), ..unlimited }, None, Ok(("corp", 3))),
        (Limits { lines: Some(3), ..unlimited }, None, Ok(("guest", 0))),
        (Limits { characters: Some(39), ..unlimited }, None, Ok(("guest", 0))),
        (Limits { octets: Some(2), ..unlimited }, None, Err(Unfit)),
    ];
    for (limits, site, expected) in table {
        let targets = ["gpu", "registry", "internet"];
        let mut spec = spec(vec![
            rule(Effect::Place, &["corp"], Condition::always()),
            rule(Effect::Allow, &targets, Condition::always()),
        ]);
        spec.dialects[0].limits = limits;
        spec.segments[0].fallback = Some("guest".to_owned());
        let policy = Policy::compile(spec).unwrap();
        let mut decision = policy.decide(&FactSet::new());
        let before = decision.clone();
        let fitted = policy.fit(&mut decision, "plain", site);
        let found = fitted.map(|()| (policy.segment_name(decision.segment.unwrap()), decision.grants.len()));
        assert_eq!(found, expected, "{limits:?}");
        match expected {
            Ok(("guest", _)) => {
                let confined = Reason { rule: RuleIndex(0), outcome: Outcome::Confined };
                assert_eq!(decision.reasons[1], confined);
                let mut out = vec![];
                policy.reply(&decision, "plain", None, &mut out).unwrap();
                assert_eq!(out, [20, 100, 200], "the list stands there, with nothing granted");
            }
            _ => assert_eq!(decision, before),
        }
    }
}

#[test]
fn what_a_dialect_cannot_express_is_never_left_out() {
    let rules = || {
        vec![
            rule(Effect::Place, &["corp"], Condition::always()),
            rule(Effect::Allow, &["gpu"], Condition::always()),
            rule(Effect::Allow, &["registry"], is(FactName::Method, "eap-tls")),
        ]
    };
    for (fallback, method, expected) in
        [(None, "mab", Ok("corp")), (None, "eap-tls", Err(Unfit)), (Some("guest".to_owned()), "eap-tls", Ok("guest"))]
    {
        let mut spec = spec(rules());
        spec.resources[1].access_list.clear();
        spec.segments[0].fallback = fallback;
        let policy = Policy::compile(spec).unwrap();
        let mut decision = policy.decide(&facts(&[(FactName::Method, method)]));
        let mut out = vec![];
        if expected != Ok("corp") {
            assert_eq!(policy.reply(&decision, "plain", None, &mut out), Err(ReplyError::ForeignDecision));
            assert_eq!(out, []);
        }
        let fitted = policy.fit(&mut decision, "plain", None);
        assert_eq!(fitted.map(|()| policy.segment_name(decision.segment.unwrap())), expected);
    }
}

#[test]
fn monitored_rules_are_recorded_and_change_nothing() {
    let monitored = |rule: RuleSpec| RuleSpec { monitor: true, ..rule };
    let unknown = || is(FactName::PostureStatus, "healthy");
    let policy = Policy::compile(spec(vec![
        monitored(rule(Effect::Forbid, &["gpu"], unknown())),
        monitored(rule(Effect::Place, &["guest"], Condition::always())),
        monitored(rule(Effect::Place, &["guest"], unknown())),
        monitored(rule(Effect::Reject, &[], unknown())),
        rule(Effect::Place, &["corp"], is(FactName::Method, "eap-tls")),
        monitored(rule(Effect::Reject, &[], Condition::always())),
        rule(Effect::Allow, &["gpu"], Condition::always()),
        monitored(rule(Effect::Allow, &["internet"], Condition::always())),
        monitored(rule(Effect::Forbid, &["internet"], Condition::always())),
    ]))
    .unwrap();
    let outcomes = |decision: &Decision| -> Vec<_> {
        decision.reasons.iter().map(|reason| (reason.rule.0, reason.outcome)).collect()
    };
    let decision = policy.decide(&facts(&[(FactName::Method, "eap-tls")]));
    assert_eq!((decision.rule, grants(&policy, &decision)), (Some(RuleIndex(4)), vec!["gpu".to_owned()]));
    let expected = [
        (4, Outcome::Placed),
        (0, Outcome::WouldForbidByUnknown),
        (1, Outcome::WouldPlace),
        (3, Outcome::WouldRejectByUnknown),
        (6, Outcome::Granted),
        (7, Outcome::WouldGrant),
    ];
    assert_eq!(outcomes(&decision), expected);

    let decision = policy.decide(&facts(&[(FactName::Method, "mab")]));
    assert_eq!((decision.verdict, decision.rule), (Verdict::Reject, None));
    let expected = [(1, Outcome::WouldPlace), (3, Outcome::WouldRejectByUnknown), (5, Outcome::WouldReject)];
    assert_eq!(outcomes(&decision), expected);
}

#[test]
fn what_does_not_compile() {
    let missing = |mut spec: PolicySpec| {
        spec.segments[1].replies.clear();
        spec
    };
    let twice = |mut spec: PolicySpec| {
        spec.segments[1].name = "corp".to_owned();
        spec
    };
    let bounded = |mut spec: PolicySpec| {
        spec.dialects[0].limits.lines = Some(100);
        spec.resources[2].extents.clear();
        spec
    };
    let fallback = |corp: &str, guest: Option<&str>| {
        let mut spec = spec(vec![]);
        spec.segments[0].fallback = Some(corp.to_owned());
        spec.segments[1].fallback = guest.map(str::to_owned);
        spec
    };
    let wrong = |segment: &str, fallback: &str| CompileError::WrongFallback {
        segment: segment.into(),
        fallback: fallback.into(),
    };
    let location = || "test.policy:1".to_owned();
    let always = Condition::always;
    let table = [
        (missing(spec(vec![])), CompileError::MissingDialect { segment: "guest".into(), dialect: "plain".into() }),
        (bounded(spec(vec![])), CompileError::MissingExtent { resource: "internet".into(), dialect: "plain".into() }),
        (fallback("corp", None), wrong("corp", "corp")),
        (fallback("lab", None), wrong("corp", "lab")),
        (fallback("guest", Some("corp")), wrong("corp", "guest")),
        (twice(spec(vec![])), CompileError::Duplicate { what: "segment", name: "corp".into() }),
        (
            spec(vec![rule(Effect::Place, &["lab"], always())]),
            CompileError::UnknownTarget { location: location(), name: "lab".into() },
        ),
        (
            spec(vec![rule(Effect::Allow, &["corp"], always())]),
            CompileError::UnknownTarget { location: location(), name: "corp".into() },
        ),
        (spec(vec![rule(Effect::Place, &[], always())]), CompileError::WrongTargets { location: location() }),
        (spec(vec![rule(Effect::Reject, &["corp"], always())]), CompileError::WrongTargets { location: location() }),
        (spec(vec![rule(Effect::Forbid, &[], always())]), CompileError::WrongTargets { location: location() }),
    ];
    for (spec, expected) in table {
        assert_eq!(Policy::compile(spec).unwrap_err(), expected);
    }
}

#[test]
fn a_condition_that_multiplies_out_too_far_is_refused_by_its_place() {
    let pair = |number: usize| {
        let negated = Condition::negate(is(FactName::Ssid, &format!("b{number}"))).unwrap();
        Condition::any(vec![is(FactName::Ssid, &format!("a{number}")), negated]).unwrap()
    };
    for (pairs, fits) in [(12, true), (13, false)] {
        let condition = Condition::all((0..pairs).map(pair).collect()).unwrap();
        let compiled = Policy::compile(spec(vec![rule(Effect::Reject, &[], condition)]));
        let refused = CompileError::TooManyClauses { location: "test.policy:1".into() };
        assert_eq!(compiled.err(), (!fits).then_some(refused));
    }
}

#[test]
fn what_time_alone_can_change_is_known() {
    let compare = |fact, operator, value| Condition::compare(fact, operator, Operand::Integer(value)).unwrap();
    let during = Condition::during(vec![(100, 200), (300, 400)], (0, 1_000)).unwrap();
    let old = compare(FactName::PostureAge, Operator::Greater, 3_600);
    let soon = compare(FactName::CertificateDaysLeft, Operator::LessOrEqual, 7);
    let late = Condition::negate(compare(FactName::Time, Operator::Less, 5_000)).unwrap();
    let parts = vec![during.clone(), Condition::any(vec![old, soon]).unwrap(), late];
    let rules = vec![rule(Effect::Reject, &[], Condition::all(parts).unwrap()), rule(Effect::Reject, &[], during)];
    let policy = Policy::compile(spec(rules)).unwrap();
    let mut moments = vec![-1];
    while let Some(next) = policy.next_time(*moments.last().unwrap()) {
        moments.push(next);
    }
    assert_eq!(moments[1..], [0, 100, 200, 300, 400, 1_000, 5_000, 5_001]);
    assert_eq!([0, 3_600, 3_601].map(|age| policy.next_posture_age(age)), [Some(3_600), Some(3_601), None]);
    assert_eq!([90, 8, 7, 6].map(|days| policy.next_days_left(days)), [Some(7), Some(7), Some(6), None]);
    let silent = Policy::compile(spec(vec![])).unwrap();
    assert_eq!((silent.next_time(0), silent.next_posture_age(0), silent.next_days_left(90)), (None, None, None));
}

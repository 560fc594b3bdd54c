#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail loudly"
)]

use super::*;

#[test]
fn mac_addresses_in_every_notation() {
    let table = ["00-1a-2B-3c-4D-5e", "00:1A:2b:3C:4d:5E", "001a.2b3c.4d5e", "001A2B-3C4D5E", "001a2b3c4d5e"];
    for text in table {
        let mac: MacAddress = text.parse().unwrap();
        assert_eq!(mac.to_string(), "00-1A-2B-3C-4D-5E", "{text}");
        let mut facts = FactSet::new();
        describe_mac(mac, &mut facts);
        assert_eq!(facts.get(FactName::Mac), Some(&Value::text("00-1A-2B-3C-4D-5E")));
        assert_eq!(facts.get(FactName::MacOui), Some(&Value::text("00-1A-2B")));
    }
}

#[test]
fn malformed_mac_addresses() {
    let table = [
        "",
        "00-1a-2b-3c-4d",
        "00-1a-2b-3c-4d-5e-6f",
        "00-1a:2b-3c-4d-5e",
        "00-1a-2b-3c-4d-5g",
        "00 1a 2b 3c 4d 5e",
        "001a2b3c4d5e6",
        "0-01a-2b-3c-4d-5e",
        "001a.2b3c.4d5",
        "é01a2b3c4d5",
        "-----------------",
    ];
    for text in table {
        assert!(text.parse::<MacAddress>().is_err(), "{text}");
    }
}

#[test]
fn fingerprints() {
    let text = "00ff".repeat(16);
    assert_eq!(text.to_uppercase().parse::<Fingerprint>().unwrap().to_string(), text);
    assert!("00ff".parse::<Fingerprint>().is_err());
    assert!("0g".repeat(32).parse::<Fingerprint>().is_err());
}

#[test]
fn posture_reads_as_unknown_once_expired() {
    let device = DeviceFacts {
        posture: Posture { status: Some(Text::new("healthy")), ..Posture::default() }.into(),
        posture_expires_at: Some(1000).into(),
        ..DeviceFacts::named("laptop-17")
    };
    for (now, expected) in [(999, "healthy"), (1000, "unknown"), (1001, "unknown")] {
        let mut facts = FactSet::new();
        describe_device(Some(&device), now, &mut facts);
        assert_eq!(facts.get(FactName::PostureStatus), Some(&Value::text(expected)), "at {now}");
    }
}

#[test]
fn no_moment_reads_as_none() {
    for unix in [None, Some(0), Some(-1), Some(i64::MAX), Some(i64::MIN + 1)] {
        assert_eq!(Moment::from(unix).unix(), unix);
    }
    assert_eq!(
        Moment::from(Some(i64::MIN)).unix(),
        Some(i64::MIN + 1),
        "a report that has expired never reads as one that does not"
    );
}

#[test]
fn without_a_record_only_the_flags_are_known() {
    let mut facts = FactSet::new();
    describe_device(None, 0, &mut facts);
    describe_user(None, 0, &mut facts);
    let known: Vec<_> = facts.iter_known().map(|(name, value)| (name.name(), value.clone())).collect();
    let no = || Value::Boolean(false);
    let expected = [
        ("user.known", no()),
        ("user.disabled", no()),
        ("user.access_ended", no()),
        ("device.known", no()),
        ("device.managed", no()),
        ("device.ownership", Value::text("unknown")),
        ("device.disabled", no()),
        ("device.shared_identity", no()),
    ];
    assert_eq!(known, expected);
}

#[test]
fn the_record_becomes_facts() {
    let device = DeviceFacts {
        kind: Some(Text::new("Laptop")),
        owner: Some(Text::new("alice")),
        managed: true,
        tags: TextSet::new(["GPU-Lab"]),
        ..DeviceFacts::named("Laptop-17")
    };
    let user = UserFacts { name: "alice".into(), groups: TextSet::new(["ML"]), disabled: false, access_until: None };
    let mut facts = FactSet::new();
    describe_device(Some(&device), 0, &mut facts);
    describe_user(Some(&user), 0, &mut facts);
    assert_eq!(facts.get(FactName::DeviceName), Some(&Value::text("laptop-17")));
    assert_eq!(facts.get(FactName::DeviceManaged), Some(&Value::Boolean(true)));
    assert_eq!(facts.get(FactName::DeviceTags), Some(&Value::set(["gpu-lab"])));
    assert_eq!(facts.get(FactName::UserGroups), Some(&Value::set(["ml"])));
    assert_eq!(facts.get(FactName::PostureStatus), Some(&Value::text("unknown")));
}

#[test]
fn ownership_follows_from_the_record() {
    let owner = Some(Text::new("alice"));
    for (managed, owner, expected) in
        [(true, owner.clone(), "managed"), (true, None, "managed"), (false, owner, "byod"), (false, None, "unknown")]
    {
        let device = DeviceFacts { managed, owner, ..DeviceFacts::named("laptop-17") };
        let mut facts = FactSet::new();
        describe_device(Some(&device), 0, &mut facts);
        assert_eq!(facts.get(FactName::DeviceOwnership), Some(&Value::text(expected)));
    }
}

#[test]
fn a_posture_report_is_known_until_it_expires_and_its_age_afterwards() {
    let device = DeviceFacts {
        posture: Arc::new(Posture {
            status: None,
            score: Some(85),
            passed: Some(TextSet::new(["Firewall"])),
            failed: Some(TextSet::new::<&str>([])),
        }),
        posture_at: Some(400).into(),
        posture_expires_at: Some(1000).into(),
        risk_score: Some(20),
        ..DeviceFacts::named("laptop-17")
    };
    let known = |now| {
        let mut facts = FactSet::new();
        describe_device(Some(&device), now, &mut facts);
        let names = ["posture.age", "posture.score", "posture.passed", "posture.failed", "risk.score"];
        names.map(|name| facts.get(name.parse().unwrap()).cloned())
    };
    let fresh = [
        Some(Value::Integer(599)),
        Some(Value::Integer(85)),
        Some(Value::set(["firewall"])),
        Some(Value::set::<&str>([])),
        Some(Value::Integer(20)),
    ];
    assert_eq!(known(999), fresh);
    assert_eq!(known(1000), [Some(Value::Integer(600)), None, None, None, Some(Value::Integer(20))]);
    assert_eq!(known(300)[0], Some(Value::Integer(0)), "a report from a clock ahead of ours");
}

#[test]
fn a_report_ages_by_the_clock_and_says_when() {
    let device = DeviceFacts {
        posture: Arc::new(Posture { status: Some(Text::new("healthy")), ..Posture::default() }),
        posture_at: Some(0).into(),
        posture_fresh_until: Some(10).into(),
        posture_ageing_until: Some(20).into(),
        posture_expires_at: Some(30).into(),
        ..DeviceFacts::named("laptop-17")
    };
    let steps = [(0, "fresh"), (9, "fresh"), (10, "ageing"), (20, "stale"), (29, "stale"), (30, "unknown")];
    for (now, expected) in steps {
        let mut facts = FactSet::new();
        describe_device(Some(&device), now, &mut facts);
        assert_eq!(facts.get(FactName::PostureFreshness), Some(&Value::text(expected)), "at {now}");
    }
    let changes = [-1, 0, 10, 20, 29, 30].map(|after| device.next_change(after));
    assert_eq!(changes, [Some(10), Some(10), Some(20), Some(30), Some(30), None]);
    assert_eq!(DeviceFacts::named("laptop-18").next_change(0), None, "without a report nothing changes");
    let forever = DeviceFacts { posture: device.posture, ..DeviceFacts::named("laptop-19") };
    let mut facts = FactSet::new();
    describe_device(Some(&forever), i64::MAX, &mut facts);
    assert_eq!(facts.get(FactName::PostureFreshness), Some(&Value::text("fresh")), "what has no times does not age");
}

#[test]
fn a_shared_identity_is_a_fact_and_false_without_a_record() {
    for (device, expected) in [
        (None, false),
        (Some(DeviceFacts::named("laptop-17")), false),
        (Some(DeviceFacts { shared_identity: true, ..DeviceFacts::named("laptop-17") }), true),
    ] {
        let mut facts = FactSet::new();
        describe_device(device.as_ref(), 0, &mut facts);
        assert_eq!(facts.get(FactName::DeviceSharedIdentity), Some(&Value::Boolean(expected)));
    }
}

#[test]
fn access_ends_at_its_moment() {
    for (until, now, expected) in [(None, i64::MAX, false), (Some(100), 99, false), (Some(100), 100, true)] {
        let user =
            UserFacts { name: "bob".into(), groups: TextSet::new::<&str>([]), disabled: false, access_until: until };
        let mut facts = FactSet::new();
        describe_user(Some(&user), now, &mut facts);
        assert_eq!(facts.get(FactName::UserAccessEnded), Some(&Value::Boolean(expected)));
    }
}

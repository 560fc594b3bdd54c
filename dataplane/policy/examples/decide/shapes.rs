//! Policies of different shapes and facts to decide over, the same on every run.

use nac_policy::{
    Condition, Effect, FactName, FactSet, Operand, Operator, PolicySpec, ResourceSpec, RuleSpec, SegmentSpec, Value,
};

/// A way in which policies grow.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    /// A policy of so many rules.
    pub(crate) policy: fn(usize) -> PolicySpec,
    /// Facts for a policy of so many rules, by a seed.
    pub(crate) facts: fn(usize, usize) -> FactSet,
}

/// Every shape.
pub(crate) const SHAPES: [Shape; 6] = [
    Shape { name: "estate", policy: estate, facts: estate_facts },
    Shape { name: "users", policy: users, facts: users_facts },
    Shape { name: "macs", policy: macs, facts: macs_facts },
    Shape { name: "ranges", policy: ranges, facts: ranges_facts },
    Shape { name: "partly", policy: partly, facts: partly_facts },
    Shape { name: "forbids", policy: forbids, facts: forbids_facts },
];

const SITES: usize = 50;
const RESOURCES: usize = 200;

/// A number that looks random.
fn mixed(seed: usize) -> usize {
    let mut mixed = (seed as u64).wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ mixed >> 31) as usize >> 1
}

fn compare(fact: FactName, operator: Operator, operand: Operand) -> Condition {
    Condition::compare(fact, operator, operand).unwrap_or_else(|_| Condition::always())
}

fn text(fact: FactName, operator: Operator, value: &str) -> Condition {
    compare(fact, operator, Operand::Text(value.to_owned()))
}

fn is(fact: FactName, value: &str) -> Condition {
    text(fact, Operator::Equal, value)
}

fn has(fact: FactName, value: &str) -> Condition {
    text(fact, Operator::Has, value)
}

fn integer(fact: FactName, operator: Operator, value: usize) -> Condition {
    compare(fact, operator, Operand::Integer(i64::try_from(value).unwrap_or(i64::MAX)))
}

fn all<const N: usize>(parts: [Condition; N]) -> Condition {
    Condition::all(parts.into()).unwrap_or_else(|_| Condition::always())
}

fn not(part: Condition) -> Condition {
    Condition::negate(part).unwrap_or_else(|_| Condition::always())
}

fn place(number: usize, condition: Condition) -> (Effect, String, Condition) {
    (Effect::Place, format!("segment-{}", number % 20), condition)
}

fn allow(number: usize, condition: Condition) -> (Effect, String, Condition) {
    (Effect::Allow, format!("resource-{}", number % RESOURCES), condition)
}

fn forbid(number: usize, condition: Condition) -> (Effect, String, Condition) {
    (Effect::Forbid, format!("resource-{}", number % RESOURCES), condition)
}

/// `rules` from `rule`, the last one a `place` for everybody with a certificate.
fn policy(rules: usize, rule: impl Fn(usize) -> (Effect, String, Condition)) -> PolicySpec {
    let last = || place(0, is(FactName::Method, "eap-tls"));
    let rules = (0..rules).map(|number| if number + 1 == rules { last() } else { rule(number) });
    let rules = rules.enumerate().map(|(line, (effect, target, condition))| RuleSpec {
        effect,
        targets: if effect == Effect::Reject { Vec::new() } else { vec![target] },
        condition,
        monitor: false,
        label: String::new(),
        location: format!("estate.policy:{line}"),
    });
    let segment = |number| SegmentSpec {
        name: format!("segment-{number}"),
        replies: Vec::new(),
        site_replies: Vec::new(),
        confined_replies: Vec::new(),
        confined_site_replies: Vec::new(),
        session_timeout: None,
        fallback: None,
    };
    let resource =
        |number| ResourceSpec { name: format!("resource-{number}"), access_list: Vec::new(), extents: Vec::new() };
    PolicySpec {
        rules: rules.collect(),
        segments: (0..20).map(segment).collect(),
        resources: (0..RESOURCES).map(resource).collect(),
        dialects: Vec::new(),
        digest: String::new(),
    }
}

/// What every request brings along.
fn common(seed: usize) -> FactSet {
    let mut facts = FactSet::new();
    facts.set_text(FactName::Method, "eap-tls");
    facts.set_text(FactName::UserName, &format!("user-{}@corp.example", mixed(seed) % 100_000));
    facts.set_text(FactName::DeviceName, &format!("laptop-{seed}.corp.example"));
    facts.set_text(FactName::ClientSite, &format!("site-{}", mixed(seed) % SITES));
    facts.set_text(FactName::ClientRegion, "eu");
    facts.set_text(FactName::Connection, "wired");
    facts.set_text(FactName::PostureStatus, if seed.is_multiple_of(10) { "unknown" } else { "healthy" });
    facts.set(FactName::UserKnown, Value::Boolean(true));
    facts.set(FactName::UserDisabled, Value::Boolean(false));
    facts.set(FactName::DeviceKnown, Value::Boolean(true));
    facts.set(FactName::DeviceManaged, Value::Boolean(!seed.is_multiple_of(7)));
    facts.set(FactName::DeviceDisabled, Value::Boolean(false));
    facts.set(FactName::Time, Value::Integer(1_774_742_400));
    facts
}

/// Groups by sites by posture: twenty rules for each group, some sites each.
fn estate(rules: usize) -> PolicySpec {
    let groups = (rules / 20).max(4);
    policy(rules, move |number| {
        let group = has(FactName::UserGroups, &format!("group-{}", mixed(number) % groups));
        let site = |offset: usize| format!("site-{}", (number + offset) % SITES);
        let sites = Operand::Texts((0..5).map(|offset| site(offset * 7)).collect());
        match number % 20 {
            0 => place(number, all([is(FactName::ClientSite, &site(0)), group])),
            1 => forbid(number, all([group, not(is(FactName::PostureStatus, "healthy"))])),
            2 => {
                let tag = format!("quarantine-{number}");
                (
                    Effect::Reject,
                    String::new(),
                    all([has(FactName::DeviceTags, &tag), is(FactName::ClientSite, &site(0))]),
                )
            }
            _ => {
                let managed = compare(FactName::DeviceManaged, Operator::Equal, Operand::Boolean(true));
                let healthy = is(FactName::PostureStatus, "healthy");
                allow(number, all([group, compare(FactName::ClientSite, Operator::In, sites), managed, healthy]))
            }
        }
    })
}

fn estate_facts(rules: usize, seed: usize) -> FactSet {
    let groups = (rules / 20).max(4);
    let mut facts = common(seed);
    let group = |offset| format!("group-{}", mixed(seed * 8 + offset) % groups);
    facts.set(FactName::UserGroups, Value::set((0..8).map(group)));
    facts.set(FactName::DeviceTags, Value::set(["gpu-lab", "berlin"]));
    facts
}

/// Every rule its own user.
fn users(rules: usize) -> PolicySpec {
    policy(rules, |number| {
        let user = is(FactName::UserName, &format!("user-{number}@corp.example"));
        if number.is_multiple_of(2) { place(number, user) } else { allow(number, user) }
    })
}

fn users_facts(rules: usize, seed: usize) -> FactSet {
    let mut facts = common(seed);
    facts.set_text(FactName::UserName, &format!("user-{}@corp.example", mixed(seed) % rules));
    facts
}

fn mac(number: usize) -> String {
    let octet = |shift: usize| number >> shift & 0xff;
    format!("{:02x}-{:02x}-{:02x}-{:02x}-{:02x}-{:02x}", octet(40), octet(32), octet(24), octet(16), octet(8), octet(0))
}

/// Every rule its own pattern: prefixes of different length, suffixes, and runs within.
fn macs(rules: usize) -> PolicySpec {
    policy(rules, |number| {
        let address = mac(mixed(number));
        let pattern = match number % 8 {
            0..3 => format!("{}*", address.get(..11).unwrap_or_default()),
            3..5 => format!("{}*", address.get(..14).unwrap_or_default()),
            5 => format!("*{}", address.get(6..).unwrap_or_default()),
            6 => format!("*{}*", address.get(3..14).unwrap_or_default()),
            _ => address,
        };
        let fits = text(FactName::Mac, Operator::Matches, &pattern);
        if number.is_multiple_of(2) { place(number, fits) } else { allow(number, fits) }
    })
}

fn macs_facts(rules: usize, seed: usize) -> FactSet {
    let mut facts = common(seed);
    facts.set_text(FactName::Mac, &mac(mixed(mixed(seed) % rules)));
    facts
}

/// Every rule its own bounds. The `place`s are open, so that many match; the `allow`s are narrow.
fn ranges(rules: usize) -> PolicySpec {
    policy(rules, move |number| {
        let at = mixed(number) % 100_000;
        let within = |width: usize| {
            let from = integer(FactName::CertificateDaysLeft, Operator::GreaterOrEqual, at);
            all([from, integer(FactName::CertificateDaysLeft, Operator::Less, at + width)])
        };
        match number % 2 {
            0 => {
                let days = integer(FactName::CertificateDaysLeft, Operator::Less, at);
                place(number, all([days, integer(FactName::RiskScore, Operator::Greater, 99 - number % 20)]))
            }
            _ => allow(number, within(100_000 * 10 / rules)),
        }
    })
}

fn ranges_facts(_: usize, seed: usize) -> FactSet {
    let mut facts = common(seed);
    facts.set(FactName::CertificateDaysLeft, Value::Integer((mixed(seed) % 100_000).cast_signed() as i64));
    facts.set(FactName::RiskScore, Value::Integer((mixed(seed + 1) % 100).cast_signed() as i64));
    facts
}

const PARTS: [FactName; 6] = [
    FactName::ClientSite,
    FactName::ClientRegion,
    FactName::Connection,
    FactName::PostureStatus,
    FactName::DeviceKind,
    FactName::Ssid,
];

/// Every rule matches in all parts but one, now in this, now in that: nothing tells them apart soon.
fn partly(rules: usize) -> PolicySpec {
    policy(rules, |number| {
        let wrong = if number.is_multiple_of(2_000) { PARTS.len() } else { mixed(number) % PARTS.len() };
        let part = |(position, fact): (usize, &FactName)| {
            let value = if position == wrong { "other" } else { "usual" };
            if number.is_multiple_of(3) {
                not(is(*fact, if position == wrong { "usual" } else { "other" }))
            } else {
                is(*fact, value)
            }
        };
        let condition = Condition::all(PARTS.iter().enumerate().map(part).collect());
        allow(number, condition.unwrap_or_else(|_| Condition::always()))
    })
}

fn partly_facts(_: usize, seed: usize) -> FactSet {
    let mut facts = common(seed);
    PARTS.iter().for_each(|fact| facts.set_text(*fact, "usual"));
    facts
}

/// Every `forbid` names a user, and nothing is known about the user: each of them is held against what was allowed.
fn forbids(rules: usize) -> PolicySpec {
    policy(rules, |number| match number % 10 {
        0 => allow(1, is(FactName::Method, "eap-tls")),
        _ => forbid(0, is(FactName::UserName, &format!("user-{number}@corp.example"))),
    })
}

fn forbids_facts(_: usize, _: usize) -> FactSet {
    let mut facts = FactSet::new();
    facts.set_text(FactName::Method, "eap-tls");
    facts
}

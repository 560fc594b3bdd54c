#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail loudly"
)]

use super::*;
use crate::condition::{Operand, Operator};
use crate::fact::{FactName, Value};

fn is(fact: FactName, text: &str) -> Condition {
    Condition::compare(fact, Operator::Equal, Operand::Text(text.to_owned())).unwrap()
}

fn rule(effect: Effect, targets: &[&str], condition: Condition) -> RuleSpec {
    RuleSpec {
        effect,
        targets: targets.iter().map(|name| (*name).to_owned()).collect(),
        condition,
        label: format!("{effect:?} {}", targets.join(", ")),
        location: "test.policy:1".to_owned(),
    }
}

fn spec(rules: Vec<RuleSpec>) -> PolicySpec {
    let segment = |name: &str, reply: u8| SegmentSpec {
        name: name.to_owned(),
        replies: vec![("plain".to_owned(), vec![reply])],
        session_timeout: Some(u32::from(reply)),
    };
    let resource = |name: &str, line: u8| ResourceSpec {
        name: name.to_owned(),
        access_list: vec![("plain".to_owned(), vec![line])],
    };
    PolicySpec {
        rules,
        segments: vec![segment("corp", 10), segment("guest", 20)],
        resources: vec![resource("gpu", 1), resource("registry", 2), resource("internet", 3)],
        dialects: vec![DialectSpec { name: "plain".to_owned(), before: vec![100], after: vec![200] }],
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
    assert_eq!(policy.reply(&decision, "plain", &mut out), Err(ReplyError::Rejected));
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
    policy.reply(&decision, "plain", &mut out).unwrap();
    assert_eq!(out, [20, 100, 1, 3, 200]);
    assert_eq!(policy.session_timeout(&decision), Some(20));
    assert_eq!(policy.reply(&decision, "other", &mut out), Err(ReplyError::UnknownDialect));
    assert_eq!(out.len(), 5);
}

#[test]
fn what_does_not_compile() {
    let missing = |mut spec: PolicySpec| {
        spec.resources[1].access_list.clear();
        spec
    };
    let twice = |mut spec: PolicySpec| {
        spec.segments[1].name = "corp".to_owned();
        spec
    };
    let location = || "test.policy:1".to_owned();
    let always = Condition::always;
    let table = [
        (
            missing(spec(vec![])),
            CompileError::MissingDialect { what: "resource", name: "registry".into(), dialect: "plain".into() },
        ),
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

//! The matcher against the obvious way: rule by rule, each condition walked. Random policies over few values, so that they
//! overlap, and random facts, also absent ones; the same on every run.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "tests fail loudly"
)]

use std::collections::HashMap;

use super::*;
use crate::condition::{Operand, Operator, Truth};
use crate::decision::{Outcome, Reason, Verdict};
use crate::fact::{FactKind, FactName, Value};

/// Policies, and fact sets that each decides over.
const POLICIES: u64 = 2_500;
const FACT_SETS: usize = 10;
/// Rules of a small policy; of a large one, which has bit vectors of several blocks and changes to replay.
const SMALL: usize = 30;
const LARGE: usize = 3_000;

const TEXTS: [&str; 10] = ["", "a", "ab", "abc", "abcd", "abcde", "b", "bc", "Zürich", "xabcx"];
const PATTERNS: [&str; 14] =
    ["*", "", "abc", "a*", "abc*", "*c", "*bcd", "a*c", "*b*", "*bcd*", "**", "z*h", "*ü*", "a*b*c*"];
const FACTS: [FactName; 9] = [
    FactName::Method,
    FactName::UserName,
    FactName::Mac,
    FactName::UserGroups,
    FactName::DeviceTags,
    FactName::DeviceManaged,
    FactName::RiskScore,
    FactName::Time,
    FactName::PostureAge,
];

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    fn texts(&mut self, most: usize) -> Vec<String> {
        (0..self.below(most + 1)).map(|_| self.pick(&TEXTS).to_owned()).collect()
    }

    fn integer(&mut self) -> i64 {
        match self.below(20) {
            0 => i64::MIN,
            1 => i64::MAX,
            _ => self.below(12) as i64 - 2,
        }
    }

    fn comparison(&mut self) -> Condition {
        let fact = self.pick(&FACTS);
        if fact == FactName::Time && self.one_in(2) {
            let start = self.below(5) as i64;
            let known = (start - 1, start + 8);
            return Condition::during(vec![(start, start + 2), (start + 3, start + 4)], known).unwrap();
        }
        let (operator, operand) = match (fact.kind(), self.below(4)) {
            (FactKind::Text, 0) => (Operator::In, Operand::Texts(self.texts(4))),
            (FactKind::Text, 1 | 2) => (Operator::Matches, Operand::Text(self.pick(&PATTERNS).into())),
            (FactKind::Text, _) => (Operator::Equal, Operand::Text(self.pick(&TEXTS).into())),
            (FactKind::Boolean, _) => (Operator::Equal, Operand::Boolean(self.one_in(2))),
            (FactKind::Set, 0) => (Operator::Equal, Operand::Texts(self.texts(2))),
            (FactKind::Set, 1) => (Operator::HasAny, Operand::Texts(self.texts(4))),
            (FactKind::Set, _) => (Operator::Has, Operand::Text(self.pick(&TEXTS).into())),
            (FactKind::Integer, _) => {
                use Operator::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual};
                let operator = self.pick(&[Equal, Greater, GreaterOrEqual, Less, LessOrEqual]);
                (operator, Operand::Integer(self.integer()))
            }
        };
        Condition::compare(fact, operator, operand).unwrap()
    }

    fn condition(&mut self, depth: usize) -> Condition {
        match self.below(if depth == 0 { 6 } else { 12 }) {
            0..5 => self.comparison(),
            5 if self.one_in(3) => Condition::always(),
            5 => self.comparison(),
            6 | 7 => Condition::negate(self.condition(depth - 1)).unwrap(),
            8 | 9 => Condition::any(self.conditions(depth - 1)).unwrap(),
            _ => Condition::all(self.conditions(depth - 1)).unwrap(),
        }
    }

    fn conditions(&mut self, depth: usize) -> Vec<Condition> {
        (0..self.below(6)).map(|_| self.condition(depth)).collect()
    }

    fn policy(&mut self, most: usize) -> PolicySpec {
        let shared: Vec<Condition> = (0..3).map(|_| self.condition(3)).collect();
        let named = |kind: &str, count: usize| (0..count).map(|index| format!("{kind}{index}")).collect::<Vec<_>>();
        let (segments, resources) = (named("segment", 3), named("resource", 70));
        let rules = (0..self.below(most)).map(|line| {
            let effect = self.pick(&[Effect::Place, Effect::Place, Effect::Reject, Effect::Allow, Effect::Forbid]);
            let targets = match effect {
                Effect::Place => vec![segments[self.below(3)].clone()],
                Effect::Reject => vec![],
                Effect::Allow | Effect::Forbid => {
                    (0..=self.below(3)).map(|_| resources[self.below(8) * 9].clone()).collect()
                }
            };
            let own = self.condition(3);
            let condition = match self.below(3) {
                0 => Condition::all(vec![shared[self.below(3)].clone(), own]).unwrap(),
                1 => Condition::all(vec![own, self.comparison(), self.comparison()]).unwrap(),
                _ => own,
            };
            let monitor = self.one_in(5);
            RuleSpec { effect, targets, condition, monitor, label: String::new(), location: format!("random:{line}") }
        });
        let rules = rules.collect();
        let segments = segments.into_iter().map(|name| SegmentSpec {
            name,
            replies: vec![],
            site_replies: vec![],
            confined_replies: Vec::new(),
            confined_site_replies: Vec::new(),
            session_timeout: None,
            fallback: None,
        });
        let resources = resources.into_iter().map(|name| ResourceSpec { name, access_list: vec![], extents: vec![] });
        PolicySpec {
            rules,
            segments: segments.collect(),
            resources: resources.collect(),
            dialects: vec![],
            digest: String::new(),
        }
    }

    fn facts(&mut self) -> FactSet {
        let mut facts = FactSet::new();
        for fact in FACTS {
            if self.one_in(4) {
                continue;
            }
            let value = match fact.kind() {
                FactKind::Text => Value::text(self.pick(&TEXTS)),
                FactKind::Boolean => Value::Boolean(self.one_in(2)),
                FactKind::Set => Value::set(self.texts(3)),
                FactKind::Integer => Value::Integer(self.integer()),
            };
            facts.set(fact, value);
        }
        facts
    }
}

/// Rule by rule, as `docs/policy.md` says it.
fn walk(policy: &Policy, facts: &FactSet) -> Decision {
    let mut others = Vec::new();
    let mut deciding = None;
    let truth = |rule: RuleIndex| policy.conditions[rule.0 as usize].evaluate(facts);
    for placement in &policy.placements {
        let outcome = match (placement.segment, truth(placement.rule)) {
            (_, Truth::False) | (Some(_), Truth::Unknown) => continue,
            (Some(_), Truth::True) => Outcome::Placed,
            (None, Truth::True) => Outcome::Rejected,
            (None, Truth::Unknown) => Outcome::RejectedByUnknown,
        };
        let rule = placement.rule;
        if placement.monitor {
            others.push(Reason { rule, outcome: outcome.monitored() });
            continue;
        }
        deciding = Some((Reason { rule, outcome }, placement.segment));
        break;
    }
    let segment = deciding.and_then(|(_, segment)| segment);
    let (mut allowed, mut removed) = (vec![false; policy.resources.len()], vec![false; policy.resources.len()]);
    for allow in policy.allows.iter().filter(|_| segment.is_some()) {
        if truth(allow.rule) == Truth::True {
            let outcome = if allow.monitor { Outcome::WouldGrant } else { Outcome::Granted };
            others.push(Reason { rule: allow.rule, outcome });
            for resource in allow.resources.iter().filter(|_| !allow.monitor) {
                allowed[resource.0 as usize] = true;
            }
        }
    }
    for forbid in &policy.forbids {
        let hit: Vec<_> = forbid.resources.iter().filter(|resource| allowed[resource.0 as usize]).collect();
        let outcome = match truth(forbid.rule) {
            _ if hit.is_empty() => continue,
            Truth::False => continue,
            Truth::True => Outcome::Forbidden,
            Truth::Unknown => Outcome::ForbiddenByUnknown,
        };
        let outcome = if forbid.monitor { outcome.monitored() } else { outcome };
        others.push(Reason { rule: forbid.rule, outcome });
        for resource in hit.into_iter().filter(|_| !forbid.monitor) {
            removed[resource.0 as usize] = true;
        }
    }
    others.sort_by_key(|reason| reason.rule);
    let granted = (0..policy.resources.len()).filter(|index| allowed[*index] && !removed[*index]);
    Decision {
        verdict: if segment.is_some() { Verdict::Accept } else { Verdict::Reject },
        segment,
        rule: deciding.map(|(reason, _)| reason.rule),
        confined: false,
        grants: granted.map(|index| ResourceIndex(index as u32)).collect(),
        reasons: deciding.map(|(reason, _)| reason).into_iter().chain(others).collect(),
    }
}

/// Compares so many decisions of a policy; counts the outcomes seen.
fn compare(seed: u64, rules: usize, seen: &mut HashMap<&'static str, usize>) {
    let mut random = Random(seed);
    let policy = Policy::compile(random.policy(rules)).unwrap();
    for _ in 0..FACT_SETS {
        let facts = random.facts();
        let expected = walk(&policy, &facts);
        assert_eq!(policy.decide(&facts), expected, "seed {seed}, {rules} rules: {facts:?}");
        expected.reasons.iter().for_each(|reason| *seen.entry(reason.outcome.words()).or_default() += 1);
    }
}

#[test]
fn the_matcher_decides_as_walking_the_rules_does() {
    let mut seen = HashMap::new();
    (0..POLICIES).for_each(|seed| compare(seed, SMALL, &mut seen));
    (0..4).for_each(|seed| compare(seed, LARGE, &mut seen));
    assert_eq!(seen.len(), 12, "every outcome of a decision comes up: {seen:?}");
    assert!(seen.values().all(|times| *times >= 200), "and not by chance: {seen:?}");
}

/// One key for each rule, in facts of every kind: what stands together by key, and bounds that lie close.
#[test]
fn rules_with_keys_of_their_own_are_found() {
    let compare = |fact, operator, operand| Condition::compare(fact, operator, operand).unwrap();
    let rules = (0..6_000_i64).map(|number| {
        let text = Operand::Text(format!("key-{number}"));
        let condition = match number % 5 {
            0 => compare(FactName::UserName, Operator::Equal, text),
            1 => compare(FactName::UserGroups, Operator::Has, text),
            2 => compare(FactName::Mac, Operator::Matches, Operand::Text(format!("*y-{number}*"))),
            3 => compare(FactName::RiskScore, Operator::Equal, Operand::Integer(number)),
            _ => Condition::all(vec![
                compare(FactName::PostureAge, Operator::GreaterOrEqual, Operand::Integer(number)),
                compare(FactName::PostureAge, Operator::Less, Operand::Integer(number + 3)),
            ])
            .unwrap(),
        };
        let (effect, targets) = match number % 3 {
            0 => (Effect::Place, vec!["segment".to_owned()]),
            1 => (Effect::Allow, vec!["resource".to_owned()]),
            _ => (Effect::Forbid, vec!["resource".to_owned()]),
        };
        let location = format!("keys:{number}");
        RuleSpec { effect, targets, condition, monitor: number % 7 == 0, label: String::new(), location }
    });
    let segment = SegmentSpec {
        name: "segment".to_owned(),
        replies: vec![],
        site_replies: vec![],
        confined_replies: Vec::new(),
        confined_site_replies: Vec::new(),
        session_timeout: None,
        fallback: None,
    };
    let resource = ResourceSpec { name: "resource".to_owned(), access_list: vec![], extents: vec![] };
    let policy = Policy::compile(PolicySpec {
        rules: rules.collect(),
        segments: vec![segment],
        resources: vec![resource],
        dialects: vec![],
        digest: String::new(),
    })
    .unwrap();
    for number in 0..400_i64 {
        let number = number * 15;
        let key = |offset: i64| format!("KEY-{}", number + offset);
        let mut facts = FactSet::new();
        facts.set_text(FactName::UserName, &key(0));
        facts.set(FactName::UserGroups, Value::set([key(1), key(6), key(11)]));
        facts.set_text(FactName::Mac, &key(2));
        facts.set(FactName::RiskScore, Value::Integer(number + 3));
        facts.set(FactName::PostureAge, Value::Integer(number + 5));
        assert_eq!(policy.decide(&facts), walk(&policy, &facts), "{facts:?}");
    }
}

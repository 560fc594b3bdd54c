//! What time alone can change: the moments and ages that conditions compare with, worked out when a policy is compiled.

use std::collections::{BTreeSet, HashSet};
use std::ptr;

use crate::condition::{Condition, Node, Test};
use crate::fact::FactName;

/// Values at which a comparison may turn when the fact grows to them.
#[derive(Debug, Default)]
pub(super) struct Moments {
    /// Of the fact `time`: Unix seconds.
    times: Box<[i64]>,
    /// Of `posture.age`: seconds.
    ages: Box<[i64]>,
    /// Of `certificate.days_left`.
    days: Box<[i64]>,
}

#[derive(Default)]
struct Collector {
    times: BTreeSet<i64>,
    ages: BTreeSet<i64>,
    days: BTreeSet<i64>,
    /// What several rules have in common is walked once.
    seen: HashSet<*const Node>,
}

impl Moments {
    /// Of all conditions of a policy.
    pub(super) fn of(conditions: &[Condition]) -> Self {
        let mut collector = Collector::default();
        conditions.iter().for_each(|condition| collector.walk(condition));
        let sorted = |values: BTreeSet<i64>| values.into_iter().collect();
        Self { times: sorted(collector.times), ages: sorted(collector.ages), days: sorted(collector.days) }
    }

    pub(super) fn next_time(&self, after: i64) -> Option<i64> {
        above(&self.times, after)
    }

    pub(super) fn next_age(&self, after: i64) -> Option<i64> {
        above(&self.ages, after)
    }

    pub(super) fn next_days_left(&self, before: i64) -> Option<i64> {
        let up_to = self.days.partition_point(|days| *days <= before);
        self.days.get(up_to.checked_sub(1)?)?.checked_sub(1)
    }
}

fn above(sorted: &[i64], value: i64) -> Option<i64> {
    sorted.get(sorted.partition_point(|known| *known <= value)).copied()
}

impl Collector {
    fn walk(&mut self, condition: &Condition) {
        let node = condition.node();
        if !self.seen.insert(ptr::from_ref(node)) {
            return;
        }
        match node {
            Node::Always => {}
            Node::All(parts) | Node::Any(parts) => parts.iter().for_each(|part| self.walk(part)),
            Node::Not(part) => self.walk(part),
            Node::Compare(_, Test::During(intervals)) => self.times.extend(intervals.edges()),
            Node::Compare(fact, Test::Integer(_, value)) => {
                let values = match fact {
                    FactName::Time => &mut self.times,
                    FactName::PostureAge => &mut self.ages,
                    FactName::CertificateDaysLeft => &mut self.days,
                    _ => return,
                };
                values.extend([*value, value.saturating_add(1)]);
            }
            Node::Compare(..) => {}
        }
    }
}

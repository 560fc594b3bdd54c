//! From the rules that match to the decision.

use std::cell::RefCell;

use super::{Placement, Policy};
use crate::condition::Truth;
use crate::decision::{Decision, Outcome, Reason, ResourceIndex, RuleIndex, Verdict};
use crate::fact::FactSet;
use crate::matcher::{self, Certainty, Section, ones};

thread_local! {
    /// Each thread's own.
    pub(super) static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// What one decision works in; kept for the next, so that nothing is allocated.
#[derive(Default)]
pub(super) struct Scratch {
    matching: matcher::Scratch,
    /// Every reason but that of the placement that decides.
    others: Vec<Reason>,
    /// Positions of `allow`s.
    matched: Ordered,
    allowed: Resources,
    removed: Resources,
}

/// A set of resources, a bit for each.
#[derive(Default)]
struct Resources(Vec<u64>);

impl Resources {
    fn reset(&mut self, resources: usize) {
        self.0.clear();
        self.0.resize(resources.div_ceil(64), 0);
    }

    fn add(&mut self, resource: ResourceIndex) {
        if let Some(word) = self.0.get_mut(resource.0 as usize / 64) {
            *word |= 1 << (resource.0 % 64);
        }
    }

    fn contains(&self, resource: ResourceIndex) -> bool {
        self.0.get(resource.0 as usize / 64).is_some_and(|word| word >> (resource.0 % 64) & 1 == 1)
    }

    fn iter(&self) -> impl Iterator<Item = ResourceIndex> {
        (0..).zip(&self.0).flat_map(|(position, word)| in_word(position, *word))
    }

    /// Those that are not in `other`, in order.
    fn without(&self, other: &Self) -> Vec<ResourceIndex> {
        let words = || self.0.iter().zip(&other.0).map(|(word, other)| word & !other);
        let mut left = Vec::with_capacity(words().map(|word| word.count_ones() as usize).sum());
        (0..).zip(words()).for_each(|(position, word)| left.extend(in_word(position, word)));
        left
    }
}

/// Numbers that come in any order and again, and leave in order and once: a bit for each, and one for each word of them.
#[derive(Default)]
struct Ordered {
    words: Vec<u64>,
    occupied: Vec<u64>,
}

impl Ordered {
    /// Makes room for numbers below `limit`.
    fn reset(&mut self, limit: usize) {
        self.words.resize(limit.div_ceil(64), 0);
        self.occupied.resize(limit.div_ceil(64 * 64), 0);
    }

    fn insert(&mut self, number: u32) {
        let (word, summary) = (number / 64, number / (64 * 64));
        if let (Some(bits), Some(occupied)) =
            (self.words.get_mut(word as usize), self.occupied.get_mut(summary as usize))
        {
            *bits |= 1 << (number % 64);
            *occupied |= 1 << (word % 64);
        }
    }

    /// Calls with each number, and forgets it.
    fn drain(&mut self, mut each: impl FnMut(u32)) {
        for (first, occupied) in (0..).step_by(64).zip(&mut self.occupied) {
            for word in ones(std::mem::take(occupied)) {
                let bits = self.words.get_mut(first as usize + word as usize).map(std::mem::take);
                ones(bits.unwrap_or_default()).for_each(|bit| each((first + word) * 64 + bit));
            }
        }
    }
}

fn in_word(position: u32, word: u64) -> impl Iterator<Item = ResourceIndex> {
    ones(word).map(move |bit| ResourceIndex(position * 64 + bit))
}

impl Policy {
    pub(super) fn decide_in(&self, facts: &FactSet, scratch: &mut Scratch) -> Decision {
        scratch.others.clear();
        self.matcher.run(facts, &mut scratch.matching);
        let deciding = self.place(facts, scratch);
        let segment = deciding.and_then(|(placement, _)| placement.segment);
        let mut grants = Vec::new();
        if segment.is_some() {
            self.allow(facts, scratch);
            self.forbid(facts, scratch);
            grants = scratch.allowed.without(&scratch.removed);
        }
        if !scratch.others.is_sorted_by_key(|reason| reason.rule) {
            // Stable, because this joins what is in order already: placements, `allow`s, `forbid`s.
            scratch.others.sort_by_key(|reason| reason.rule);
        }
        scratch.others.dedup();
        let mut reasons = Vec::with_capacity(scratch.others.len() + usize::from(deciding.is_some()));
        reasons.extend(deciding.map(|(placement, outcome)| Reason { rule: placement.rule, outcome }));
        reasons.extend_from_slice(&scratch.others);
        Decision {
            verdict: if segment.is_some() { Verdict::Accept } else { Verdict::Reject },
            segment,
            rule: deciding.map(|(placement, _)| placement.rule),
            confined: false,
            grants,
            reasons,
        }
    }

    /// The first `place` or `reject` that matches; of the monitored ones only those above it took part.
    fn place(&self, facts: &FactSet, scratch: &mut Scratch) -> Option<(&Placement, Outcome)> {
        let Scratch { matching, others, .. } = scratch;
        let mut deciding: Option<(&Placement, Outcome)> = None;
        for section in [Section::Place, Section::PlaceByKey] {
            for owner in self.matcher.owners(section, facts, matching) {
                let Some(placement) = self.placements.get(owner as usize) else { continue };
                if placement.monitor {
                    others.push(Reason { rule: placement.rule, outcome: Outcome::WouldPlace });
                } else if deciding.is_none_or(|(first, _)| placement.rule < first.rule) {
                    deciding = Some((placement, Outcome::Placed));
                }
                if section == Section::Place && deciding.is_some() {
                    break;
                }
            }
        }
        for found in self.matcher.found(Section::Reject, facts, matching) {
            let Some(reject) = self.placements.get(found.owner as usize) else { continue };
            if deciding.is_some_and(|(first, _)| first.rule < reject.rule) {
                break;
            }
            let certain = self.is_true(found.certainty, reject.rule, facts);
            let outcome = if certain { Outcome::Rejected } else { Outcome::RejectedByUnknown };
            if reject.monitor {
                others.push(Reason { rule: reject.rule, outcome: outcome.monitored() });
            } else {
                deciding = Some((reject, outcome));
                break;
            }
        }
        if let Some((first, _)) = deciding {
            others.retain(|reason| reason.rule < first.rule);
        }
        deciding
    }

    fn allow(&self, facts: &FactSet, scratch: &mut Scratch) {
        let Scratch { matching, others, matched, allowed, .. } = scratch;
        matched.reset(self.allows.len());
        allowed.reset(self.resources.len());
        self.matcher.owners(Section::Allow, facts, matching).for_each(|owner| matched.insert(owner));
        matched.drain(|position| {
            let Some(allow) = self.allows.get(position as usize) else { return };
            let outcome = if allow.monitor {
                Outcome::WouldGrant
            } else {
                allow.resources.iter().for_each(|resource| allowed.add(*resource));
                Outcome::Granted
            };
            others.push(Reason { rule: allow.rule, outcome });
        });
    }

    /// Every `forbid` is held against what was allowed, so that its place in the file does not matter.
    fn forbid(&self, facts: &FactSet, scratch: &mut Scratch) {
        let Scratch { matching, others, allowed, removed, .. } = scratch;
        removed.reset(self.resources.len());
        self.matcher.keep_forbids(allowed.iter(), matching);
        for found in self.matcher.found(Section::Forbid, facts, matching) {
            let Some(forbid) = self.forbids.get(found.owner as usize) else { continue };
            let mut hit = forbid.resources.iter().filter(|resource| allowed.contains(**resource)).peekable();
            if hit.peek().is_none() {
                continue;
            }
            let outcome = if self.is_true(found.certainty, forbid.rule, facts) {
                Outcome::Forbidden
            } else {
                Outcome::ForbiddenByUnknown
            };
            if forbid.monitor {
                others.push(Reason { rule: forbid.rule, outcome: outcome.monitored() });
            } else {
                hit.for_each(|resource| removed.add(*resource));
                others.push(Reason { rule: forbid.rule, outcome });
            }
        }
    }

    /// Whether the condition of a rule that matches is true, and not unknown.
    fn is_true(&self, certainty: Certainty, rule: RuleIndex, facts: &FactSet) -> bool {
        match certainty {
            Certainty::True => true,
            Certainty::Unknown => false,
            Certainty::Unclear => {
                let condition = self.conditions.get(rule.0 as usize);
                condition.is_some_and(|condition| condition.evaluate(facts) == Truth::True)
            }
        }
    }
}

//! All that the clauses say about one fact.

use super::bits::{self, Bits, Block};
use super::keyed::{Entry, Keyed};
use super::lookup::Lookup;
use super::normal::{Literal, Predicate};
use super::ranges::{Range, Ranges};
use super::{Scratch, Strictness};
use crate::fact::{FactName, FactSet, Value};

/// Literals of one fact in one clause that are looked up. A clause with more of them holds the rest until it would match.
pub(super) const RANKS: usize = 4;

/// The literals of one fact, collected while clauses are numbered.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// Predicates of the policy, by their number within this fact.
    pub(super) predicates: Vec<u32>,
    pub(super) ranks: [Vec<Entry>; RANKS],
    pub(super) ranges: Vec<(u32, Range)>,
    /// Clauses that name the fact at all.
    pub(super) clauses: Vec<u32>,
}

impl Draft {
    /// Adds a literal; `numbers` gives predicates of the policy their number within their fact.
    pub(super) fn push(&mut self, rank: usize, clause: u32, literal: Literal, numbers: &mut [Option<u32>]) {
        let (Some(entries), Some(slot)) = (self.ranks.get_mut(rank), numbers.get_mut(literal.predicate as usize))
        else {
            return;
        };
        let number = *slot.get_or_insert_with(|| {
            self.predicates.push(literal.predicate);
            u32::try_from(self.predicates.len() - 1).unwrap_or(u32::MAX)
        });
        entries.push((clause, number, literal.negated));
    }
}

/// The literals of one fact.
#[derive(Debug)]
pub(super) struct Column {
    fact: FactName,
    lookup: Lookup,
    ranks: Box<[Keyed]>,
    ranges: Option<Ranges>,
    /// Clauses that hold, as far as this fact is concerned, while it is unknown.
    unknown: Bits,
    /// Blocks of `unknown` with a bit.
    occupied: Box<[u32]>,
    unselective: u64,
}

impl Column {
    pub(super) fn new(
        fact: FactName,
        draft: &Draft,
        predicates: &[Predicate],
        strictness: Strictness,
        valid: &[Block],
        clauses: usize,
    ) -> Self {
        let predicates_here = || draft.predicates.iter().filter_map(|number| predicates.get(*number as usize));
        let lookup = Lookup::new(predicates_here());
        let entries = draft.ranks.iter().filter(|entries| !entries.is_empty());
        let ranks: Box<[Keyed]> =
            entries.map(|entries| Keyed::new(valid, clauses, draft.predicates.len(), entries)).collect();
        let mut unknown: Bits = valid.into();
        let strict = draft.clauses.iter().filter(|clause| !strictness.is_lenient(**clause));
        strict.for_each(|clause| bits::clear(&mut unknown, *clause));
        let ranges = (!draft.ranges.is_empty()).then(|| Ranges::new(valid, &draft.ranges));
        let occupied = bits::occupied(&unknown);
        let values: Vec<u32> = predicates_here().map(Predicate::values).collect();
        let by_rank = ranks.iter().map(|rank| rank.selectivity(&values));
        let by_rank = by_rank.map(|(always, switched)| always + switched / lookup.values().max(1));
        // A range holds for half of the integers, as far as anybody knows.
        let by_range = ranges.as_ref().map(|ranges| u64::from(ranges.unselective()) + draft.ranges.len() as u64 / 2);
        let unselective = by_rank.chain(by_range).min().unwrap_or(u64::MAX);
        Self { fact, lookup, ranks, ranges, unknown, occupied, unselective }
    }

    /// The fact.
    pub(super) fn fact(&self) -> FactName {
        self.fact
    }

    /// How many clauses a value leaves, about: columns that leave few come first.
    pub(super) fn unselective(&self) -> u64 {
        self.unselective
    }

    /// Begins a decision: what holds as far as this fact is concerned is alive, and only blocks with any of it are active.
    pub(super) fn begin(&self, facts: &FactSet, strictness: Strictness, scratch: &mut Scratch) {
        let Scratch { alive, active, known, doubtful, .. } = scratch;
        let Some(value) = facts.get(self.fact) else {
            active.clear();
            active.extend_from_slice(&self.occupied);
            bits::combine(alive, &self.unknown, active, |alive, holds| *alive = holds);
            return;
        };
        let Some((first, ranks)) = self.ranks.split_first() else {
            bits::all_active(&self.unknown, active);
            if let (Some(ranges), Value::Integer(value)) = (&self.ranges, value) {
                ranges.write(*value, active, alive);
            }
            return;
        };
        self.lookup.read(value, known);
        *doubtful |= !known.unknown.is_empty();
        first.begin(known, active);
        first.write(known, strictness, active, alive);
        bits::drop_empty(alive, active);
        self.narrow_by(value, ranks, strictness, scratch);
    }

    /// Leaves alive what holds as far as this fact is concerned.
    pub(super) fn narrow(&self, facts: &FactSet, strictness: Strictness, scratch: &mut Scratch) {
        let Scratch { alive, active, known, doubtful, .. } = scratch;
        let Some(value) = facts.get(self.fact) else {
            bits::narrow(alive, &self.unknown, active);
            return;
        };
        if !self.ranks.is_empty() {
            self.lookup.read(value, known);
            *doubtful |= !known.unknown.is_empty();
        }
        self.narrow_by(value, &self.ranks, strictness, scratch);
    }

    /// By `ranks`, for which the value was looked up, and by ranges.
    fn narrow_by(&self, value: &Value, ranks: &[Keyed], strictness: Strictness, scratch: &mut Scratch) {
        let Scratch { alive, mask, active, known, .. } = scratch;
        for rank in ranks {
            rank.write(known, strictness, active, mask);
            bits::narrow(alive, mask, active);
        }
        if let (Some(ranges), Value::Integer(value)) = (&self.ranges, value) {
            ranges.write(*value, active, mask);
            bits::narrow(alive, mask, active);
        }
    }
}

//! All that the clauses say about one fact.

use super::bits::{self, Bits, Block};
use super::keyed::{Entry, Keyed};
use super::lookup::Lookup;
use super::normal::{Literal, Predicate};
use super::ranges::{Range, Ranges};
use super::{Scratch, Strictness, bit};
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
    /// A bit for each block of `unknown` with a bit.
    occupied: Box<[u64]>,
    unselective: u64,
}

impl Column {
    pub(super) fn new(
        fact: FactName,
        draft: &Draft,
        predicates_of_policy: &[Predicate],
        strictness: Strictness,
        valid: &[Block],
    ) -> Self {
        let mut uses = vec![0; draft.predicates.len()];
        for (_, predicate, _) in draft.ranks.iter().flatten() {
            uses.get_mut(*predicate as usize).into_iter().for_each(|uses| *uses += 1);
        }
        let predicates = draft.predicates.iter().zip(uses);
        let predicates: Vec<(&Predicate, u32)> =
            predicates.filter_map(|(number, uses)| Some((predicates_of_policy.get(*number as usize)?, uses))).collect();
        let (lookup, unions) = Lookup::new(&predicates, size_of_val(valid));
        let drafted = || draft.ranks.iter().filter(|entries| !entries.is_empty());
        let ranks: Box<[Keyed]> =
            drafted().map(|entries| Keyed::new(valid, predicates.len(), &unions, entries)).collect();
        let mut unknown: Bits = valid.into();
        let strict = draft.clauses.iter().filter(|clause| !strictness.is_lenient(**clause));
        strict.for_each(|clause| bits::clear(&mut unknown, *clause));
        let ranges = (!draft.ranges.is_empty()).then(|| Ranges::new(valid, &draft.ranges));
        let by_rank = ranks.iter().zip(drafted()).map(|(rank, entries)| {
            let on = entries.iter().filter(|(_, _, negated)| !negated);
            let values = on.filter_map(|(_, predicate, _)| predicates.get(*predicate as usize));
            let switched: u64 = values.map(|(predicate, _)| u64::from(predicate.values())).sum();
            u64::from(rank.unselective()) + switched / lookup.values().max(1)
        });
        // A range holds for half of the integers, as far as anybody knows.
        let by_range = ranges.as_ref().map(|ranges| u64::from(ranges.unselective()) + draft.ranges.len() as u64 / 2);
        let unselective = by_rank.chain(by_range).min().unwrap_or(u64::MAX);
        let occupied = bits::occupied(&unknown);
        Self { fact, lookup, ranks, ranges, unknown, occupied, unselective }
    }

    /// How many clauses a value leaves, about: columns that leave few come first.
    pub(super) fn unselective(&self) -> u64 {
        self.unselective
    }

    /// Begins a decision: what holds as far as this fact is concerned is alive, and only blocks with any of it are active.
    pub(super) fn begin<'a>(
        &'a self,
        facts: &FactSet,
        strictness: Strictness,
        scratch: &mut Scratch,
        pending: &mut Pending<'a>,
    ) {
        let Scratch { alive, active, touched, known, absent, doubtful, .. } = scratch;
        let Some(value) = facts.get(self.fact) else {
            *absent |= bit(self.fact);
            bits::activate(&self.occupied, active);
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
        first.begin(known, touched, active);
        first.write(known, strictness, active, alive);
        self.narrow_by(value, ranks, strictness, scratch, pending);
    }

    /// Leaves alive what holds as far as this fact is concerned, now or when `pending` is.
    pub(super) fn narrow<'a>(
        &'a self,
        facts: &FactSet,
        strictness: Strictness,
        scratch: &mut Scratch,
        pending: &mut Pending<'a>,
    ) {
        let Scratch { alive, active, known, absent, doubtful, .. } = scratch;
        let Some(value) = facts.get(self.fact) else {
            *absent |= bit(self.fact);
            pending.push(&self.unknown, alive, active);
            return;
        };
        if !self.ranks.is_empty() {
            self.lookup.read(value, known);
            *doubtful |= !known.unknown.is_empty();
        }
        self.narrow_by(value, &self.ranks, strictness, scratch, pending);
    }

    /// By `ranks`, for which the value was looked up, and by ranges.
    fn narrow_by<'a>(
        &'a self,
        value: &Value,
        ranks: &'a [Keyed],
        strictness: Strictness,
        scratch: &mut Scratch,
        pending: &mut Pending<'a>,
    ) {
        let Scratch { alive, mask, active, known, .. } = scratch;
        for rank in ranks {
            if let Some(vector) = rank.vector(known) {
                pending.push(vector, alive, active);
            } else {
                rank.write(known, strictness, active, mask);
                bits::narrow(alive, &[mask], active);
            }
        }
        if let (Some(ranges), Value::Integer(value)) = (&self.ranges, value) {
            ranges.write(*value, active, mask);
            bits::narrow(alive, &[mask], active);
        }
    }
}

/// Vectors to narrow by, joined block by block once there are several.
#[derive(Default)]
pub(super) struct Pending<'a> {
    vectors: [&'a [Block]; 8],
    count: usize,
}

impl<'a> Pending<'a> {
    fn push(&mut self, vector: &'a [Block], alive: &mut [Block], active: &mut Vec<u32>) {
        if self.count == self.vectors.len() {
            self.narrow(alive, active);
        }
        if let Some(slot) = self.vectors.get_mut(self.count) {
            *slot = vector;
            self.count += 1;
        }
    }

    /// Leaves alive what all of them have.
    pub(super) fn narrow(&mut self, alive: &mut [Block], active: &mut Vec<u32>) {
        bits::narrow(alive, self.vectors.get(..self.count).unwrap_or_default(), active);
        self.count = 0;
    }
}

//! Comparisons by order with one integer fact: each clause holds from one integer to another. The integers at which some
//! clause begins or ceases to hold are sorted; bit vectors stand at every so many of them, and what changes between is
//! replayed.

use super::bits::{self, Bits, Block};
use crate::condition::Operator;

/// Changes from one bit vector to the next: at most so many are replayed in a decision.
const STRIDE: usize = 512;

/// The integers for which a clause holds, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    first: i64,
    last: i64,
}

impl Range {
    pub(super) const ALL: Self = Self { first: i64::MIN, last: i64::MAX };
    const NONE: Self = Self { first: 1, last: 0 };

    /// Where a comparison by order, or its opposite, holds; `None` for other operators.
    pub(super) fn of(operator: Operator, value: i64, negated: bool) -> Option<Self> {
        let up_to = |last: Option<i64>| last.map_or(Self::NONE, |last| Self { last, ..Self::ALL });
        let from = |first: Option<i64>| first.map_or(Self::NONE, |first| Self { first, ..Self::ALL });
        match (operator, negated) {
            (Operator::Less, false) | (Operator::GreaterOrEqual, true) => Some(up_to(value.checked_sub(1))),
            (Operator::LessOrEqual, false) | (Operator::Greater, true) => Some(up_to(Some(value))),
            (Operator::Greater, false) | (Operator::LessOrEqual, true) => Some(from(value.checked_add(1))),
            (Operator::GreaterOrEqual, false) | (Operator::Less, true) => Some(from(Some(value))),
            _ => None,
        }
    }

    /// Where both hold.
    pub(super) fn and(self, other: Self) -> Self {
        Self { first: self.first.max(other.first), last: self.last.min(other.last) }
    }
}

/// The ranges of all clauses that have one.
#[derive(Debug)]
pub(super) struct Ranges {
    /// Where the clause in `changes` at the same position begins or ceases to hold, in order.
    boundaries: Box<[i64]>,
    changes: Box<[u32]>,
    /// Which clauses hold before the first change, before the change number [`STRIDE`], and so on.
    checkpoints: Box<[Bits]>,
    /// How many clauses have no range, and hold always.
    unselective: u32,
}

impl Ranges {
    /// `valid` are the clauses there are.
    pub(super) fn new(valid: &[Block], ranges: &[(u32, Range)]) -> Self {
        let mut holding: Bits = valid.into();
        ranges.iter().for_each(|(clause, _)| bits::clear(&mut holding, *clause));
        let unselective = bits::count(&holding);
        let mut changes = Vec::new();
        for (clause, Range { first, last }) in ranges.iter().filter(|(_, range)| range.first <= range.last) {
            if *first == i64::MIN {
                bits::set(&mut holding, *clause);
            } else {
                changes.push((*first, *clause));
            }
            if let Some(end) = last.checked_add(1) {
                changes.push((end, *clause));
            }
        }
        changes.sort_unstable();
        let mut checkpoints = vec![holding.clone()];
        for stride in changes.chunks_exact(STRIDE) {
            stride.iter().for_each(|(_, clause)| bits::flip(&mut holding, *clause));
            checkpoints.push(holding.clone());
        }
        let (boundaries, changes): (Vec<_>, Vec<_>) = changes.into_iter().unzip();
        Self { boundaries: boundaries.into(), changes: changes.into(), checkpoints: checkpoints.into(), unselective }
    }

    /// How many clauses hold whatever the integer is.
    pub(super) fn unselective(&self) -> u32 {
        self.unselective
    }

    /// Writes into the active blocks of `mask` which clauses hold at `value`.
    pub(super) fn write(&self, value: i64, active: &[u32], mask: &mut [Block]) {
        let passed = self.boundaries.partition_point(|boundary| *boundary <= value);
        if let Some(checkpoint) = self.checkpoints.get(passed / STRIDE) {
            bits::combine(mask, checkpoint, active, |mask, holds| *mask = holds);
        }
        let replayed = self.changes.get(passed / STRIDE * STRIDE..passed).unwrap_or_default();
        replayed.iter().for_each(|clause| bits::flip(mask, *clause));
    }
}

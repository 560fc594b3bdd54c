//! Literals of one fact, at most one of each clause, as bit vectors by predicate: what a value makes true switches clauses
//! on, or off where the literal is negated.

use super::Strictness;
use super::bits::{self, Bits, Block};
use super::lookup::Known;

/// A predicate's clauses are a bit vector once they are more than one in this many; else a list.
const DENSE: usize = 256;

/// So few blocks are gone through sooner than those are found that are needed.
const FEW_BLOCKS: usize = 32;

/// One literal of each clause that has any of this fact.
#[derive(Debug)]
pub(super) struct Keyed {
    /// Clauses that hold while no predicate does: those without such a literal, and those in which it is negated.
    base: Bits,
    /// Blocks of `base` with a bit.
    occupied: Box<[u32]>,
    /// By number of the predicate.
    lists: Box<[Switched]>,
    sparse: Box<[u32]>,
    dense: Box<[Bits]>,
}

#[derive(Clone, Copy, Debug)]
struct Switched {
    on: List,
    off: List,
}

#[derive(Clone, Copy, Debug)]
enum List {
    Sparse { start: u32, end: u32 },
    Dense(u32),
}

/// What a fact's literals of one rank are compiled from: `(clause, predicate, negated)`.
pub(super) type Entry = (u32, u32, bool);

impl Keyed {
    /// `valid` are the clauses there are.
    pub(super) fn new(valid: &[Block], clauses: usize, predicates: usize, entries: &[Entry]) -> Self {
        let mut base: Bits = valid.into();
        let mut by_predicate: Vec<[Vec<u32>; 2]> = vec![Default::default(); predicates];
        for (clause, predicate, negated) in entries {
            if !negated {
                bits::clear(&mut base, *clause);
            }
            let lists = by_predicate.get_mut(*predicate as usize);
            if let Some(list) = lists.and_then(|lists| lists.get_mut(usize::from(*negated))) {
                list.push(*clause);
            }
        }
        let (mut sparse, mut dense) = (Vec::new(), Vec::new());
        let mut store = |list: &[u32]| {
            if list.len() > (clauses / DENSE).max(DENSE / 64) {
                let mut vector = bits::none(valid.len());
                list.iter().for_each(|clause| bits::set(&mut vector, *clause));
                dense.push(vector);
                List::Dense(number(dense.len() - 1))
            } else {
                let start = number(sparse.len());
                sparse.extend_from_slice(list);
                List::Sparse { start, end: number(sparse.len()) }
            }
        };
        let lists = by_predicate.iter().map(|[on, off]| Switched { on: store(on), off: store(off) }).collect();
        let occupied = bits::occupied(&base);
        Self { base, occupied, lists, sparse: sparse.into(), dense: dense.into() }
    }

    /// How many clauses hold while no predicate does, and how many are switched on by all of them, each counted as often as
    /// `values` says.
    pub(super) fn selectivity(&self, values: &[u32]) -> (u64, u64) {
        let length = |list: List| match self.clauses(list) {
            Clauses::List(list) => list.len() as u64,
            Clauses::Vector(vector) => bits::count(vector).into(),
        };
        let switched = self.lists.iter().zip(values).map(|(list, values)| length(list.on) * u64::from(*values));
        (bits::count(&self.base).into(), switched.sum())
    }

    /// The blocks in which a clause may hold, and maybe others, into `active`.
    pub(super) fn begin(&self, known: &Known, active: &mut Vec<u32>) {
        if self.base.len() <= FEW_BLOCKS {
            return bits::all_active(&self.base, active);
        }
        active.clear();
        active.extend_from_slice(&self.occupied);
        let lists = known.holding.iter().chain(&known.unknown);
        for Switched { on, .. } in lists.filter_map(|predicate| self.lists.get(*predicate as usize)) {
            match self.clauses(*on) {
                Clauses::List(list) => {
                    for clause in list {
                        let block = clause / bits::BLOCK as u32;
                        if active.last() != Some(&block) {
                            active.push(block);
                        }
                    }
                }
                Clauses::Vector(_) => return bits::all_active(&self.base, active),
            }
        }
        active.sort_unstable();
        active.dedup();
    }

    /// Writes into the active blocks of `mask` which clauses hold.
    pub(super) fn write(&self, known: &Known, strictness: Strictness, active: &[u32], mask: &mut [Block]) {
        bits::combine(mask, &self.base, active, |mask, base| *mask = base);
        for predicate in &known.holding {
            let Some(Switched { on, off }) = self.lists.get(*predicate as usize) else { continue };
            match self.clauses(*on) {
                Clauses::List(list) => list.iter().for_each(|clause| bits::set(mask, *clause)),
                Clauses::Vector(vector) => bits::combine(mask, vector, active, |mask, on| *mask |= on),
            }
            match self.clauses(*off) {
                Clauses::List(list) => list.iter().for_each(|clause| bits::clear(mask, *clause)),
                Clauses::Vector(vector) => bits::combine(mask, vector, active, |mask, off| *mask &= !off),
            }
        }
        self.doubt(known, strictness, active, mask);
    }

    /// An unknown predicate switches on what unknown does match, and off what it does not.
    fn doubt(&self, known: &Known, strictness: Strictness, active: &[u32], mask: &mut [Block]) {
        let lenient = strictness.lenient_from;
        for predicate in &known.unknown {
            let Some(Switched { on, off }) = self.lists.get(*predicate as usize) else { continue };
            match self.clauses(*on) {
                Clauses::List(list) => {
                    list.iter().filter(|clause| **clause >= lenient).for_each(|clause| bits::set(mask, *clause));
                }
                Clauses::Vector(vector) => {
                    bits::clauses(vector, active, lenient..number(self.base.len() * bits::BLOCK))
                        .for_each(|clause| bits::set(mask, clause));
                }
            }
            match self.clauses(*off) {
                Clauses::List(list) => {
                    list.iter().filter(|clause| **clause < lenient).for_each(|clause| bits::clear(mask, *clause));
                }
                Clauses::Vector(vector) => {
                    bits::clauses(vector, active, 0..lenient).for_each(|clause| bits::clear(mask, clause));
                }
            }
        }
    }

    fn clauses(&self, list: List) -> Clauses<'_> {
        match list {
            List::Sparse { start, end } => {
                Clauses::List(self.sparse.get(start as usize..end as usize).unwrap_or_default())
            }
            List::Dense(vector) => Clauses::Vector(self.dense.get(vector as usize).map_or(&[], |bits| bits)),
        }
    }
}

enum Clauses<'a> {
    List(&'a [u32]),
    Vector(&'a [Block]),
}

/// Positions fit 32 bits: there are at most [`super::MAX_TOTAL`] clauses.
fn number(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

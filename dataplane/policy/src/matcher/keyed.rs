//! Literals of one fact, at most one of each clause, as bit vectors by predicate: what a value makes true turns the bits of
//! its clauses over - on, or off where the literal is negated.

use super::Strictness;
use super::bits::{self, Bits, Block};
use super::lookup::Known;

/// A predicate is a bit vector once its clauses stand in more words than this for each block; else a list of words.
const DENSE: usize = 2;

/// One literal of each clause that has any of this fact.
#[derive(Debug)]
pub(super) struct Keyed {
    /// Clauses that hold while no predicate does: those without such a literal, and those in which it is negated.
    base: Bits,
    /// A bit for each block of `base` with a bit.
    occupied: Box<[u64]>,
    /// By number of the predicate.
    lists: Box<[List]>,
    sparse: Box<[Turned]>,
    /// What holds when one predicate does.
    dense: Box<[Bits]>,
}

/// Bits to turn over.
#[derive(Clone, Copy, Debug)]
struct Turned {
    word: u32,
    mask: u64,
}

#[derive(Clone, Copy, Debug)]
enum List {
    Sparse { start: u32, end: u32 },
    Dense(u32),
}

/// What a fact's literals of one rank are compiled from: `(clause, predicate, negated)`.
pub(super) type Entry = (u32, u32, bool);

impl Keyed {
    /// Octets for a word in a list.
    pub(super) const WORD: usize = size_of::<Turned>();

    /// `valid` are the clauses there are. Behind the `predicates` come `unions` of some of them: they hold when all of these do.
    pub(super) fn new(valid: &[Block], predicates: usize, unions: &[Box<[u32]>], entries: &[Entry]) -> Self {
        let mut base: Bits = valid.into();
        let mut by_predicate: Vec<Vec<u32>> = vec![Vec::new(); predicates];
        for (clause, predicate, negated) in entries {
            if !negated {
                bits::clear(&mut base, *clause);
            }
            if let Some(list) = by_predicate.get_mut(*predicate as usize) {
                list.push(*clause);
            }
        }
        let (mut sparse, mut dense) = (Vec::new(), Vec::new());
        let mut store = |clauses: &mut Vec<u32>| {
            clauses.sort_unstable();
            clauses.dedup();
            let start = sparse.len();
            for words in clauses.chunk_by(|a, b| a / 64 == b / 64) {
                let mask = words.iter().fold(0, |mask, clause| mask | 1 << (clause % 64));
                sparse.extend(words.first().map(|clause| Turned { word: clause / 64, mask }));
            }
            if sparse.len() - start <= DENSE * valid.len() {
                return List::Sparse { start: number(start), end: number(sparse.len()) };
            }
            sparse.truncate(start);
            let mut vector = base.clone();
            clauses.iter().for_each(|clause| bits::flip(&mut vector, *clause));
            dense.push(vector);
            List::Dense(number(dense.len() - 1))
        };
        let of_union = |union: &[u32]| -> Vec<u32> {
            union.iter().filter_map(|predicate| by_predicate.get(*predicate as usize)).flatten().copied().collect()
        };
        let unions: Vec<Vec<u32>> = unions.iter().map(|union| of_union(union)).collect();
        let lists = by_predicate.into_iter().chain(unions).map(|mut clauses| store(&mut clauses)).collect();
        let occupied = bits::occupied(&base);
        Self { base, occupied, lists, sparse: sparse.into(), dense: dense.into() }
    }

    /// How many clauses hold while no predicate does.
    pub(super) fn unselective(&self) -> u32 {
        bits::count(&self.base)
    }

    /// The vector of the clauses that hold, if there is one.
    #[inline]
    pub(super) fn vector(&self, known: &Known) -> Option<&[Block]> {
        if !known.unknown.is_empty() {
            return None;
        }
        let mut vector = None;
        for predicate in &known.holding {
            match self.clauses(*predicate) {
                Clauses::Words([]) => {}
                Clauses::Vector(only) if vector.is_none() => vector = Some(only),
                _ => return None,
            }
        }
        Some(vector.unwrap_or(&self.base))
    }

    /// The blocks in which a clause may hold, and maybe others, into `active`; `touched` is scratch.
    pub(super) fn begin(&self, known: &Known, touched: &mut Vec<u64>, active: &mut Vec<u32>) {
        touched.clear();
        touched.extend_from_slice(&self.occupied);
        for predicate in known.holding.iter().chain(&known.unknown) {
            let Clauses::Words(words) = self.clauses(*predicate) else {
                return bits::all_active(&self.base, active);
            };
            for Turned { word, .. } in words {
                let block = word / bits::WORDS as u32;
                if let Some(blocks) = touched.get_mut(block as usize / 64) {
                    *blocks |= 1 << (block % 64);
                }
            }
        }
        bits::activate(touched, active);
    }

    /// Writes into the active blocks of `mask` which clauses hold.
    pub(super) fn write(&self, known: &Known, strictness: Strictness, active: &[u32], mask: &mut [Block]) {
        bits::combine(mask, &self.base, active, |mask, base| *mask = base);
        for predicate in &known.holding {
            match self.clauses(*predicate) {
                Clauses::Words(words) => {
                    words.iter().for_each(|turned| bits::change(mask, turned.word, |word| *word ^= turned.mask));
                }
                Clauses::Vector(vector) => {
                    for index in active {
                        let index = *index as usize;
                        let (Some(mask), Some(base), Some(vector)) =
                            (mask.get_mut(index), self.base.get(index), vector.get(index))
                        else {
                            continue;
                        };
                        mask.iter_mut().zip(base).zip(vector).for_each(|((mask, base), vector)| *mask ^= base ^ vector);
                    }
                }
            }
        }
        for predicate in &known.unknown {
            self.doubt(*predicate, strictness, active, mask);
        }
    }

    /// An unknown predicate switches on what unknown does match, and off what it does not.
    fn doubt(&self, predicate: u32, strictness: Strictness, active: &[u32], mask: &mut [Block]) {
        let base = self.base.as_flattened();
        let mut doubt = |word: u32, turned: u64| {
            let base = base.get(word as usize).copied().unwrap_or_default();
            let turned = turned & if strictness.is_lenient(word * 64) { !base } else { base };
            bits::change(mask, word, |word| *word ^= turned);
        };
        match self.clauses(predicate) {
            Clauses::Words(words) => words.iter().for_each(|turned| doubt(turned.word, turned.mask)),
            Clauses::Vector(vector) => {
                for block in active {
                    let words = block * bits::WORDS as u32..(block + 1) * bits::WORDS as u32;
                    for word in words {
                        let at = |bits: &[u64]| bits.get(word as usize).copied().unwrap_or_default();
                        doubt(word, at(vector.as_flattened()) ^ at(base));
                    }
                }
            }
        }
    }

    /// Writes into the active blocks of `mask` which clauses one of the predicates switches on, where clauses have several
    /// literals and none is negated.
    pub(super) fn write_any(&self, holding: &[u32], active: &[u32], mask: &mut [Block]) {
        bits::combine(mask, &self.base, active, |mask, base| *mask = base);
        for predicate in holding {
            match self.clauses(*predicate) {
                Clauses::Words(words) => {
                    words.iter().for_each(|turned| bits::change(mask, turned.word, |word| *word |= turned.mask));
                }
                Clauses::Vector(vector) => bits::combine(mask, vector, active, |mask, on| *mask |= on),
            }
        }
    }

    #[inline]
    fn clauses(&self, predicate: u32) -> Clauses<'_> {
        match self.lists.get(predicate as usize) {
            Some(List::Sparse { start, end }) => {
                Clauses::Words(self.sparse.get(*start as usize..*end as usize).unwrap_or_default())
            }
            Some(List::Dense(vector)) => Clauses::Vector(self.dense.get(*vector as usize).map_or(&[], |bits| bits)),
            None => Clauses::Words(&[]),
        }
    }
}

enum Clauses<'a> {
    Words(&'a [Turned]),
    Vector(&'a [Block]),
}

/// Positions fit 32 bits: there are at most [`super::MAX_TOTAL`] clauses.
fn number(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

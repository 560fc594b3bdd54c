//! Bit vectors over clauses, in blocks of one cache line, so that empty blocks are skipped.

/// 512 clauses.
pub(super) type Block = [u64; WORDS];
/// One bit for each clause.
pub(super) type Bits = Box<[Block]>;

const WORDS: usize = 8;
/// Clauses in one block.
pub(super) const BLOCK: usize = 64 * WORDS;

/// All zero, over `blocks` blocks.
pub(super) fn none(blocks: usize) -> Bits {
    vec![[0; WORDS]; blocks].into()
}

fn word(bits: &mut [Block], clause: u32) -> Option<&mut u64> {
    let clause = clause as usize;
    bits.get_mut(clause / BLOCK)?.get_mut(clause / 64 % WORDS)
}

/// Sets the bit of a clause.
#[inline]
pub(super) fn set(bits: &mut [Block], clause: u32) {
    if let Some(word) = word(bits, clause) {
        *word |= 1 << (clause % 64);
    }
}

/// Clears the bit of a clause.
#[inline]
pub(super) fn clear(bits: &mut [Block], clause: u32) {
    if let Some(word) = word(bits, clause) {
        *word &= !(1 << (clause % 64));
    }
}

/// Turns the bit of a clause over.
#[inline]
pub(super) fn flip(bits: &mut [Block], clause: u32) {
    if let Some(word) = word(bits, clause) {
        *word ^= 1 << (clause % 64);
    }
}

/// Number of bits that are set.
pub(super) fn count(bits: &[Block]) -> u32 {
    bits.iter().flatten().map(|word| word.count_ones()).sum()
}

/// The blocks in which a bit is set.
pub(super) fn occupied(bits: &[Block]) -> Box<[u32]> {
    (0..).zip(bits).filter(|(_, block)| block.iter().any(|word| *word != 0)).map(|(index, _)| index).collect()
}

/// `change` for each active block of `target`, with the same block of `other`.
#[inline]
pub(super) fn combine(target: &mut [Block], other: &[Block], active: &[u32], change: impl Fn(&mut u64, u64)) {
    for index in active {
        let index = *index as usize;
        if let (Some(target), Some(other)) = (target.get_mut(index), other.get(index)) {
            target.iter_mut().zip(other).for_each(|(target, other)| change(target, *other));
        }
    }
}

/// Keeps in `alive` what is in `other` too; blocks without any bit left are no longer active.
#[inline]
pub(super) fn narrow(alive: &mut [Block], other: &[Block], active: &mut Vec<u32>) {
    active.retain(|index| {
        let index = *index as usize;
        let (Some(alive), Some(other)) = (alive.get_mut(index), other.get(index)) else { return false };
        alive.iter_mut().zip(other).fold(0, |any, (alive, other)| {
            *alive &= other;
            any | *alive
        }) != 0
    });
}

/// Blocks without any bit are no longer active.
pub(super) fn drop_empty(alive: &[Block], active: &mut Vec<u32>) {
    active.retain(|index| alive.get(*index as usize).is_some_and(|block| block.iter().any(|word| *word != 0)));
}

/// Every block becomes active.
pub(super) fn all_active(bits: &[Block], active: &mut Vec<u32>) {
    active.clear();
    active.extend((0..).zip(bits).map(|(index, _): (u32, _)| index));
}

/// The clauses from `range`, whose ends are multiples of 64, whose bit is set in an active block, in order.
pub(super) fn clauses<'a>(alive: &'a [Block], active: &'a [u32], range: std::ops::Range<u32>) -> Clauses<'a> {
    let from = active.partition_point(|block| *block < range.start / BLOCK as u32);
    let to = active.partition_point(|block| *block < range.end.div_ceil(BLOCK as u32));
    let active = active.get(from..to).unwrap_or_default().iter();
    Clauses { alive, active, range, words: [].iter(), next: 0, word: 0, first: 0 }
}

/// See [`clauses`].
pub(super) struct Clauses<'a> {
    alive: &'a [Block],
    active: std::slice::Iter<'a, u32>,
    range: std::ops::Range<u32>,
    /// What is left of the block, and the first clause of that.
    words: std::slice::Iter<'a, u64>,
    next: u32,
    /// What is left of the word, and its first clause.
    word: u64,
    first: u32,
}

impl Iterator for Clauses<'_> {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        while self.word == 0 {
            match self.words.next() {
                Some(word) if *word != 0 && self.range.contains(&self.next) => {
                    (self.word, self.first) = (*word, self.next);
                }
                Some(_) => {}
                None => {
                    let block = *self.active.next()?;
                    self.words = self.alive.get(block as usize).map_or([].iter(), |block| block.iter());
                    self.next = block * BLOCK as u32;
                    continue;
                }
            }
            self.next += 64;
        }
        let bit = self.word.trailing_zeros();
        self.word &= self.word - 1;
        Some(self.first + bit)
    }
}

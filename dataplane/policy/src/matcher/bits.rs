//! Bit vectors over clauses, in blocks of one cache line, so that empty blocks are skipped.

/// 512 clauses.
pub(super) type Block = [u64; WORDS];
/// One bit for each clause.
pub(super) type Bits = Box<[Block]>;

/// Words in one block.
pub(super) const WORDS: usize = 8;
/// Clauses in one block.
pub(super) const BLOCK: usize = 64 * WORDS;

/// All zero, over `blocks` blocks.
pub(super) fn none(blocks: usize) -> Bits {
    vec![[0; WORDS]; blocks].into()
}

/// Sets the bit of a clause.
#[inline]
pub(super) fn set(bits: &mut [Block], clause: u32) {
    change(bits, clause / 64, |word| *word |= 1 << (clause % 64));
}

/// Clears the bit of a clause.
#[inline]
pub(super) fn clear(bits: &mut [Block], clause: u32) {
    change(bits, clause / 64, |word| *word &= !(1 << (clause % 64)));
}

/// Turns the bit of a clause over.
#[inline]
pub(super) fn flip(bits: &mut [Block], clause: u32) {
    change(bits, clause / 64, |word| *word ^= 1 << (clause % 64));
}

/// Changes the word of this number.
#[inline]
pub(super) fn change(bits: &mut [Block], word: u32, change: impl FnOnce(&mut u64)) {
    if let Some(word) = bits.as_flattened_mut().get_mut(word as usize) {
        change(word);
    }
}

/// Number of bits that are set.
pub(super) fn count(bits: &[Block]) -> u32 {
    bits.iter().flatten().map(|word| word.count_ones()).sum()
}

/// A bit for each block in which a bit is set.
pub(super) fn occupied(bits: &[Block]) -> Box<[u64]> {
    let word = |blocks: &[Block]| {
        let occupied = blocks.iter().map(|block| u64::from(*block != [0; WORDS]));
        (0..).zip(occupied).fold(0, |word, (position, bit)| word | bit << position)
    };
    bits.chunks(64).map(word).collect()
}

/// The bits that are set in a word, lowest first.
#[inline]
pub(crate) fn ones(mut word: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let bit = (word != 0).then(|| word.trailing_zeros())?;
        word &= word - 1;
        Some(bit)
    })
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

/// Keeps in `alive` what is in all of `others` too; blocks without any bit left are no longer active.
#[inline]
pub(super) fn narrow(alive: &mut [Block], others: &[&[Block]], active: &mut Vec<u32>) {
    // Without a branch on what is left: nothing foretells it.
    let mut kept = 0;
    for position in 0..active.len() {
        let Some(index) = active.get(position).copied() else { break };
        let Some(alive) = alive.get_mut(index as usize) else { continue };
        let mut left = *alive;
        for other in others.iter().filter_map(|other| other.get(index as usize)) {
            left.iter_mut().zip(other).for_each(|(left, other)| *left &= other);
        }
        *alive = left;
        active.get_mut(kept).into_iter().for_each(|slot| *slot = index);
        kept += usize::from(left.iter().fold(0, |any, word| any | word) != 0);
    }
    active.truncate(kept);
}

/// The blocks become active that have a bit in `blocks`, and no others.
pub(super) fn activate(blocks: &[u64], active: &mut Vec<u32>) {
    active.clear();
    for (word, first) in blocks.iter().zip((0..).step_by(64)) {
        active.extend(ones(*word).map(|block| first + block));
    }
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
            if let Some(word) = self.words.next() {
                (self.word, self.first) = (*word, self.next);
                self.next += 64;
                continue;
            }
            let block = *self.active.next()?;
            let start = block * BLOCK as u32;
            let within = |clause: u32| (clause.saturating_sub(start) / 64) as usize;
            let (from, to) = (within(self.range.start), within(self.range.end).min(WORDS));
            let words = self.alive.get(block as usize).and_then(|block| block.get(from..to));
            self.words = words.unwrap_or_default().iter();
            self.next = start.max(self.range.start);
        }
        let bit = self.word.trailing_zeros();
        self.word &= self.word - 1;
        Some(self.first + bit)
    }
}

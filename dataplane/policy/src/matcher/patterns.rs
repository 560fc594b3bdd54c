//! Which of many patterns fit a text, without trying each.

use super::hash::Map;
use crate::pattern::Pattern;
use crate::text::Text;

/// Octets of a literal by which other patterns are found.
const GRAM: usize = 4;

/// Literals of one length, with the number of their pattern.
type Literals = (usize, Map<Box<[u8]>, u32>);

/// Patterns with at least one star, each with its number.
#[derive(Debug, Default)]
pub(super) struct Patterns {
    /// `literal*`, by length and literal: found means it fits.
    prefixes: Vec<Literals>,
    /// `*literal`, likewise.
    suffixes: Vec<Literals>,
    /// Others, by the rarest few octets that one of their literals has: found means it has to be tried.
    grams: [Map<Box<[u8]>, Vec<u32>>; GRAM],
    others: Vec<(u32, Pattern)>,
    /// Without any literal.
    all: Vec<u32>,
}

impl Patterns {
    pub(super) fn new(patterns: &[(u32, Pattern)]) -> Self {
        let mut index = Self::default();
        for (number, pattern) in patterns {
            match pattern.literals() {
                [prefix, end] if end.is_empty() && !prefix.is_empty() => {
                    of_length(&mut index.prefixes, prefix.len()).insert(prefix.as_bytes().into(), *number);
                }
                [start, suffix] if start.is_empty() && !suffix.is_empty() => {
                    of_length(&mut index.suffixes, suffix.len()).insert(suffix.as_bytes().into(), *number);
                }
                literals if literals.iter().all(|literal| literal.is_empty()) => {
                    index.all.push(*number);
                }
                _ => index.others.push((*number, pattern.clone())),
            }
        }
        index.index_others();
        index
    }

    fn index_others(&mut self) {
        let mut common: Map<&[u8], u32> = Map::default();
        for (_, pattern) in &self.others {
            grams(pattern).for_each(|gram| *common.entry(gram).or_default() += 1);
        }
        let rarest = |(_, pattern): &(u32, Pattern)| -> Option<Box<[u8]>> {
            grams(pattern).min_by_key(|gram| (common.get(gram).copied(), gram.len())).map(Box::from)
        };
        let rarest: Vec<_> = self.others.iter().map(rarest).collect();
        for (position, gram) in (0..).zip(rarest) {
            let table = gram.as_ref().and_then(|gram| self.grams.get_mut(gram.len() - 1));
            if let (Some(gram), Some(table)) = (gram, table) {
                table.entry(gram).or_default().push(position);
            }
        }
    }

    /// How many there are, about.
    pub(super) fn len(&self) -> usize {
        let tables = self.prefixes.iter().chain(&self.suffixes);
        tables.map(|(_, table)| table.len()).sum::<usize>() + self.others.len()
    }

    /// Appends the numbers of the patterns that fit.
    pub(super) fn fitting(&self, text: &Text, out: &mut Vec<u32>) {
        let octets = text.as_str().as_bytes();
        out.extend_from_slice(&self.all);
        for (length, table) in &self.prefixes {
            out.extend(octets.get(..*length).and_then(|prefix| table.get(prefix)));
        }
        for (length, table) in &self.suffixes {
            let start = octets.len().checked_sub(*length);
            out.extend(start.and_then(|start| octets.get(start..)).and_then(|suffix| table.get(suffix)));
        }
        let tried = out.len();
        for (length, table) in (1..).zip(&self.grams).filter(|(_, table)| !table.is_empty()) {
            for position in octets.windows(length).filter_map(|gram| table.get(gram)).flatten() {
                let other = self.others.get(*position as usize);
                let fitting = other.filter(|(_, pattern)| pattern.matches(text)).map(|(number, _)| *number);
                let known = |number: &u32| out.get(tried..).is_some_and(|found| found.contains(number));
                out.extend(fitting.filter(|number| !known(number)));
            }
        }
    }
}

fn of_length(tables: &mut Vec<Literals>, length: usize) -> &mut Map<Box<[u8]>, u32> {
    let position = tables.iter().position(|(known, _)| *known == length).unwrap_or_else(|| {
        tables.push((length, Map::default()));
        tables.len() - 1
    });
    #[expect(clippy::indexing_slicing, reason = "the position was found or made just above")]
    &mut tables[position].1
}

/// The runs of [`GRAM`] octets in the literals, or the whole of a shorter literal when none is as long.
fn grams(pattern: &Pattern) -> impl Iterator<Item = &[u8]> {
    let longest = pattern.literals().iter().map(|literal| literal.len()).max().unwrap_or(0);
    let length = longest.clamp(1, GRAM);
    pattern.literals().iter().flat_map(move |literal| literal.as_bytes().windows(length))
}

//! Which predicates about one fact its value makes true: found by the value, not tried one by one.

use super::hash::Map;
use super::keyed::Keyed;
use super::normal::Predicate;
use super::patterns::Patterns;
use crate::condition::{Intervals, Operator, Test, Truth};
use crate::fact::Value;
use crate::text::{Text, TextSet};

/// What the vectors of several predicates at once may take, in octets for each use of a predicate: a value that makes many
/// predicates true has its own vector, as long as all of them take little more than those of the predicates.
const UNION_OCTETS: usize = 64;

/// Predicates that one text makes true.
#[derive(Debug)]
enum Numbers {
    One(u32),
    Several(Box<[u32]>),
}

impl Numbers {
    #[inline]
    fn as_slice(&self) -> &[u32] {
        match self {
            Self::One(number) => std::slice::from_ref(number),
            Self::Several(numbers) => numbers,
        }
    }
}

/// The predicates about one fact, numbered from zero; comparisons by order are not among them.
#[derive(Debug, Default)]
pub(super) struct Lookup {
    /// `=`, `in`, `has` and `has any`: by each text that makes one true.
    texts: Map<Text, Numbers>,
    patterns: Patterns,
    sets: Map<TextSet, u32>,
    integers: Map<i64, u32>,
    booleans: [Option<u32>; 2],
    schedules: Box<[(u32, Intervals)]>,
    /// A set may make a `has any` true by several of its members.
    repeats: bool,
}

/// What is known about the predicates of one fact; all others are false.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) holding: Vec<u32>,
    /// Unknown although the fact is known: a `during` outside the span of its intervals.
    pub(super) unknown: Vec<u32>,
}

impl Lookup {
    /// The predicates with how many clauses use each, where a bit vector takes `vector` octets. Sets of them that a text makes
    /// true come back, and have the numbers behind those of the predicates.
    pub(super) fn new(predicates: &[(&Predicate, u32)], vector: usize) -> (Self, Vec<Box<[u32]>>) {
        let mut lookup = Self::default();
        let mut texts: Map<Text, Vec<u32>> = Map::default();
        let (mut patterns, mut schedules) = (Vec::new(), Vec::new());
        for (number, (Predicate { test, .. }, _)) in (0..).zip(predicates) {
            let mut by = |text: &Text| texts.entry(text.clone()).or_default().push(number);
            match test {
                Test::Text(text) | Test::Has(text) => by(text),
                Test::In(texts) => texts.texts().iter().for_each(by),
                Test::HasAny(texts) => {
                    texts.texts().iter().for_each(by);
                    lookup.repeats = true;
                }
                Test::Matches(pattern) => match pattern.literals() {
                    [whole] => by(&Text::new(whole)),
                    _ => patterns.push((number, pattern.clone())),
                },
                Test::Set(set) => drop(lookup.sets.insert(set.clone(), number)),
                Test::Integer(Operator::Equal, value) => drop(lookup.integers.insert(*value, number)),
                Test::Integer(..) => {}
                Test::Boolean(value) => {
                    if let Some(slot) = lookup.booleans.get_mut(usize::from(*value)) {
                        *slot = Some(number);
                    }
                }
                Test::During(intervals) => schedules.push((number, intervals.clone())),
            }
        }
        lookup.patterns = Patterns::new(&patterns);
        lookup.schedules = schedules.into();
        // A set makes a `has any` true by several members, of which each would have it in its union.
        let uses: Vec<usize> = predicates.iter().map(|(_, uses)| *uses as usize).collect();
        let left = if lookup.repeats { None } else { Some(UNION_OCTETS * uses.iter().sum::<usize>()) };
        let mut unions = Unions { uses, vector, left, numbers: Map::default(), unions: Vec::new() };
        lookup.texts = texts.into_iter().map(|(text, numbers)| (text, unions.numbers(numbers))).collect();
        (lookup, unions.unions)
    }

    /// How many values it tells apart, about.
    pub(super) fn values(&self) -> u64 {
        let keys = self.texts.len() + self.patterns.len() + self.sets.len() + self.integers.len();
        keys as u64 + self.booleans.iter().flatten().count() as u64
    }

    /// Reads a value; `known` is emptied first.
    pub(super) fn read(&self, value: &Value, known: &mut Known) {
        let Known { holding, unknown } = known;
        holding.clear();
        unknown.clear();
        match value {
            Value::Text(text) => {
                if let Some(numbers) = self.texts.get(text) {
                    holding.extend_from_slice(numbers.as_slice());
                }
                self.patterns.fitting(text, holding);
            }
            Value::Boolean(value) => holding.extend(self.booleans.get(usize::from(*value)).copied().flatten()),
            Value::Integer(value) => {
                if !self.integers.is_empty() {
                    holding.extend(self.integers.get(value));
                }
                for (number, intervals) in &self.schedules {
                    match intervals.contain(*value) {
                        Truth::True => holding.push(*number),
                        Truth::False => {}
                        Truth::Unknown => unknown.push(*number),
                    }
                }
            }
            Value::Set(set) => {
                for numbers in set.texts().iter().filter_map(|text| self.texts.get(text)) {
                    holding.extend_from_slice(numbers.as_slice());
                }
                if !self.sets.is_empty() {
                    holding.extend(self.sets.get(set));
                }
                if self.repeats && set.len() > 1 {
                    holding.sort_unstable();
                    holding.dedup();
                }
            }
        }
    }
}

/// Sets of predicates that some text makes true, as far as their vectors are worth their memory.
struct Unions {
    uses: Vec<usize>,
    vector: usize,
    /// Octets that are left; `None` allows none at all.
    left: Option<usize>,
    numbers: Map<Box<[u32]>, u32>,
    unions: Vec<Box<[u32]>>,
}

impl Unions {
    fn numbers(&mut self, numbers: Vec<u32>) -> Numbers {
        if let [number] = numbers.as_slice() {
            return Numbers::One(*number);
        }
        if let Some(number) = self.numbers.get(numbers.as_slice()) {
            return Numbers::One(*number);
        }
        let uses = numbers.iter().filter_map(|number| self.uses.get(*number as usize)).sum::<usize>();
        let octets = self.vector.min(uses * Keyed::WORD);
        let Some(left) = self.left.and_then(|left| left.checked_sub(octets)) else {
            return Numbers::Several(numbers.into());
        };
        self.left = Some(left);
        let number = u32::try_from(self.uses.len() + self.unions.len()).unwrap_or(u32::MAX);
        self.unions.push(numbers.as_slice().into());
        self.numbers.insert(numbers.into(), number);
        Numbers::One(number)
    }
}

//! Which predicates about one fact its value makes true: found by the value, not tried one by one.

use super::hash::Map;
use super::normal::Predicate;
use super::patterns::Patterns;
use crate::condition::{Intervals, Operator, Test, Truth};
use crate::fact::Value;
use crate::text::{Text, TextSet};

/// Numbers of predicates that one text makes true.
type Numbers = Map<Text, Vec<u32>>;

/// The predicates about one fact, numbered from zero; comparisons by order are not among them.
#[derive(Debug, Default)]
pub(super) struct Lookup {
    /// `=`, `in`, `has` and `has any`: by each text that makes one true.
    texts: Numbers,
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
    pub(super) fn new<'a>(predicates: impl Iterator<Item = &'a Predicate>) -> Self {
        let mut lookup = Self::default();
        let (mut patterns, mut schedules) = (Vec::new(), Vec::new());
        for (number, Predicate { test, .. }) in (0..).zip(predicates) {
            let mut by = |text: &Text| lookup.texts.entry(text.clone()).or_default().push(number);
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
        lookup
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
                holding.extend(self.texts.get(text).into_iter().flatten());
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
                holding.extend(set.texts().iter().filter_map(|text| self.texts.get(text)).flatten());
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

//! One comparison: an operator of the language and its operand, made into a test of one fact's value.

use super::Truth;
use crate::fact::{FactKind, FactName, Value};
use crate::pattern::Pattern;
use crate::text::{Text, TextSet};

/// Most texts in one comparison: as many as a `list` of the language has.
pub const MAX_TEXTS: usize = 100_000;
/// Most intervals in one `during`: some twenty a day over the two years for which a schedule is worked out.
pub const MAX_INTERVALS: usize = 16_384;

/// The comparison operators of the policy language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `=`: any kind.
    Equal,
    /// `<`: integers.
    Less,
    /// `<=`: integers.
    LessOrEqual,
    /// `>`: integers.
    Greater,
    /// `>=`: integers.
    GreaterOrEqual,
    /// `has`: a set contains a text.
    Has,
    /// `has any`: a set contains one of several texts.
    HasAny,
    /// `in`: a text is one of several.
    In,
    /// `matches`: a text fits a [`Pattern`].
    Matches,
}

impl Operator {
    /// Every operator with its spelling.
    pub const ALL: [(Self, &'static str); 9] = [
        (Self::Equal, "="),
        (Self::Less, "<"),
        (Self::LessOrEqual, "<="),
        (Self::Greater, ">"),
        (Self::GreaterOrEqual, ">="),
        (Self::Has, "has"),
        (Self::HasAny, "has any"),
        (Self::In, "in"),
        (Self::Matches, "matches"),
    ];

    /// The operator of that spelling.
    pub fn parse(spelling: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, text)| *text == spelling).map(|(operator, _)| operator)
    }
}

/// The right-hand side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operand {
    /// One text, or a pattern.
    Text(String),
    /// True or false.
    Boolean(bool),
    /// An integer.
    Integer(i64),
    /// Several texts.
    Texts(Vec<String>),
}

/// What is asked about the value of one fact. Equal tests ask the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Test {
    Text(Text),
    Boolean(bool),
    Set(TextSet),
    Integer(Operator, i64),
    Has(Text),
    HasAny(TextSet),
    In(TextSet),
    Matches(Pattern),
    During(Intervals),
}

impl Test {
    pub(crate) fn new(fact: FactName, operator: Operator, operand: Operand) -> Option<Self> {
        use Operator::{Equal, Greater, GreaterOrEqual, Has, HasAny, In, Less, LessOrEqual, Matches};
        match (fact.kind(), operator, operand) {
            (FactKind::Text, Equal, Operand::Text(text)) => Some(Self::Text(Text::new(&text))),
            (FactKind::Text, In, Operand::Texts(texts)) => Some(Self::In(TextSet::new(texts))),
            (FactKind::Text, Matches, Operand::Text(pattern)) => Some(Self::Matches(Pattern::new(&pattern))),
            (FactKind::Boolean, Equal, Operand::Boolean(value)) => Some(Self::Boolean(value)),
            (FactKind::Integer, Equal | Less | LessOrEqual | Greater | GreaterOrEqual, Operand::Integer(value)) => {
                Some(Self::Integer(operator, value))
            }
            (FactKind::Set, Has, Operand::Text(text)) => Some(Self::Has(Text::new(&text))),
            (FactKind::Set, HasAny, Operand::Texts(texts)) => Some(Self::HasAny(TextSet::new(texts))),
            (FactKind::Set, Equal, Operand::Texts(texts)) => Some(Self::Set(TextSet::new(texts))),
            _ => None,
        }
    }

    /// A value of another kind than the fact's cannot be in a [`FactSet`]; it would read as unknown.
    pub(crate) fn evaluate(&self, value: &Value) -> Truth {
        match (self, value) {
            (Self::Text(wanted), Value::Text(text)) => (wanted == text).into(),
            (Self::In(wanted), Value::Text(text)) => wanted.contains(text).into(),
            (Self::Matches(pattern), Value::Text(text)) => pattern.matches(text).into(),
            (Self::Boolean(wanted), Value::Boolean(value)) => (wanted == value).into(),
            (Self::Integer(operator, wanted), Value::Integer(value)) => ordered(*operator, *value, *wanted),
            (Self::Has(wanted), Value::Set(set)) => set.contains(wanted).into(),
            (Self::HasAny(wanted), Value::Set(set)) => wanted.intersects(set).into(),
            (Self::During(intervals), Value::Integer(time)) => intervals.contain(*time),
            (Self::Set(wanted), Value::Set(set)) => (wanted == set).into(),
            _ => Truth::Unknown,
        }
    }
}

pub(super) fn ordered(operator: Operator, value: i64, wanted: i64) -> Truth {
    match operator {
        Operator::Equal => (value == wanted).into(),
        Operator::Less => (value < wanted).into(),
        Operator::LessOrEqual => (value <= wanted).into(),
        Operator::Greater => (value > wanted).into(),
        Operator::GreaterOrEqual => (value >= wanted).into(),
        Operator::Has | Operator::HasAny | Operator::In | Operator::Matches => Truth::Unknown,
    }
}

/// Half-open intervals of Unix seconds, in order and apart, within the span for which they are known.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Intervals {
    intervals: Box<[(i64, i64)]>,
    known: (i64, i64),
}

impl Intervals {
    pub(super) fn new(intervals: Vec<(i64, i64)>, known: (i64, i64)) -> Option<Self> {
        let mut free_from = known.0;
        for (start, end) in &intervals {
            if *start < free_from || start >= end || *end > known.1 {
                return None;
            }
            free_from = *end;
        }
        (known.0 < known.1 && intervals.len() <= MAX_INTERVALS).then(|| Self { intervals: intervals.into(), known })
    }

    /// Every moment at which it may turn, in no order.
    pub(crate) fn edges(&self) -> impl Iterator<Item = i64> {
        std::iter::once(&self.known).chain(&self.intervals).flat_map(|(start, end)| [*start, *end])
    }

    pub(crate) fn contain(&self, time: i64) -> Truth {
        if !(self.known.0..self.known.1).contains(&time) {
            return Truth::Unknown;
        }
        let after = self.intervals.partition_point(|(start, _)| *start <= time);
        let last = after.checked_sub(1).and_then(|index| self.intervals.get(index));
        last.is_some_and(|(_, end)| time < *end).into()
    }
}

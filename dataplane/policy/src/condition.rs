//! Conditions over facts in Kleene's three-valued logic: a comparison with an absent fact is unknown, and unknown
//! travels through `all`, `any` and `not` until something known settles it. Depth and size are bounded when a condition
//! is built, so evaluating (and dropping) one is bounded too.

use std::fmt;
use std::sync::Arc;

use crate::fact::{FactKind, FactName, FactSet, Value};
use crate::pattern::Pattern;
use crate::text::{Text, TextSet};

/// Longest path from a condition to one of its comparisons. Deeper nesting is not readable by people.
pub const MAX_DEPTH: u16 = 64;
/// Most nodes in one condition, where each value of an `in` counts as one.
pub const MAX_SIZE: u32 = 16_384;

/// A truth value of Kleene's logic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// Known to hold.
    True,
    /// Known not to hold.
    False,
    /// Cannot be known from the facts at hand.
    Unknown,
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

/// The comparison operators of the policy language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// `in`: a text is one of several.
    In,
    /// `matches`: a text fits a [`Pattern`].
    Matches,
}

impl Operator {
    /// Every operator with its spelling.
    pub const ALL: [(Self, &'static str); 8] = [
        (Self::Equal, "="),
        (Self::Less, "<"),
        (Self::LessOrEqual, "<="),
        (Self::Greater, ">"),
        (Self::GreaterOrEqual, ">="),
        (Self::Has, "has"),
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

/// Why a condition cannot be built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConditionError {
    /// The operator or the operand does not fit the fact's kind.
    Mismatch {
        /// The fact compared.
        fact: FactName,
        /// The operator used.
        operator: Operator,
    },
    /// Nested deeper than [`MAX_DEPTH`].
    TooDeep,
    /// More nodes than [`MAX_SIZE`].
    TooLarge,
}

impl fmt::Display for ConditionError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mismatch { fact, operator } => {
                let kind = fact.kind().name();
                write!(formatter, "{fact} is of kind {kind}; operator or value does not fit ({operator:?})")
            }
            Self::TooDeep => write!(formatter, "a condition may nest at most {MAX_DEPTH} deep"),
            Self::TooLarge => write!(formatter, "a condition may have at most {MAX_SIZE} parts"),
        }
    }
}

impl std::error::Error for ConditionError {}

/// A condition; cheap to clone.
#[derive(Clone, Debug)]
pub struct Condition {
    node: Arc<Node>,
    depth: u16,
    size: u32,
}

#[derive(Debug)]
enum Node {
    Always,
    All(Box<[Condition]>),
    Any(Box<[Condition]>),
    Not(Condition),
    Compare(FactName, Test),
}

#[derive(Debug)]
enum Test {
    Text(Text),
    Boolean(bool),
    Set(TextSet),
    Integer(Operator, i64),
    Has(Text),
    In(TextSet),
    Matches(Pattern),
}

impl Condition {
    /// Holds whatever the facts are.
    pub fn always() -> Self {
        Self { node: Arc::new(Node::Always), depth: 1, size: 1 }
    }

    /// Holds when every part holds; without parts it always holds.
    pub fn all(parts: Vec<Self>) -> Result<Self, ConditionError> {
        let (depth, size) = bounds(&parts)?;
        Ok(Self { node: Arc::new(Node::All(parts.into())), depth, size })
    }

    /// Holds when some part holds; without parts it never holds.
    pub fn any(parts: Vec<Self>) -> Result<Self, ConditionError> {
        let (depth, size) = bounds(&parts)?;
        Ok(Self { node: Arc::new(Node::Any(parts.into())), depth, size })
    }

    /// Holds when `part` is known not to hold.
    pub fn negate(part: Self) -> Result<Self, ConditionError> {
        let (depth, size) = bounds(std::slice::from_ref(&part))?;
        Ok(Self { node: Arc::new(Node::Not(part)), depth, size })
    }

    /// Compares one fact. `Equal` takes an operand of the fact's kind, `Less` and its like an integer, `Has` a text,
    /// `In` texts, `Matches` a text.
    pub fn compare(fact: FactName, operator: Operator, operand: Operand) -> Result<Self, ConditionError> {
        let size = match &operand {
            Operand::Texts(texts) => u32::try_from(texts.len()).unwrap_or(u32::MAX).max(1),
            Operand::Text(_) | Operand::Boolean(_) | Operand::Integer(_) => 1,
        };
        if size > MAX_SIZE {
            return Err(ConditionError::TooLarge);
        }
        let test = Test::new(fact, operator, operand).ok_or(ConditionError::Mismatch { fact, operator })?;
        Ok(Self { node: Arc::new(Node::Compare(fact, test)), depth: 1, size })
    }

    /// The truth of this condition over `facts`.
    pub fn evaluate(&self, facts: &FactSet) -> Truth {
        match self.node.as_ref() {
            Node::Always => Truth::True,
            Node::All(parts) => join(parts, facts, Truth::False, Truth::True),
            Node::Any(parts) => join(parts, facts, Truth::True, Truth::False),
            Node::Not(part) => match part.evaluate(facts) {
                Truth::True => Truth::False,
                Truth::False => Truth::True,
                Truth::Unknown => Truth::Unknown,
            },
            Node::Compare(fact, test) => facts.get(*fact).map_or(Truth::Unknown, |value| test.evaluate(value)),
        }
    }
}

/// Depth and size of a condition with these parts.
fn bounds(parts: &[Condition]) -> Result<(u16, u32), ConditionError> {
    let depth = parts.iter().map(|part| part.depth).max().unwrap_or(0) + 1;
    let size = parts.iter().fold(1_u32, |sum, part| sum.saturating_add(part.size));
    if depth > MAX_DEPTH {
        return Err(ConditionError::TooDeep);
    }
    if size > MAX_SIZE {
        return Err(ConditionError::TooLarge);
    }
    Ok((depth, size))
}

/// `settled` as soon as one part has it; else unknown when one part is; else `neutral`.
fn join(parts: &[Condition], facts: &FactSet, settled: Truth, neutral: Truth) -> Truth {
    let mut result = neutral;
    for part in parts {
        let truth = part.evaluate(facts);
        if truth == settled {
            return settled;
        }
        if truth == Truth::Unknown {
            result = Truth::Unknown;
        }
    }
    result
}

impl Test {
    fn new(fact: FactName, operator: Operator, operand: Operand) -> Option<Self> {
        use Operator::{Equal, Greater, GreaterOrEqual, Has, In, Less, LessOrEqual, Matches};
        match (fact.kind(), operator, operand) {
            (FactKind::Text, Equal, Operand::Text(text)) => Some(Self::Text(Text::new(&text))),
            (FactKind::Text, In, Operand::Texts(texts)) => Some(Self::In(TextSet::new(texts))),
            (FactKind::Text, Matches, Operand::Text(pattern)) => Some(Self::Matches(Pattern::new(&pattern))),
            (FactKind::Boolean, Equal, Operand::Boolean(value)) => Some(Self::Boolean(value)),
            (FactKind::Integer, Equal | Less | LessOrEqual | Greater | GreaterOrEqual, Operand::Integer(value)) => {
                Some(Self::Integer(operator, value))
            }
            (FactKind::Set, Has, Operand::Text(text)) => Some(Self::Has(Text::new(&text))),
            (FactKind::Set, Equal, Operand::Texts(texts)) => Some(Self::Set(TextSet::new(texts))),
            _ => None,
        }
    }

    /// A value of another kind than the fact's cannot be in a [`FactSet`]; it would read as unknown.
    fn evaluate(&self, value: &Value) -> Truth {
        match (self, value) {
            (Self::Text(wanted), Value::Text(text)) => (wanted == text).into(),
            (Self::In(wanted), Value::Text(text)) => wanted.contains(text).into(),
            (Self::Matches(pattern), Value::Text(text)) => pattern.matches(text).into(),
            (Self::Boolean(wanted), Value::Boolean(value)) => (wanted == value).into(),
            (Self::Integer(operator, wanted), Value::Integer(value)) => ordered(*operator, *value, *wanted),
            (Self::Has(wanted), Value::Set(set)) => set.contains(wanted).into(),
            (Self::Set(wanted), Value::Set(set)) => (wanted == set).into(),
            _ => Truth::Unknown,
        }
    }
}

fn ordered(operator: Operator, value: i64, wanted: i64) -> Truth {
    match operator {
        Operator::Equal => (value == wanted).into(),
        Operator::Less => (value < wanted).into(),
        Operator::LessOrEqual => (value <= wanted).into(),
        Operator::Greater => (value > wanted).into(),
        Operator::GreaterOrEqual => (value >= wanted).into(),
        Operator::Has | Operator::In | Operator::Matches => Truth::Unknown,
    }
}

#[cfg(test)]
mod tests;

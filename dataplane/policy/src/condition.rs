//! Conditions over facts in Kleene's three-valued logic: a comparison with an absent fact is unknown, and unknown
//! travels through `all`, `any` and `not` until something known settles it. Depth and size are bounded when a condition
//! is built, so evaluating (and dropping) one is bounded too.

mod comparison;

use std::fmt;
use std::sync::Arc;

use crate::fact::{FactName, FactSet};

pub(crate) use comparison::{Intervals, Test};
pub use comparison::{MAX_INTERVALS, MAX_TEXTS, Operand, Operator};

/// Longest path from a condition to one of its comparisons. Deeper nesting is not readable by people.
pub const MAX_DEPTH: u16 = 64;
/// Most nodes in one condition.
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
    /// More texts in one comparison than [`MAX_TEXTS`].
    TooManyTexts,
    /// More than [`MAX_INTERVALS`] intervals, or one that is empty, out of order or outside what is known.
    Intervals,
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
            Self::TooManyTexts => write!(formatter, "a comparison may have at most {MAX_TEXTS} texts"),
            Self::Intervals => write!(
                formatter,
                "during takes at most {MAX_INTERVALS} intervals of Unix seconds, start before end, in order, apart, \
                 and within the span for which they are known"
            ),
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
pub(crate) enum Node {
    Always,
    All(Box<[Condition]>),
    Any(Box<[Condition]>),
    Not(Condition),
    Compare(FactName, Test),
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
    /// `HasAny` and `In` texts, `Matches` a text.
    pub fn compare(fact: FactName, operator: Operator, operand: Operand) -> Result<Self, ConditionError> {
        if matches!(&operand, Operand::Texts(texts) if texts.len() > MAX_TEXTS) {
            return Err(ConditionError::TooManyTexts);
        }
        let test = Test::new(fact, operator, operand).ok_or(ConditionError::Mismatch { fact, operator })?;
        Ok(Self { node: Arc::new(Node::Compare(fact, test)), depth: 1, size: 1 })
    }

    /// Holds while the fact `time` is in one of `intervals`, and cannot be known outside `known`, the span for which they
    /// were worked out. All are half-open `(start, end)` in Unix seconds; the intervals are in order and do not overlap.
    pub fn during(intervals: Vec<(i64, i64)>, known: (i64, i64)) -> Result<Self, ConditionError> {
        let test = Test::During(Intervals::new(intervals, known).ok_or(ConditionError::Intervals)?);
        Ok(Self { node: Arc::new(Node::Compare(FactName::Time, test)), depth: 1, size: 1 })
    }

    pub(crate) fn node(&self) -> &Node {
        &self.node
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

#[cfg(test)]
mod tests;

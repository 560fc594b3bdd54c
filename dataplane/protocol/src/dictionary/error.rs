//! What can be wrong with a dictionary, or with a value it is to encode.

use std::fmt;

use crate::radius::BuildError;

/// A dictionary file does not parse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DictionaryError {
    /// The name under which the text was given.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// An attribute cannot be encoded from text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EncodeError {
    /// No dictionary defines this name.
    UnknownName {
        /// The name asked for.
        name: String,
    },
    /// The text is no value of the attribute's data type.
    Value {
        /// The attribute.
        name: String,
        /// The text given.
        text: String,
        /// What would have fitted.
        expected: &'static str,
    },
    /// A tag was given for an attribute that has none.
    NotTagged {
        /// The attribute.
        name: String,
    },
    /// The value is hidden under the shared secret, which is done when the packet is built.
    Encrypted {
        /// The attribute.
        name: String,
    },
    /// The value does not fit an attribute.
    Layout {
        /// The attribute.
        name: String,
        /// Why.
        error: BuildError,
    },
}

impl fmt::Display for DictionaryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.message)
    }
}

impl std::error::Error for DictionaryError {}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownName { name } => write!(f, "no dictionary defines an attribute named {name:?}"),
            Self::Value { name, text, expected } => write!(f, "{name}: {text:?} is not {expected}"),
            Self::NotTagged { name } => write!(f, "{name} has no tag"),
            Self::Encrypted { name } => {
                write!(f, "{name} is hidden under the shared secret and cannot be written as text")
            }
            Self::Layout { name, error } => write!(f, "{name}: {error}"),
        }
    }
}

impl std::error::Error for EncodeError {}

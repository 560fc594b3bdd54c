//! Patterns where `*` stands for any run of characters, also none. Everything else stands for itself.

use crate::text::Text;

/// A compiled pattern. Matching is linear in the text for each literal between two stars; there is no backtracking.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern {
    /// The literals between the stars, lower-cased; one more than there are stars.
    literals: Box<[Box<str>]>,
}

impl Pattern {
    /// Any text is a pattern; one without `*` matches only itself.
    pub fn new(pattern: &str) -> Self {
        let lowered = Text::new(pattern);
        Self { literals: lowered.as_str().split('*').map(Box::from).collect() }
    }

    /// What stands between the stars.
    pub(crate) fn literals(&self) -> &[Box<str>] {
        &self.literals
    }

    /// Whether the whole of `text` fits.
    pub fn matches(&self, text: &Text) -> bool {
        let text = text.as_str();
        let Some((first, rest)) = self.literals.split_first() else {
            return text.is_empty();
        };
        let Some((last, middle)) = rest.split_last() else {
            return text == first.as_ref();
        };
        let Some(mut remaining) = text.strip_prefix(first.as_ref()) else {
            return false;
        };
        for literal in middle {
            match remaining.split_once(literal.as_ref()) {
                Some((_, after)) => remaining = after,
                None => return false,
            }
        }
        remaining.ends_with(last.as_ref())
    }
}

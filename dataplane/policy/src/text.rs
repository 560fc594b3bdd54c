//! Text that compares without case: lower-cased once, when it is made, so that a decision compares octets.

use std::sync::Arc;

use smol_str::{SmolStr, StrExt};

/// Lower-cased text. Two that differ only in case are equal. Up to 23 octets stand in the value itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(SmolStr);

impl Text {
    /// Takes any text.
    pub fn new(text: &str) -> Self {
        if !text.is_ascii() {
            // As a whole: the last sigma of a word is not lowered as the others are.
            return Self(text.to_lowercase().into());
        }
        let is_low = !text.bytes().any(|octet| octet.is_ascii_uppercase());
        Self(if is_low { SmolStr::new(text) } else { text.to_ascii_lowercase_smolstr() })
    }

    /// The lower-cased text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

/// A set of [`Text`], sorted and without repetition; cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TextSet(Arc<[Text]>);

impl TextSet {
    /// Collects any texts; order and repetition do not matter.
    pub fn new<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::of(texts.into_iter().map(|text| Text::new(text.as_ref())).collect())
    }

    /// The set of these texts, in any order.
    pub(crate) fn of(mut texts: Vec<Text>) -> Self {
        texts.sort_unstable();
        texts.dedup();
        Self(Arc::from(texts))
    }

    /// The members in order, as texts.
    pub(crate) fn texts(&self) -> &[Text] {
        &self.0
    }

    /// Whether nobody else has this set in memory.
    pub(crate) fn is_unshared(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }

    /// Whether `text` is a member.
    pub fn contains(&self, text: &Text) -> bool {
        self.0.binary_search(text).is_ok()
    }

    /// Whether a member of `other` is a member; each of the smaller set is looked up in the larger one.
    pub fn intersects(&self, other: &Self) -> bool {
        let (few, many) = if self.len() <= other.len() { (self, other) } else { (other, self) };
        few.0.iter().any(|text| many.contains(text))
    }

    /// The members in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.iter().map(Text::as_str)
    }

    /// Number of members.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True when there is no member.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

//! Text that compares without case: lower-cased once, when it is made, so that a decision compares octets.

use std::sync::Arc;

/// Lower-cased text. Two that differ only in case are equal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Arc<str>);

impl Text {
    /// Takes any text; allocates twice only when there is something outside ASCII to lower.
    pub fn new(text: &str) -> Self {
        if text.is_ascii() {
            if !text.bytes().any(|octet| octet.is_ascii_uppercase()) {
                return Self(Arc::from(text));
            }
            return Self(Arc::from(text.to_ascii_lowercase()));
        }
        Self(Arc::from(text.to_lowercase()))
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextSet(Arc<[Text]>);

impl TextSet {
    /// Collects any texts; order and repetition do not matter.
    pub fn new<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Self {
        let mut sorted: Vec<Text> = texts.into_iter().map(|text| Text::new(text.as_ref())).collect();
        sorted.sort_unstable();
        sorted.dedup();
        Self(Arc::from(sorted))
    }

    /// Whether `text` is a member.
    pub fn contains(&self, text: &Text) -> bool {
        self.0.binary_search(text).is_ok()
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

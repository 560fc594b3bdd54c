//! Attribute dictionaries: names, data types and value names for attributes (format: `dictionaries/README.md`).
//!
//! [`Dictionary::parse`] once; then [`Dictionary::encode`] for sending and [`Dictionary::describe`] for showing.

mod data_type;
mod definition;
mod describe;
mod encode;
mod error;
mod parse;
mod read_value;
mod show_value;

use std::collections::HashMap;

pub use data_type::DataType;
pub use definition::{AttributePath, Definition, Encryption};
pub use describe::Described;
pub use error::{DictionaryError, EncodeError};

use crate::radius::{AttributeType, VendorId};

/// Everything that some dictionary files define. Immutable once parsed.
#[derive(Debug, Default)]
pub struct Dictionary {
    definitions: Vec<Definition>,
    /// By name in lower case.
    by_name: HashMap<String, usize>,
    by_path: HashMap<(Option<VendorId>, AttributePath), usize>,
    vendors: HashMap<VendorId, String>,
}

impl Dictionary {
    /// Parse dictionary files, given as (file name, content). Values may name attributes of any of the files.
    pub fn parse(texts: &[(&str, &str)]) -> Result<Self, DictionaryError> {
        parse::parse(texts)
    }

    /// The definition of an IETF attribute.
    #[must_use]
    pub fn attribute(&self, ty: AttributeType) -> Option<&Definition> {
        self.at(None, AttributePath::top(ty.0))
    }

    /// The definition of a vendor's attribute.
    #[must_use]
    pub fn vendor_attribute(&self, vendor: VendorId, ty: u8) -> Option<&Definition> {
        self.at(Some(vendor), AttributePath::top(ty))
    }

    /// The definition of an attribute, one inside an extended attribute, or one inside a TLV.
    #[must_use]
    pub fn at(&self, vendor: Option<VendorId>, path: AttributePath) -> Option<&Definition> {
        self.by_path.get(&(vendor, path)).and_then(|index| self.definitions.get(*index))
    }

    /// The definition with this name, whatever its case.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Definition> {
        self.by_name.get(&name.to_ascii_lowercase()).and_then(|index| self.definitions.get(*index))
    }

    /// The name of a vendor.
    #[must_use]
    pub fn vendor(&self, vendor: VendorId) -> Option<&str> {
        self.vendors.get(&vendor).map(String::as_str)
    }

    /// All names of attributes, in the order of the files.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.definitions.iter().map(|definition| definition.name.as_str())
    }
}

//! What a dictionary says about one attribute.

use std::collections::{BTreeMap, HashMap};

use super::DataType;
use crate::radius::VendorId;

/// The levels an [`AttributePath`] can have: attribute, extended type, and two levels of TLVs.
const MAX_DEPTH: usize = 4;

/// Where an attribute stands: its type, and inside a container the types below (`241.1`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttributePath([u8; MAX_DEPTH]);

/// How the value of an attribute is hidden on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encryption {
    /// It is not.
    #[default]
    None,
    /// `encrypt=1`: as User-Password (RFC 2865 5.2).
    UserPassword,
    /// `encrypt=2`: under a salt, as Tunnel-Password (RFC 2868 3.5).
    Salted,
    /// `encrypt=3`: in a vendor's own way.
    Vendor,
}

/// One ATTRIBUTE line with its VALUE lines.
#[derive(Debug)]
pub struct Definition {
    pub(super) name: String,
    pub(super) vendor: Option<VendorId>,
    pub(super) path: AttributePath,
    pub(super) data_type: DataType,
    pub(super) has_tag: bool,
    pub(super) encryption: Encryption,
    pub(super) secret: bool,
    pub(super) concat: bool,
    pub(super) value_names: BTreeMap<u64, String>,
    pub(super) values: HashMap<String, u64>,
}

impl Definition {
    /// The name of the attribute.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The vendor, or `None` for an IETF attribute.
    #[must_use]
    pub const fn vendor(&self) -> Option<VendorId> {
        self.vendor
    }

    /// Its type, and the types below.
    #[must_use]
    pub const fn path(&self) -> AttributePath {
        self.path
    }

    /// How its value is to be read.
    #[must_use]
    pub const fn data_type(&self) -> DataType {
        self.data_type
    }

    /// Whether the value starts with a tag (RFC 2868 3).
    #[must_use]
    pub const fn has_tag(&self) -> bool {
        self.has_tag
    }

    /// How the value is hidden.
    #[must_use]
    pub const fn encryption(&self) -> Encryption {
        self.encryption
    }

    /// Whether its value must not appear in a log: hidden on the wire, or flagged `secret`.
    #[must_use]
    pub fn is_sensitive(&self) -> bool {
        self.secret || self.encryption != Encryption::None
    }

    /// The name of a value of an enumerated attribute.
    #[must_use]
    pub fn value_name(&self, value: u64) -> Option<&str> {
        self.value_names.get(&value).map(String::as_str)
    }

    /// The value with this name, whatever its case.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<u64> {
        self.values.get(&name.to_ascii_lowercase()).copied()
    }
}

impl AttributePath {
    /// An attribute that stands in a packet, or directly in a Vendor-Specific attribute.
    #[must_use]
    pub const fn top(ty: u8) -> Self {
        Self([ty, 0, 0, 0])
    }

    /// The attribute of type `ty` inside this one; `None` when that is deeper than four levels, or `ty` is 0.
    #[must_use]
    pub fn child(self, ty: u8) -> Option<Self> {
        let Self(mut types) = self;
        *types.iter_mut().skip(1).find(|slot| **slot == 0)? = ty;
        (ty != 0).then_some(Self(types))
    }

    /// The attribute around this one, if there is one.
    #[must_use]
    pub fn parent(self) -> Option<Self> {
        let Self(mut types) = self;
        *types.iter_mut().skip(1).rfind(|slot| **slot != 0)? = 0;
        Some(Self(types))
    }

    /// The types from the outside in.
    pub fn types(&self) -> impl DoubleEndedIterator<Item = u8> {
        let [top, inner @ ..] = self.0;
        std::iter::once(top).chain(inner.into_iter().filter(|ty| *ty != 0))
    }
}

impl std::fmt::Display for AttributePath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (level, ty) in self.types().enumerate() {
            let dot = if level == 0 { "" } else { "." };
            write!(f, "{dot}{ty}")?;
        }
        Ok(())
    }
}

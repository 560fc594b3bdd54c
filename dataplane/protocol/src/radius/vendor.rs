//! Vendor-Specific attributes in the recommended form (RFC 2865 5.26).
//!
//! ```text
//! | Vendor-Id (4) | Vendor type (1) | Vendor length (1) | Value ... | Vendor type ...
//! ```

use super::{AttributeType, Packet, VendorId};

/// The value of a Vendor-Specific attribute, split into vendor and content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VendorSpecific<'a> {
    /// Whose attribute it is.
    pub vendor: VendorId,
    /// What follows the Vendor-Id; attributes of the vendor if [`VendorSpecific::attributes`] says so.
    pub content: &'a [u8],
}

/// One attribute of a vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VendorAttribute<'a> {
    /// The Vendor type octet.
    pub ty: u8,
    /// What follows the Vendor length octet.
    pub value: &'a [u8],
}

impl<'a> VendorSpecific<'a> {
    /// Split the value of an attribute of type 26; `None` when it is too short to hold a Vendor-Id.
    #[must_use]
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let (vendor, content) = value.split_first_chunk::<4>()?;
        Some(Self { vendor: VendorId(u32::from_be_bytes(*vendor)), content })
    }

    /// The vendor's attributes, or `None` when the lengths do not add up: then the content is opaque (RFC 2865 5.26).
    #[must_use]
    pub fn attributes(self) -> Option<VendorAttributes<'a>> {
        let walk = VendorAttributes { rest: self.content };
        let mut check = walk.clone();
        let found = check.by_ref().count();
        (found > 0 && check.rest.is_empty()).then_some(walk)
    }
}

/// Walks the attributes of one Vendor-Specific attribute; see [`VendorSpecific::attributes`].
#[derive(Clone, Debug)]
pub struct VendorAttributes<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for VendorAttributes<'a> {
    type Item = VendorAttribute<'a>;

    fn next(&mut self) -> Option<VendorAttribute<'a>> {
        let (&[ty, length], _) = self.rest.split_first_chunk::<2>()?;
        let (attribute, rest) = self.rest.split_at_checked(usize::from(length))?;
        let value = attribute.get(2..)?;
        self.rest = rest;
        Some(VendorAttribute { ty, value })
    }
}

impl<'a> Packet<'a> {
    /// The values of all attributes of this vendor and vendor type, in order. Opaque content is passed over.
    pub fn vendor(&self, vendor: VendorId, ty: u8) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.all(AttributeType::VENDOR_SPECIFIC)
            .filter_map(VendorSpecific::parse)
            .filter(move |specific| specific.vendor == vendor)
            .filter_map(VendorSpecific::attributes)
            .flatten()
            .filter(move |attribute| attribute.ty == ty)
            .map(|attribute| attribute.value)
    }
}

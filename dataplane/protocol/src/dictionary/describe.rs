//! From attributes on the wire to names and text.

use std::borrow::Cow;

use super::show_value::{show_octets, show_value};
use super::{AttributePath, DataType, Definition, Dictionary};
use crate::radius::{
    Attribute, AttributeType, Attributes, ExtendedAttribute, Packet, VendorId, VendorSpecific, read_extended,
};

/// One attribute, named and shown. An attribute that holds others gives one of these for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described<'a> {
    /// The name in the dictionary, with `:tag` when it is tagged; `Attr-<type>` or `Vendor-<id>-Attr-<type>` when no
    /// dictionary knows it.
    pub name: String,
    /// The value as text on one line, without control characters.
    pub value: String,
    /// The octets of the value, tag included.
    pub raw: Cow<'a, [u8]>,
    /// Whether the value must not be logged: use [`Described::masked`].
    pub sensitive: bool,
}

impl Described<'_> {
    /// The value, or only its length in octets when it is sensitive.
    #[must_use]
    pub fn masked(&self) -> Cow<'_, str> {
        if self.sensitive { Cow::Owned(format!("({} octets)", self.raw.len())) } else { Cow::Borrowed(&self.value) }
    }
}

impl Dictionary {
    /// Name and show every attribute of a packet, in order: Vendor-Specific attributes and TLVs split into what they
    /// hold, fragments of Long Extended attributes joined.
    #[must_use]
    pub fn describe<'a>(&self, packet: &Packet<'a>) -> Vec<Described<'a>> {
        self.describe_attributes(packet.attributes())
    }

    /// As [`Dictionary::describe`], for attributes without a packet.
    #[must_use]
    pub fn describe_attributes<'a>(&self, mut attributes: Attributes<'a>) -> Vec<Described<'a>> {
        let mut out = Vec::new();
        while let Some(attribute) = attributes.next() {
            self.push(attribute, &mut attributes, &mut out);
        }
        out
    }

    /// Name and value of one attribute. One that holds several shows them as `Name = value, Name = value`.
    #[must_use]
    pub fn display(&self, attribute: Attribute<'_>) -> (String, String) {
        self.join(attribute, |described| described.value.clone())
    }

    /// As [`Dictionary::display`], with passwords, keys, State and EAP-Message as their length only.
    #[must_use]
    pub fn display_masked(&self, attribute: Attribute<'_>) -> (String, String) {
        self.join(attribute, |described| described.masked().into_owned())
    }

    fn join(&self, attribute: Attribute<'_>, show: impl Fn(&Described<'_>) -> String) -> (String, String) {
        let mut parts = Vec::new();
        self.push(attribute, &mut Attributes::default(), &mut parts);
        if let [part] = parts.as_slice() {
            return (part.name.clone(), show(part));
        }
        let shown: Vec<String> = parts.iter().map(|part| format!("{} = {}", part.name, show(part))).collect();
        (self.name(None, AttributePath::top(attribute.ty.0)), shown.join(", "))
    }

    fn push<'a>(&self, attribute: Attribute<'a>, following: &mut Attributes<'a>, out: &mut Vec<Described<'a>>) {
        let path = AttributePath::top(attribute.ty.0);
        if attribute.ty.is_extended() {
            return self.push_extended(attribute, following, out);
        }
        if attribute.ty == AttributeType::VENDOR_SPECIFIC
            && let Some(specific) = VendorSpecific::parse(attribute.value)
            && let Some(attributes) = specific.attributes()
        {
            for inner in attributes {
                let path = AttributePath::top(inner.ty);
                self.push_value(Some(specific.vendor), path, Cow::Borrowed(inner.value), out);
            }
            return;
        }
        self.push_value(None, path, Cow::Borrowed(attribute.value), out);
    }

    fn push_extended<'a>(&self, first: Attribute<'a>, following: &mut Attributes<'a>, out: &mut Vec<Described<'a>>) {
        let path = AttributePath::top(first.ty.0);
        if let ExtendedAttribute::Valid { extended_type, value, .. } = read_extended(first, following)
            && let Some(path) = path.child(extended_type)
        {
            return self.push_value(None, path, value, out);
        }
        self.push_value(None, path, Cow::Borrowed(first.value), out);
    }

    /// Push a value, or, when it is a well-formed TLV, what it holds (RFC 6929 2.3).
    fn push_value<'a>(
        &self,
        vendor: Option<VendorId>,
        path: AttributePath,
        value: Cow<'a, [u8]>,
        out: &mut Vec<Described<'a>>,
    ) {
        let definition = self.at(vendor, path);
        if let Some(definition) = definition
            && definition.data_type == DataType::Tlv
            && let Some(children) = children(path, &value)
        {
            for (path, start, end) in children {
                if let Some(inner) = part(&value, start, end) {
                    self.push_value(vendor, path, inner, out);
                }
            }
            return;
        }
        out.push(self.described(vendor, path, definition, value));
    }

    fn described<'a>(
        &self,
        vendor: Option<VendorId>,
        path: AttributePath,
        definition: Option<&Definition>,
        raw: Cow<'a, [u8]>,
    ) -> Described<'a> {
        let sensitive = definition.is_some_and(Definition::is_sensitive) || is_always_sensitive(vendor, path);
        let Some(definition) = definition else {
            return Described { name: fallback_name(vendor, path), value: show_octets(&raw), raw, sensitive };
        };
        let (tag, value) = if definition.has_tag { split_tag(definition, &raw) } else { (0, Cow::Borrowed(&*raw)) };
        let suffix = if tag == 0 { String::new() } else { format!(":{tag}") };
        let name = format!("{}{suffix}", definition.name);
        let value = show_value(definition, &value);
        Described { name, value, raw, sensitive }
    }

    fn name(&self, vendor: Option<VendorId>, path: AttributePath) -> String {
        self.at(vendor, path).map_or_else(|| fallback_name(vendor, path), |definition| definition.name.clone())
    }
}

fn fallback_name(vendor: Option<VendorId>, path: AttributePath) -> String {
    match vendor {
        Some(vendor) => format!("Vendor-{}-Attr-{path}", vendor.0),
        None => format!("Attr-{path}"),
    }
}

/// Passwords, keys, State and EAP-Message, whatever the dictionary says of them.
fn is_always_sensitive(vendor: Option<VendorId>, path: AttributePath) -> bool {
    let mut types = path.types();
    let (Some(ty), None) = (types.next(), types.next()) else { return false };
    match vendor {
        None => matches!(
            AttributeType(ty),
            AttributeType::USER_PASSWORD
                | AttributeType::CHAP_PASSWORD
                | AttributeType::STATE
                | AttributeType::TUNNEL_PASSWORD
                | AttributeType::ARAP_PASSWORD
                | AttributeType::EAP_MESSAGE
        ),
        // RFC 2548: MS-CHAP-MPPE-Keys, MS-MPPE-Send-Key, MS-MPPE-Recv-Key.
        Some(VendorId::MICROSOFT) => matches!(ty, 12 | 16 | 17),
        Some(_) => false,
    }
}

/// Tag and value of a tagged attribute (RFC 2868 3): a first octet above 0x1F is no tag.
fn split_tag<'v>(definition: &Definition, raw: &'v [u8]) -> (u8, Cow<'v, [u8]>) {
    match raw {
        [tag @ 0..=0x1F, high, middle, low] if matches!(definition.data_type, DataType::Integer { .. }) => {
            (*tag, Cow::Owned(vec![0, *high, *middle, *low]))
        }
        [tag @ 0..=0x1F, text @ ..] if !matches!(definition.data_type, DataType::Integer { .. }) => {
            (*tag, Cow::Borrowed(text))
        }
        _ => (0, Cow::Borrowed(raw)),
    }
}

/// Where the values inside a TLV stand; `None` when the lengths do not fill it exactly.
fn children(path: AttributePath, value: &[u8]) -> Option<Vec<(AttributePath, usize, usize)>> {
    let mut found = Vec::new();
    let mut start = 2;
    for inner in Attributes::over(value).ok()? {
        let end = start + inner.value.len();
        found.push((path.child(inner.ty.0)?, start, end));
        start = end + 2;
    }
    (!found.is_empty()).then_some(found)
}

fn part<'a>(value: &Cow<'a, [u8]>, start: usize, end: usize) -> Option<Cow<'a, [u8]>> {
    match value {
        Cow::Borrowed(octets) => octets.get(start..end).map(Cow::Borrowed),
        Cow::Owned(octets) => octets.get(start..end).map(|octets| Cow::Owned(octets.to_vec())),
    }
}

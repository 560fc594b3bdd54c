//! Data types of attribute values (RFC 8044 3), by the names that dictionary files use.

/// How the value of an attribute is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataType {
    /// `string`, `text`: UTF-8 (RFC 8044 3.4).
    Text,
    /// `octets`, `abinary`: anything (RFC 8044 3.5).
    Octets,
    /// `octets[n]`: exactly so many octets.
    FixedOctets(u8),
    /// `byte`, `short`, `integer`, `integer64`: unsigned, 1, 2, 4 or 8 octets (RFC 8044 3.1).
    Integer {
        /// Octets on the wire.
        width: u8,
    },
    /// `signed`: 4 octets, two's complement.
    Signed,
    /// `bool`: one octet, 0 or 1.
    Boolean,
    /// `date`: seconds since 1970-01-01T00:00:00Z, 4 octets (RFC 8044 3.3).
    Date,
    /// `ipaddr`: 4 octets (RFC 8044 3.8).
    Ipv4Address,
    /// `ipv6addr`: 16 octets (RFC 8044 3.9).
    Ipv6Address,
    /// `combo-ip`: 4 or 16 octets.
    AnyAddress,
    /// `ipv4prefix`: reserved, prefix length, 4 octets (RFC 8044 3.11).
    Ipv4Prefix,
    /// `ipv6prefix`: reserved, prefix length, 0 to 16 octets (RFC 8044 3.10).
    Ipv6Prefix,
    /// `ifid`: 8 octets (RFC 8044 3.7).
    InterfaceId,
    /// `ether`: a MAC address, 6 octets.
    Ether,
    /// `tlv`: attributes inside an attribute (RFC 8044 3.13).
    Tlv,
    /// `vsa`: a Vendor-Id and what the vendor makes of the rest (RFC 8044 3.14).
    VendorSpecific,
    /// `extended`: an Extended-Type and its value (RFC 8044 3.15).
    Extended,
    /// `long-extended`: an Extended-Type, flags, and a part of its value (RFC 8044 3.16).
    LongExtended,
    /// `evs`: a Vendor-Id, a Vendor-Type and its value (RFC 8044 3.17).
    ExtendedVendorSpecific,
}

impl DataType {
    /// The type with this name in a dictionary file.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "string" | "text" => Self::Text,
            "octets" | "abinary" => Self::Octets,
            "byte" | "uint8" => Self::Integer { width: 1 },
            "short" | "uint16" => Self::Integer { width: 2 },
            "integer" | "uint32" => Self::Integer { width: 4 },
            "integer64" | "uint64" => Self::Integer { width: 8 },
            "signed" => Self::Signed,
            "bool" => Self::Boolean,
            "date" => Self::Date,
            "ipaddr" => Self::Ipv4Address,
            "ipv6addr" => Self::Ipv6Address,
            "combo-ip" => Self::AnyAddress,
            "ipv4prefix" => Self::Ipv4Prefix,
            "ipv6prefix" => Self::Ipv6Prefix,
            "ifid" => Self::InterfaceId,
            "ether" => Self::Ether,
            "tlv" => Self::Tlv,
            "vsa" => Self::VendorSpecific,
            "extended" => Self::Extended,
            "long-extended" => Self::LongExtended,
            "evs" => Self::ExtendedVendorSpecific,
            _ => return Self::fixed_octets(name),
        })
    }

    fn fixed_octets(name: &str) -> Option<Self> {
        let length = name.strip_prefix("octets[")?.strip_suffix(']')?.parse().ok()?;
        (1..=253).contains(&length).then_some(Self::FixedOctets(length))
    }

    /// What a value of this type looks like as text, for error messages.
    pub(super) const fn expected(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Octets | Self::FixedOctets(_) => "octets as 0x and hexadecimal digits",
            Self::Integer { .. } => "a value name or an unsigned integer within range",
            Self::Signed => "an integer of 32 bits",
            Self::Boolean => "true, false, 0 or 1",
            Self::Date => "a time as 2026-01-31T12:00:00Z, or Unix seconds",
            Self::Ipv4Address => "an IPv4 address",
            Self::Ipv6Address => "an IPv6 address",
            Self::AnyAddress => "an IPv4 or IPv6 address",
            Self::Ipv4Prefix => "an IPv4 prefix as 192.0.2.0/24",
            Self::Ipv6Prefix => "an IPv6 prefix as 2001:db8::/32",
            Self::InterfaceId => "an interface identifier as 211:22ff:fe33:4455",
            Self::Ether => "a MAC address as 00:11:22:33:44:55",
            Self::Tlv | Self::VendorSpecific => "an attribute inside it, by that attribute's own name",
            Self::Extended | Self::LongExtended | Self::ExtendedVendorSpecific => {
                "an attribute inside it, by its own name"
            }
        }
    }

    /// Whether VALUE lines may name values of this type.
    pub(super) const fn has_value_names(self) -> bool {
        matches!(self, Self::Integer { .. } | Self::Signed | Self::Boolean)
    }

    /// Whether such an attribute holds other attributes.
    pub(super) const fn is_container(self) -> bool {
        matches!(self, Self::Tlv | Self::Extended | Self::LongExtended)
    }
}

//! One EAP packet (RFC 3748 section 4), borrowed from the octets it came in.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! |     Code      |  Identifier   |            Length             |
//! |     Type      |  Type-Data ...
//! ```

/// Octets of Code, Identifier and Length.
const HEADER: usize = 4;
/// Octets of an Expanded Type after the type octet 254: Vendor-Id and Vendor-Type (RFC 3748 section 5.7).
const EXPANDED: usize = 7;

/// EAP Code (RFC 3748 section 4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EapCode(pub u8);

impl EapCode {
    /// Request (1).
    pub const REQUEST: Self = Self(1);
    /// Response (2).
    pub const RESPONSE: Self = Self(2);
    /// Success (3).
    pub const SUCCESS: Self = Self(3);
    /// Failure (4).
    pub const FAILURE: Self = Self(4);
}

/// EAP method Type (IANA "Method Types").
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EapType(pub u8);

impl EapType {
    /// Identity (RFC 3748 section 5.1).
    pub const IDENTITY: Self = Self(1);
    /// Notification (RFC 3748 section 5.2).
    pub const NOTIFICATION: Self = Self(2);
    /// Legacy Nak (RFC 3748 section 5.3.1).
    pub const NAK: Self = Self(3);
    /// MD5-Challenge (RFC 3748 section 5.4); never offered here.
    pub const MD5_CHALLENGE: Self = Self(4);
    /// EAP-TLS (RFC 5216).
    pub const TLS: Self = Self(13);
    /// EAP-TTLS (RFC 5281).
    pub const TTLS: Self = Self(21);
    /// PEAP.
    pub const PEAP: Self = Self(25);
    /// EAP-MSCHAPv2.
    pub const MSCHAPV2: Self = Self(26);
    /// TEAP (RFC 7170).
    pub const TEAP: Self = Self(55);
    /// Expanded Type (RFC 3748 section 5.7).
    pub const EXPANDED: Self = Self(254);

    /// The name people know the method by.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::IDENTITY => "Identity".into(),
            Self::NOTIFICATION => "Notification".into(),
            Self::NAK => "Nak".into(),
            Self::MD5_CHALLENGE => "EAP-MD5".into(),
            Self::TLS => "EAP-TLS".into(),
            Self::TTLS => "EAP-TTLS".into(),
            Self::PEAP => "PEAP".into(),
            Self::MSCHAPV2 => "EAP-MSCHAPv2".into(),
            Self::TEAP => "TEAP".into(),
            Self(other) => format!("EAP type {other}"),
        }
    }
}

/// Why octets are not an EAP packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EapError {
    /// Fewer than four octets.
    TooShort,
    /// The Length field is below four or beyond the octets present (RFC 3748 section 4.1).
    BadLength,
    /// A Request or Response without a Type, or an Expanded Type cut short.
    NoType,
}

impl std::fmt::Display for EapError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::TooShort => "EAP packet shorter than its header",
            Self::BadLength => "EAP Length does not fit the octets present",
            Self::NoType => "EAP request or response without a Type",
        })
    }
}

impl std::error::Error for EapError {}

/// A parsed EAP packet. Octets past Length are padding and not part of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EapPacket<'a> {
    code: EapCode,
    identifier: u8,
    ty: Option<EapType>,
    expanded: bool,
    data: &'a [u8],
}

impl<'a> EapPacket<'a> {
    /// Parse one packet; what is accepted here needs no further length check.
    ///
    /// # Errors
    /// [`EapError`] when lengths do not fit or a Request/Response has no Type.
    pub fn parse(octets: &'a [u8]) -> Result<Self, EapError> {
        let (header, _) = octets.split_first_chunk::<HEADER>().ok_or(EapError::TooShort)?;
        let [code, identifier, high, low] = *header;
        let length = usize::from(u16::from_be_bytes([high, low]));
        let body = octets.get(HEADER..length).ok_or(EapError::BadLength)?;
        let code = EapCode(code);
        if code != EapCode::REQUEST && code != EapCode::RESPONSE {
            return Ok(Self { code, identifier, ty: None, expanded: false, data: body });
        }
        let (&ty, data) = body.split_first().ok_or(EapError::NoType)?;
        let expanded = EapType(ty) == EapType::EXPANDED;
        let (ty, data) = if expanded { unwrap_expanded(data)? } else { (EapType(ty), data) };
        Ok(Self { code, identifier, ty: Some(ty), expanded, data })
    }

    /// The Code field.
    #[must_use]
    pub fn code(&self) -> EapCode {
        self.code
    }

    /// The Identifier field.
    #[must_use]
    pub fn identifier(&self) -> u8 {
        self.identifier
    }

    /// The Type; `None` for Success and Failure. An Expanded Type of the IETF (vendor 0) reads as the plain type it names.
    #[must_use]
    pub fn ty(&self) -> Option<EapType> {
        self.ty
    }

    /// Type-Data, without the type.
    #[must_use]
    pub fn data(&self) -> &'a [u8] {
        self.data
    }

    /// The methods that a Nak asks for instead; `None` when this is not a Nak.
    #[must_use]
    pub fn nak(&self) -> Option<Nak<'a>> {
        match self.ty {
            Some(EapType::NAK) => Some(Nak { desired: self.data, expanded: self.expanded }),
            _ => None,
        }
    }
}

/// Unwrap an Expanded Type with Vendor-Id 0 to the type it stands for; other vendors stay opaque.
fn unwrap_expanded(data: &[u8]) -> Result<(EapType, &[u8]), EapError> {
    let (head, rest) = data.split_first_chunk::<EXPANDED>().ok_or(EapError::NoType)?;
    match *head {
        [0, 0, 0, 0, 0, 0, ty] => Ok((EapType(ty), rest)),
        _ => Ok((EapType::EXPANDED, data)),
    }
}

/// The desired methods of a Legacy Nak, one octet each, or of an Expanded Nak, eight octets each (RFC 3748 sections
/// 5.3.1 and 5.3.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Nak<'a> {
    desired: &'a [u8],
    expanded: bool,
}

impl<'a> Nak<'a> {
    /// The methods the peer would accept, in its order; zero means "none" and is left out. A method of a vendor's own
    /// shows as [`EapType::EXPANDED`].
    pub fn desired(&self) -> impl Iterator<Item = EapType> + use<'a> {
        let size = if self.expanded { 1 + EXPANDED } else { 1 };
        self.desired.chunks_exact(size).filter_map(|one| match *one {
            [ty] | [254, 0, 0, 0, 0, 0, 0, ty] => (ty != 0).then_some(EapType(ty)),
            _ => Some(EapType::EXPANDED),
        })
    }
}

/// An EAP-Request of `ty`. `data` is at most 65,530 octets, which the callers' limits keep far below.
#[must_use]
pub fn request(identifier: u8, ty: EapType, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(HEADER + 1 + data.len()).unwrap_or(u16::MAX);
    let mut packet = Vec::with_capacity(HEADER + 1 + data.len());
    packet.extend([EapCode::REQUEST.0, identifier]);
    packet.extend(length.to_be_bytes());
    packet.push(ty.0);
    packet.extend(data);
    packet
}

/// EAP-Success for the exchange that ended with `identifier` (RFC 3748 section 4.2).
#[must_use]
pub fn success(identifier: u8) -> [u8; HEADER] {
    [EapCode::SUCCESS.0, identifier, 0, 4]
}

/// EAP-Failure for the exchange that ended with `identifier` (RFC 3748 section 4.2).
#[must_use]
pub fn failure(identifier: u8) -> [u8; HEADER] {
    [EapCode::FAILURE.0, identifier, 0, 4]
}

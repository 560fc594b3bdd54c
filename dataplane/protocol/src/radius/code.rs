//! The Code field (RFC 2865 3, RFC 2866 3, RFC 5176 2.3, RFC 5997 2).

use std::fmt;

/// The kind of a RADIUS packet. An open registry: unknown values are kept as they came.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(pub u8);

impl Code {
    /// RFC 2865 4.1.
    pub const ACCESS_REQUEST: Self = Self(1);
    /// RFC 2865 4.2.
    pub const ACCESS_ACCEPT: Self = Self(2);
    /// RFC 2865 4.3.
    pub const ACCESS_REJECT: Self = Self(3);
    /// RFC 2866 4.1.
    pub const ACCOUNTING_REQUEST: Self = Self(4);
    /// RFC 2866 4.2.
    pub const ACCOUNTING_RESPONSE: Self = Self(5);
    /// RFC 2865 4.4.
    pub const ACCESS_CHALLENGE: Self = Self(11);
    /// RFC 5997 2.
    pub const STATUS_SERVER: Self = Self(12);
    /// RFC 5176 3.1.
    pub const DISCONNECT_REQUEST: Self = Self(40);
    /// RFC 5176 3.1.
    pub const DISCONNECT_ACK: Self = Self(41);
    /// RFC 5176 3.1.
    pub const DISCONNECT_NAK: Self = Self(42);
    /// RFC 5176 3.2.
    pub const COA_REQUEST: Self = Self(43);
    /// RFC 5176 3.2.
    pub const COA_ACK: Self = Self(44);
    /// RFC 5176 3.2.
    pub const COA_NAK: Self = Self(45);
    /// RFC 7930.
    pub const PROTOCOL_ERROR: Self = Self(52);

    /// The registered name, or `Unknown`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ACCESS_REQUEST => "Access-Request",
            Self::ACCESS_ACCEPT => "Access-Accept",
            Self::ACCESS_REJECT => "Access-Reject",
            Self::ACCOUNTING_REQUEST => "Accounting-Request",
            Self::ACCOUNTING_RESPONSE => "Accounting-Response",
            Self::ACCESS_CHALLENGE => "Access-Challenge",
            Self::STATUS_SERVER => "Status-Server",
            Self::DISCONNECT_REQUEST => "Disconnect-Request",
            Self::DISCONNECT_ACK => "Disconnect-ACK",
            Self::DISCONNECT_NAK => "Disconnect-NAK",
            Self::COA_REQUEST => "CoA-Request",
            Self::COA_ACK => "CoA-ACK",
            Self::COA_NAK => "CoA-NAK",
            Self::PROTOCOL_ERROR => "Protocol-Error",
            _ => "Unknown",
        }
    }

    /// Whether the Request Authenticator of such a packet is a keyed digest over it (RFC 2866 3, RFC 5176 2.3) and not
    /// a random number.
    #[must_use]
    pub(super) const fn has_digest_authenticator(self) -> bool {
        matches!(self, Self::ACCOUNTING_REQUEST | Self::DISCONNECT_REQUEST | Self::COA_REQUEST)
    }

    /// Whether RFC 3579 3.3 gives such a packet no Message-Authenticator.
    #[must_use]
    pub(super) const fn is_accounting(self) -> bool {
        matches!(self, Self::ACCOUNTING_REQUEST | Self::ACCOUNTING_RESPONSE)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.name(), self.0)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            "Unknown" => write!(f, "Code {}", self.0),
            name => f.write_str(name),
        }
    }
}

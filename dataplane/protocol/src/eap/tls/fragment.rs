//! One EAP-TLS fragment: the Type-Data of an EAP-TLS packet (RFC 5216 section 3.1).
//!
//! ```text
//!  0                   1                   2                   3
//! |L M S R R R R R|      TLS Message Length (when L is set)       |
//! |               |       TLS Data ...
//! ```

const LENGTH_INCLUDED: u8 = 0x80;
const MORE_FRAGMENTS: u8 = 0x40;
const START_FLAG: u8 = 0x20;

/// Type-Data of the Start packet: the S flag and nothing else (RFC 5216 section 2.1.1).
pub const START: [u8; 1] = [START_FLAG];

/// Why Type-Data is not an EAP-TLS fragment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FragmentError {
    /// No flags octet.
    Empty,
    /// The L flag without four octets of length.
    NoLength,
}

/// A parsed fragment. Reserved flag bits are ignored (RFC 5216 section 3.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fragment<'a> {
    total: Option<u32>,
    more: bool,
    start: bool,
    data: &'a [u8],
}

impl<'a> Fragment<'a> {
    /// Parse the Type-Data of an EAP-TLS packet.
    ///
    /// # Errors
    /// [`FragmentError`] when the flags or the announced length are missing.
    pub fn parse(type_data: &'a [u8]) -> Result<Self, FragmentError> {
        let (&flags, rest) = type_data.split_first().ok_or(FragmentError::Empty)?;
        let (total, data) = if flags & LENGTH_INCLUDED == 0 {
            (None, rest)
        } else {
            let (length, data) = rest.split_first_chunk::<4>().ok_or(FragmentError::NoLength)?;
            (Some(u32::from_be_bytes(*length)), data)
        };
        Ok(Self { total, more: flags & MORE_FRAGMENTS != 0, start: flags & START_FLAG != 0, data })
    }

    /// Append the Type-Data of a fragment. `total` goes on the first fragment of several, `more` on all but the last.
    pub(super) fn encode(out: &mut Vec<u8>, total: Option<u32>, more: bool, data: &[u8]) {
        let mut flags = 0;
        if total.is_some() {
            flags |= LENGTH_INCLUDED;
        }
        if more {
            flags |= MORE_FRAGMENTS;
        }
        out.push(flags);
        if let Some(total) = total {
            out.extend(total.to_be_bytes());
        }
        out.extend(data);
    }

    /// TLS Message Length, when announced.
    #[must_use]
    pub fn total(&self) -> Option<u32> {
        self.total
    }

    /// More fragments follow.
    #[must_use]
    pub fn more(&self) -> bool {
        self.more
    }

    /// The Start flag.
    #[must_use]
    pub fn start(&self) -> bool {
        self.start
    }

    /// TLS octets of this fragment.
    #[must_use]
    pub fn data(&self) -> &'a [u8] {
        self.data
    }

    /// No data and nothing to come: an acknowledgement (RFC 5216 section 2.1.5).
    #[must_use]
    pub fn is_acknowledgement(&self) -> bool {
        self.data.is_empty() && !self.more && !self.start
    }
}

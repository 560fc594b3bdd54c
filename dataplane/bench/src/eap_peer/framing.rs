//! TLS messages in EAP-TLS fragments, both ways (RFC 5216 2.1.5 and 3.1).
//!
//! ```text
//! |   Flags (L M S R R R R R)   |  TLS Message Length (4 octets, only with L)  |  TLS Data ...
//! ```

use super::{EapError, MAX_TLS_MESSAGE};

const LENGTH_INCLUDED: u8 = 0x80;
const MORE_FRAGMENTS: u8 = 0x40;
const START: u8 = 0x20;

/// The Type-Data of one EAP-TLS Request; reserved flag bits are ignored on receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TlsFragment<'a> {
    /// TLS Message Length, when the L bit is set.
    pub announced: Option<usize>,
    /// The M bit: more fragments follow.
    pub more: bool,
    /// The S bit: EAP-TLS Start.
    pub start: bool,
    /// TLS Data.
    pub data: &'a [u8],
}

impl<'a> TlsFragment<'a> {
    /// Reads the Type-Data of an EAP-TLS Request.
    ///
    /// # Errors
    /// [`EapError::Truncated`] without a Flags octet or a promised length; [`EapError::Flags`] for a Start with data
    /// or with M.
    pub fn parse(type_data: &'a [u8]) -> Result<Self, EapError> {
        let [flags, rest @ ..] = type_data else {
            return Err(EapError::Truncated);
        };
        let (announced, data) = if flags & LENGTH_INCLUDED == 0 {
            (None, rest)
        } else {
            let (length, data) = rest.split_first_chunk::<4>().ok_or(EapError::Truncated)?;
            (Some(usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX)), data)
        };
        let fragment = Self { announced, more: flags & MORE_FRAGMENTS != 0, start: flags & START != 0, data };
        if fragment.start && (fragment.more || !data.is_empty()) {
            return Err(EapError::Flags(*flags));
        }
        Ok(fragment)
    }
}

/// What a fragment means for the peer.
#[derive(Debug, PartialEq, Eq)]
pub enum TlsProgress {
    /// Answer with an empty Response and wait for the rest.
    Acknowledge,
    /// A whole TLS message; empty when the server acknowledged one of ours.
    Message(Vec<u8>),
}

/// Collects the server's fragments; at most [`MAX_TLS_MESSAGE`] octets, never allocated from the announced length.
#[derive(Debug, Default)]
pub struct Reassembly {
    buffer: Vec<u8>,
    announced: Option<usize>,
}

impl Reassembly {
    /// Takes one fragment that is not a Start.
    ///
    /// # Errors
    /// [`EapError::Flags`] for M without data, [`EapError::TooLarge`], [`EapError::TlsLength`].
    pub fn accept(&mut self, fragment: &TlsFragment<'_>) -> Result<TlsProgress, EapError> {
        if fragment.more && fragment.data.is_empty() {
            return Err(EapError::Flags(MORE_FRAGMENTS));
        }
        if self.buffer.is_empty() {
            self.announced = fragment.announced;
        }
        let received = self.buffer.len() + fragment.data.len();
        if received > MAX_TLS_MESSAGE || self.announced.is_some_and(|announced| announced > MAX_TLS_MESSAGE) {
            return Err(EapError::TooLarge);
        }
        self.buffer.extend_from_slice(fragment.data);
        match self.announced {
            Some(announced) if received > announced || (!fragment.more && received != announced) => {
                Err(EapError::TlsLength { announced, received })
            }
            _ if fragment.more => Ok(TlsProgress::Acknowledge),
            _ => {
                self.announced = None;
                Ok(TlsProgress::Message(std::mem::take(&mut self.buffer)))
            }
        }
    }
}

/// Cuts the peer's TLS messages into fragments of at most `size` octets of TLS Data.
#[derive(Debug)]
pub struct Fragmenter {
    size: usize,
    pending: Vec<u8>,
    sent: usize,
}

impl Fragmenter {
    /// `size`: octets of TLS Data per Response, at least 1.
    #[must_use]
    pub fn new(size: usize) -> Self {
        Self { size: size.max(1), pending: Vec::new(), sent: 0 }
    }

    /// Queues a TLS message; the previous one has left completely.
    pub fn load(&mut self, message: Vec<u8>) {
        self.pending = message;
        self.sent = 0;
    }

    /// True while fragments of the message wait for the server's acknowledgement.
    #[must_use]
    pub fn has_more(&self) -> bool {
        self.sent < self.pending.len()
    }

    /// The Type-Data of the next Response; empty TLS Data (an acknowledgement) when nothing is queued.
    ///
    /// L stands on the first of several fragments only: an unfragmented message has none (RFC 9190 2.1.9).
    pub fn next_fragment(&mut self) -> Vec<u8> {
        let rest = self.pending.get(self.sent..).unwrap_or_default();
        let data = rest.get(..self.size).unwrap_or(rest);
        let more = data.len() < rest.len();
        let first_of_several = self.sent == 0 && more;
        let mut type_data = Vec::with_capacity(data.len() + 5);
        type_data.push(if more { MORE_FRAGMENTS } else { 0 } | if first_of_several { LENGTH_INCLUDED } else { 0 });
        if first_of_several {
            let total = u32::try_from(self.pending.len()).unwrap_or(u32::MAX);
            type_data.extend_from_slice(&total.to_be_bytes());
        }
        type_data.extend_from_slice(data);
        self.sent += data.len();
        type_data
    }
}

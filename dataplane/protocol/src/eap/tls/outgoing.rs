//! A flight of TLS records on its way to the peer, cut to what fits (RFC 5216 section 2.1.5).

use super::fragment::Fragment;
use crate::eap::{EapType, request};

/// EAP header, Type and flags of a fragment.
const OVERHEAD: usize = 6;
/// The TLS Message Length field.
const LENGTH_FIELD: usize = 4;
/// The smallest EAP packet that a link can ask for: the least Framed-MTU is 64 octets (RFC 2865 section 5.12), of which
/// IEEE 802.1X takes 4.
const SMALLEST: usize = 60;

/// A flight being sent. The current fragment can be made again, octet for octet, until the peer acknowledges it.
#[derive(Debug)]
pub struct Outgoing {
    flight: Vec<u8>,
    sent: usize,
    current: usize,
}

impl Outgoing {
    /// Begin to send `flight`.
    #[must_use]
    pub fn new(flight: Vec<u8>) -> Self {
        Self { flight, sent: 0, current: 0 }
    }

    /// The next EAP-Request, at most `size` octets long (RFC 3579 section 2.4), or `None` when all is acknowledged.
    pub fn next(&mut self, identifier: u8, size: usize) -> Option<Vec<u8>> {
        self.sent += self.current;
        let left = self.flight.len() - self.sent;
        if left == 0 {
            return None;
        }
        let room = size.max(SMALLEST) - OVERHEAD;
        self.current = match (self.sent, left) {
            (_, left) if left <= room => left,
            (0, _) => room - LENGTH_FIELD,
            _ => room,
        };
        Some(self.again(identifier))
    }

    /// The current fragment once more.
    #[must_use]
    pub fn again(&self, identifier: u8) -> Vec<u8> {
        let end = self.sent + self.current;
        let data = self.flight.get(self.sent..end).unwrap_or_default();
        let more = end < self.flight.len();
        let first_of_several = self.sent == 0 && more;
        let total = first_of_several.then(|| u32::try_from(self.flight.len()).unwrap_or(u32::MAX));
        let mut type_data = Vec::with_capacity(1 + LENGTH_FIELD + data.len());
        Fragment::encode(&mut type_data, total, more, data);
        request(identifier, EapType::TLS, &type_data)
    }

    /// True while a later fragment is still to be sent.
    #[must_use]
    pub fn more(&self) -> bool {
        self.sent + self.current < self.flight.len()
    }
}

//! Joining the peer's fragments into one flight of TLS records (RFC 5216 section 2.1.5).
//!
//! The announced TLS Message Length is the peer's word: it is compared, never allocated from.

use super::fragment::Fragment;

/// Why a flight cannot be joined.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReassemblyError {
    /// More octets announced or sent than the limit.
    TooLarge,
    /// The flight's octets differ from the TLS Message Length announced, or the announcement changed.
    LengthMismatch,
    /// A fragment that says "more" but brings nothing.
    EmptyFragment,
}

/// What one more fragment led to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reassembled {
    /// Acknowledge it and wait for the next.
    More,
    /// The whole flight; the reassembly is empty again.
    Flight(Vec<u8>),
}

/// The fragments of the flight under way; empty between flights and without heap memory then.
#[derive(Default, Debug)]
pub struct Reassembly {
    octets: Vec<u8>,
    announced: Option<u32>,
}

impl Reassembly {
    /// Add a fragment. `limit`: octets that a flight may have.
    ///
    /// # Errors
    /// [`ReassemblyError`]; the conversation is over then.
    pub fn add(&mut self, fragment: &Fragment<'_>, limit: usize) -> Result<Reassembled, ReassemblyError> {
        self.announce(fragment.total(), limit)?;
        if fragment.more() && fragment.data().is_empty() {
            return Err(ReassemblyError::EmptyFragment);
        }
        if self.octets.len() + fragment.data().len() > limit {
            return Err(ReassemblyError::TooLarge);
        }
        self.octets.extend_from_slice(fragment.data());
        if fragment.more() {
            return Ok(Reassembled::More);
        }
        let announced = self.announced.take();
        let flight = std::mem::take(&mut self.octets);
        match announced {
            Some(length) if usize::try_from(length) != Ok(flight.len()) => Err(ReassemblyError::LengthMismatch),
            _ => Ok(Reassembled::Flight(flight)),
        }
    }

    fn announce(&mut self, total: Option<u32>, limit: usize) -> Result<(), ReassemblyError> {
        let Some(total) = total else { return Ok(()) };
        if usize::try_from(total).map_or(true, |total| total > limit) {
            return Err(ReassemblyError::TooLarge);
        }
        match self.announced {
            Some(earlier) if earlier != total => Err(ReassemblyError::LengthMismatch),
            _ => {
                self.announced = Some(total);
                Ok(())
            }
        }
    }

    /// Octets held now.
    #[must_use]
    pub fn held(&self) -> usize {
        self.octets.len()
    }
}

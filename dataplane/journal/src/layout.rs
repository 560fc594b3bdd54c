//! The files, octet by octet; numbers are little-endian.
//!
//! ```text
//! segment                                  record
//!  0  magic "nacjrnl" and version 1         0  octets of payload            u32
//!  8  node                   16 octets      4  CRC-32C of all but this      u32
//! 24  first sequence             u64        8  sequence                     u64
//! 32  CRC-32C of 0 to 31         u32       16  Unix microseconds            u64
//! 36  records, one after another           24  kind                         u8
//!  .  zeros, or nothing                    25  payload
//! ```
//!
//! The CRC of a record goes on from the CRC of its segment's header: a record of another segment, or one that somebody
//! wrote into a payload, is none here. Sequences grow by one; a number may be missing where a write failed.

use std::fmt;

/// Octets of a segment's header.
pub(crate) const SEGMENT_HEADER: usize = 36;
/// Octets of a record before its payload.
pub(crate) const RECORD_HEADER: usize = 25;
/// Largest payload: a RADIUS packet has 4,096 octets, the event of an authentication rarely above 16,384.
pub const MAX_PAYLOAD: usize = 262_144;

const MAGIC: &[u8; 8] = b"nacjrnl\x01";

/// Which node wrote a journal: random, in the header of each of its segments, and once more in a file beside them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct NodeId(pub [u8; 16]);

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl NodeId {
    /// From 32 hexadecimal digits.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = text.trim_end();
        let number = u128::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 32)?;
        Some(Self(number.to_be_bytes()))
    }
}

/// What a payload is; the journal itself does not look. An open registry.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Kind(pub u8);

/// One record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Its number; grows.
    pub sequence: u64,
    /// Unix microseconds.
    pub at: u64,
    /// What the payload is.
    pub kind: Kind,
    /// What was to be kept.
    pub payload: Vec<u8>,
}

/// The header of a segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SegmentHeader {
    /// Who wrote it.
    pub node: NodeId,
    /// Sequence of its first record.
    pub first: u64,
}

impl SegmentHeader {
    /// As it stands in the file.
    #[must_use]
    pub fn octets(&self) -> [u8; SEGMENT_HEADER] {
        let mut octets = [0; SEGMENT_HEADER];
        let (checked, crc) = octets.split_at_mut(32);
        let fields = [&MAGIC[..], &self.node.0, &self.first.to_le_bytes()].concat();
        checked.copy_from_slice(&fields);
        crc.copy_from_slice(&crc32c::crc32c(checked).to_le_bytes());
        octets
    }

    /// From the beginning of a file; `None` when it is damaged.
    #[must_use]
    pub fn parse(octets: &[u8]) -> Option<Self> {
        let header = octets.first_chunk::<SEGMENT_HEADER>()?;
        let node = NodeId(header.get(8..24)?.try_into().ok()?);
        let first = u64::from_le_bytes(header.get(24..32)?.try_into().ok()?);
        let parsed = Self { node, first };
        (parsed.octets() == *header).then_some(parsed)
    }

    /// What the CRC of each record goes on from.
    pub(crate) fn seed(&self) -> u32 {
        let [.., a, b, c, d] = self.octets();
        u32::from_le_bytes([a, b, c, d])
    }
}

/// What stands at some place of a segment.
pub(crate) enum Parsed<'a> {
    /// A record: sequence, Unix microseconds, kind, payload.
    Record(u64, u64, Kind, &'a [u8]),
    /// The octets end before the record does, if it is one.
    Short,
    /// No record.
    Bad,
}

/// Look for a record at the beginning of `octets`, with a sequence after `last`.
pub(crate) fn parse(octets: &[u8], last: u64, seed: u32) -> Parsed<'_> {
    let Some(header) = octets.first_chunk::<RECORD_HEADER>() else { return Parsed::Short };
    let [l0, l1, l2, l3, c0, c1, c2, c3, checked @ ..] = header;
    let length = u32::from_le_bytes([*l0, *l1, *l2, *l3]);
    let Ok(payload_length) = usize::try_from(length) else { return Parsed::Bad };
    let [s0, s1, s2, s3, s4, s5, s6, s7, a0, a1, a2, a3, a4, a5, a6, a7, kind] = checked;
    let sequence = u64::from_le_bytes([*s0, *s1, *s2, *s3, *s4, *s5, *s6, *s7]);
    if payload_length > MAX_PAYLOAD || sequence <= last {
        return Parsed::Bad;
    }
    let Some(payload) = octets.get(RECORD_HEADER..RECORD_HEADER + payload_length) else { return Parsed::Short };
    if checksum(seed, length, checked, payload) != u32::from_le_bytes([*c0, *c1, *c2, *c3]) {
        return Parsed::Bad;
    }
    let at = u64::from_le_bytes([*a0, *a1, *a2, *a3, *a4, *a5, *a6, *a7]);
    Parsed::Record(sequence, at, Kind(*kind), payload)
}

/// CRC-32C over the length, then what stands behind the CRC.
pub(crate) fn checksum(seed: u32, length: u32, checked: &[u8], payload: &[u8]) -> u32 {
    let crc = crc32c::crc32c_append(seed, &length.to_le_bytes());
    crc32c::crc32c_append(crc32c::crc32c_append(crc, checked), payload)
}

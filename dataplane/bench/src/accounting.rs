//! What a NAS reports of a session, and of itself (RFC 2866, RFC 2869).

use nac_protocol::radius::{AttributeType, BuildError, RequestBuilder};

use crate::nas_port::NasPort;

/// Acct-Authentic RADIUS (RFC 2866 5.6).
const AUTHENTIC_RADIUS: u32 = 1;

/// Octets that a device sends and receives in a second of its session, so that counters grow as real ones do.
const OCTETS_PER_SECOND: (u64, u64) = (40_000, 250_000);
/// Octets of one of its packets.
const OCTETS_PER_PACKET: u64 = 800;

/// Acct-Status-Type (RFC 2866 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccountingStatus {
    /// A session begins.
    Start,
    /// A session ends.
    Stop,
    /// A session goes on.
    InterimUpdate,
    /// The NAS begins: no session from before lives.
    On,
}

impl AccountingStatus {
    fn number(self) -> u32 {
        match self {
            Self::Start => 1,
            Self::Stop => 2,
            Self::InterimUpdate => 3,
            Self::On => 7,
        }
    }
}

/// Acct-Terminate-Cause (RFC 2866 5.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TerminateCause {
    /// The device was unplugged, or went elsewhere.
    LostCarrier,
    /// The server asked for it (RFC 5176).
    AdminReset,
}

impl TerminateCause {
    fn number(self) -> u32 {
        match self {
            Self::LostCarrier => 2,
            Self::AdminReset => 6,
        }
    }
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountingRecord {
    /// What happened.
    pub status: AccountingStatus,
    /// Acct-Session-Id.
    pub session_id: String,
    /// Class, as the Access-Accept had it (RFC 2865 5.25).
    pub class: Option<Vec<u8>>,
    /// User-Name; empty for [`AccountingStatus::On`].
    pub user_name: Vec<u8>,
    /// Event-Timestamp, seconds since 1970 (RFC 2869 5.3).
    pub event_timestamp: Option<u32>,
    /// Acct-Session-Time in seconds.
    pub session_time: u32,
    /// Acct-Terminate-Cause of a Stop.
    pub terminate_cause: TerminateCause,
}

impl AccountingRecord {
    /// Adds the record, and the port that it is about, to an Accounting-Request.
    pub(crate) fn put(&self, port: &NasPort, request: &mut RequestBuilder) -> Result<(), BuildError> {
        request
            .integer(AttributeType::ACCT_STATUS_TYPE, self.status.number())?
            .text(AttributeType::ACCT_SESSION_ID, &self.session_id)?
            .integer(AttributeType::ACCT_DELAY_TIME, 0)?;
        if let Some(timestamp) = self.event_timestamp {
            request.integer(AttributeType::EVENT_TIMESTAMP, timestamp)?;
        }
        if self.status == AccountingStatus::On {
            return port.describe_nas(request);
        }
        request
            .attribute(AttributeType::USER_NAME, &self.user_name)?
            .integer(AttributeType::ACCT_AUTHENTIC, AUTHENTIC_RADIUS)?;
        if let Some(class) = &self.class {
            request.attribute(AttributeType::CLASS, class)?;
        }
        if self.status != AccountingStatus::Start {
            self.put_counters(request)?;
        }
        if self.status == AccountingStatus::Stop {
            request.integer(AttributeType::ACCT_TERMINATE_CAUSE, self.terminate_cause.number())?;
        }
        port.describe(request)
    }

    fn put_counters(&self, request: &mut RequestBuilder) -> Result<(), BuildError> {
        let total = |per_second: u64| u64::from(self.session_time) * per_second;
        let (input, output) = (total(OCTETS_PER_SECOND.0), total(OCTETS_PER_SECOND.1));
        request
            .integer(AttributeType::ACCT_SESSION_TIME, self.session_time)?
            .integer(AttributeType::ACCT_INPUT_OCTETS, low(input))?
            .integer(AttributeType::ACCT_OUTPUT_OCTETS, low(output))?
            .integer(AttributeType::ACCT_INPUT_GIGAWORDS, low(input >> 32))?
            .integer(AttributeType::ACCT_OUTPUT_GIGAWORDS, low(output >> 32))?
            .integer(AttributeType::ACCT_INPUT_PACKETS, low(input / OCTETS_PER_PACKET))?
            .integer(AttributeType::ACCT_OUTPUT_PACKETS, low(output / OCTETS_PER_PACKET))?;
        Ok(())
    }
}

/// The low 32 bits, which wrap as a switch's counters do (RFC 2866 5.3).
fn low(number: u64) -> u32 {
    u32::try_from(number & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail loudly")]

    use nac_protocol::radius::{Code, Packet, Secret};

    use super::*;
    use crate::nas_port::MacAddress;

    fn sent(status: AccountingStatus) -> Vec<u8> {
        let record = AccountingRecord {
            status,
            session_id: "7".to_owned(),
            class: Some(b"decision".to_vec()),
            user_name: b"alice".to_vec(),
            event_timestamp: Some(1_800_000_000),
            session_time: 86_400,
            terminate_cause: TerminateCause::AdminReset,
        };
        let mut request = RequestBuilder::new(Code::ACCOUNTING_REQUEST, 1, [0; 16]);
        record.put(&NasPort::wired(MacAddress::numbered(1)), &mut request).unwrap();
        request.finish(&Secret::new(b"a secret of the tests").unwrap())
    }

    fn number(packet: &Packet<'_>, ty: AttributeType) -> Option<u32> {
        packet.first(ty).map(|value| u32::from_be_bytes(value.try_into().unwrap()))
    }

    #[test]
    fn rfc2869_5_1_gigawords_carry_what_32_bits_do_not() {
        let octets = sent(AccountingStatus::Stop);
        let packet = Packet::parse(&octets).unwrap();
        let high = u64::from(number(&packet, AttributeType::ACCT_OUTPUT_GIGAWORDS).unwrap());
        let rest = u64::from(number(&packet, AttributeType::ACCT_OUTPUT_OCTETS).unwrap());
        assert_eq!((high << 32) + rest, 86_400 * 250_000);
        assert_eq!(packet.first(AttributeType::CLASS), Some(b"decision".as_slice()));
        assert_eq!(number(&packet, AttributeType::EVENT_TIMESTAMP), Some(1_800_000_000));
        assert_eq!(number(&packet, AttributeType::ACCT_TERMINATE_CAUSE), Some(6));
    }

    #[test]
    fn rfc2866_5_13_what_a_record_may_have() {
        let (start, on) = (sent(AccountingStatus::Start), sent(AccountingStatus::On));
        let (start, on) = (Packet::parse(&start).unwrap(), Packet::parse(&on).unwrap());
        assert_eq!(start.first(AttributeType::ACCT_SESSION_TIME), None);
        assert!(start.first(AttributeType::CALLING_STATION_ID).is_some());
        assert_eq!(on.first(AttributeType::CALLING_STATION_ID), None);
        assert!(on.first(AttributeType::NAS_IDENTIFIER).is_some());
        assert_eq!(number(&on, AttributeType::ACCT_STATUS_TYPE), Some(7));
    }
}

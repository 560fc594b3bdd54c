//! An Accounting-Request as the journal keeps it.
//!
//! ```text
//!  0  source address, IPv4 as mapped   16 octets
//! 16  source port                      u16
//! 18  receiving socket                 u8
//! 19  generation of the snapshot       u64
//! 27  octets of the client's name      u16
//! 29  the client's name, UTF-8
//!  .  the packet, without what belongs to authentication alone
//! ```
//! Numbers are big-endian, as in the packet.

use std::net::{Ipv6Addr, SocketAddr};

use nac_protocol::radius::{AttributeType, HEADER_LENGTH, Packet};

use crate::duplicate::RequestKey;

const FIXED: usize = 29;

/// What RFC 2866 section 4.1 does not allow in an Accounting-Request; it is not kept.
const FOREIGN: [AttributeType; 5] = [
    AttributeType::USER_PASSWORD,
    AttributeType::CHAP_PASSWORD,
    AttributeType::REPLY_MESSAGE,
    AttributeType::STATE,
    AttributeType::EAP_MESSAGE,
];

/// An Accounting-Request that was recorded.
#[derive(Clone, Copy, Debug)]
pub struct AccountingRecord<'a> {
    /// Where it came from.
    pub source: SocketAddr,
    /// The receiving socket's number.
    pub socket: u8,
    /// The snapshot that was published then.
    pub generation: u64,
    /// The RADIUS client's name then.
    pub client: &'a str,
    /// The request.
    pub packet: Packet<'a>,
}

impl<'a> AccountingRecord<'a> {
    /// As the journal keeps it.
    #[must_use]
    pub fn octets(&self) -> Vec<u8> {
        let mut octets = Vec::with_capacity(FIXED + self.client.len() + self.packet.octets().len());
        let address = match self.source.ip() {
            std::net::IpAddr::V4(v4) => v4.to_ipv6_mapped(),
            std::net::IpAddr::V6(v6) => v6,
        };
        octets.extend_from_slice(&address.octets());
        octets.extend_from_slice(&self.source.port().to_be_bytes());
        octets.push(self.socket);
        octets.extend_from_slice(&self.generation.to_be_bytes());
        let name = u16::try_from(self.client.len()).unwrap_or_default();
        octets.extend_from_slice(&name.to_be_bytes());
        octets.extend(self.client.bytes().take(usize::from(name)));
        put_packet(&mut octets, &self.packet);
        octets
    }

    /// From a payload; `None` when it is none of this version.
    #[must_use]
    pub fn read(payload: &'a [u8]) -> Option<Self> {
        let (address, rest) = payload.split_first_chunk::<16>()?;
        let (port, rest) = rest.split_first_chunk::<2>()?;
        let (&[socket], rest) = rest.split_first_chunk::<1>()?;
        let (generation, rest) = rest.split_first_chunk::<8>()?;
        let (name, rest) = rest.split_first_chunk::<2>()?;
        let (client, packet) = rest.split_at_checked(usize::from(u16::from_be_bytes(*name)))?;
        let address = Ipv6Addr::from(*address).to_canonical();
        Some(Self {
            source: (address, u16::from_be_bytes(*port)).into(),
            socket,
            generation: u64::from_be_bytes(*generation),
            client: std::str::from_utf8(client).ok()?,
            packet: Packet::parse(packet).ok()?,
        })
    }

    /// What a retransmission of it has in common with it.
    #[must_use]
    pub fn key(&self) -> RequestKey {
        RequestKey { socket: self.socket, source: self.source, identifier: self.packet.identifier() }
    }
}

fn put_packet(out: &mut Vec<u8>, packet: &Packet<'_>) {
    let begin = out.len();
    out.extend_from_slice(packet.octets().get(..HEADER_LENGTH).unwrap_or_default());
    for attribute in packet.attributes().filter(|attribute| !FOREIGN.contains(&attribute.ty)) {
        let length = u8::try_from(attribute.value.len() + 2).unwrap_or(u8::MAX);
        out.extend_from_slice(&[attribute.ty.0, length]);
        out.extend_from_slice(attribute.value);
    }
    // Never longer than the packet that came.
    let length = u16::try_from(out.len() - begin).unwrap_or(u16::MAX);
    if let Some(field) = out.get_mut(begin + 2..begin + 4) {
        field.copy_from_slice(&length.to_be_bytes());
    }
}

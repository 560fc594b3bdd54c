//! What a NAS says about where a request comes from: read once, for facts and for the record.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use nac_policy::MacAddress;
use nac_protocol::radius::{AttributeType, Packet};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, ToSmolStr};

use crate::client::RadiusClient;

/// NAS-Port-Type (RFC 2865 section 5.41) as far as it tells wired from wireless.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Connection {
    /// Ethernet.
    Wired,
    /// IEEE 802.11.
    Wireless,
}

impl Connection {
    /// The word policies use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Wired => "wired",
            Self::Wireless => "wireless",
        }
    }
}

/// Where the device is plugged in, as the NAS said it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, Default)]
#[expect(missing_docs, reason = "documented with nac.events.types.NasPort")]
pub struct NasPort {
    pub identifier: Option<SmolStr>,
    pub address: Option<IpAddr>,
    pub port: Option<u32>,
    pub port_id: Option<SmolStr>,
    pub port_type: Option<SmolStr>,
    pub called_station: Option<SmolStr>,
    pub ssid: Option<SmolStr>,
}

/// What a request's attributes say of its origin.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// Where the device is plugged in.
    pub nas: NasPort,
    /// Wired or wireless, when said.
    pub connection: Option<Connection>,
    /// Calling-Station-Id, when it is a MAC address.
    pub mac: Option<MacAddress>,
    /// User-Name; not authenticated.
    pub user_name: Option<SmolStr>,
}

/// The origin of a conversation.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Who asks.
    pub client: Arc<RadiusClient>,
    /// From which address and port.
    pub source: SocketAddr,
    /// Where the device is plugged in.
    pub nas: NasPort,
    /// Wired or wireless, when said.
    pub connection: Option<Connection>,
    /// Calling-Station-Id, when it is a MAC address.
    pub mac: Option<MacAddress>,
    /// User-Name; not authenticated.
    pub user_name: Option<SmolStr>,
}

impl Origin {
    /// Read it from a verified request.
    #[must_use]
    pub fn of(packet: &Packet<'_>, client: &Arc<RadiusClient>, source: SocketAddr) -> Self {
        let Said { nas, connection, mac, user_name } = Said::of(packet);
        Self { client: Arc::clone(client), source, nas, connection, mac, user_name }
    }
}

impl Said {
    /// Read it from a packet.
    #[must_use]
    pub fn of(packet: &Packet<'_>) -> Self {
        let mut nas = NasPort::default();
        let mut connection = None;
        let mut mac = None;
        let mut user_name = None;
        for attribute in packet.attributes() {
            let value = attribute.value;
            match attribute.ty {
                AttributeType::USER_NAME => user_name = Some(text(value)),
                AttributeType::NAS_IDENTIFIER => nas.identifier = Some(text(value)),
                AttributeType::NAS_IP_ADDRESS => nas.address = <[u8; 4]>::try_from(value).ok().map(IpAddr::from),
                AttributeType::NAS_IPV6_ADDRESS => nas.address = <[u8; 16]>::try_from(value).ok().map(IpAddr::from),
                AttributeType::NAS_PORT => nas.port = integer(value),
                AttributeType::NAS_PORT_ID => nas.port_id = Some(text(value)),
                AttributeType::NAS_PORT_TYPE => {
                    let ty = integer(value);
                    connection = ty.and_then(connection_of);
                    nas.port_type = ty.map(port_type_name);
                }
                AttributeType::CALLED_STATION_ID => {
                    let called = text(value);
                    nas.ssid = ssid(&called);
                    nas.called_station = Some(called);
                }
                AttributeType::CALLING_STATION_ID => {
                    mac = std::str::from_utf8(value).ok().and_then(|mac| mac.parse().ok())
                }
                _ => {}
            }
        }
        Self { nas, connection, mac, user_name }
    }
}

/// Text as it came, with what is not UTF-8 replaced; escaping is the reader's part.
pub(crate) fn text(value: &[u8]) -> SmolStr {
    // What is UTF-8 throughout, as nearly all is, is found out faster than where it is not.
    str::from_utf8(value).map_or_else(|_| String::from_utf8_lossy(value).into(), SmolStr::new)
}

pub(crate) fn integer(value: &[u8]) -> Option<u32> {
    value.try_into().ok().map(u32::from_be_bytes)
}

fn connection_of(port_type: u32) -> Option<Connection> {
    match port_type {
        15 => Some(Connection::Wired),
        18 | 19 => Some(Connection::Wireless),
        _ => None,
    }
}

fn port_type_name(port_type: u32) -> SmolStr {
    match port_type {
        5 => SmolStr::new_static("Virtual"),
        15 => SmolStr::new_static("Ethernet"),
        18 => SmolStr::new_static("Wireless-Other"),
        19 => SmolStr::new_static("Wireless-802.11"),
        other => other.to_smolstr(),
    }
}

/// The part of Called-Station-Id after the access point's MAC address (RFC 3580 section 3.20).
fn ssid(called: &str) -> Option<SmolStr> {
    let (station, ssid) = called.split_at_checked(17)?;
    station.parse::<MacAddress>().ok()?;
    ssid.strip_prefix(':').map(SmolStr::new)
}

#[cfg(test)]
mod tests {
    #[test]
    fn rfc3580_3_20_called_station_id_carries_the_ssid() {
        for (called, ssid) in [
            ("00-10-A4-23-19-C0:AP1", Some("AP1")),
            ("00-10-A4-23-19-C0:a:b", Some("a:b")),
            ("00-10-A4-23-19-C0", None),
            ("switch-17-port-4:x", None),
            ("é", None),
        ] {
            assert_eq!(super::ssid(called).as_deref(), ssid, "{called}");
        }
    }
}

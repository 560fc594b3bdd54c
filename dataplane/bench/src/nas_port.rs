//! Where the simulated device is plugged in, as its NAS tells the server (RFC 3580 3).

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use nac_protocol::radius::{AttributeType, BuildError, RequestBuilder};

/// NAS-Port-Type Ethernet (RFC 2865 5.41).
pub const PORT_TYPE_ETHERNET: u32 = 15;
/// NAS-Port-Type Wireless - IEEE 802.11 (RFC 2865 5.41).
pub const PORT_TYPE_WIRELESS: u32 = 19;

/// A device's MAC address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MacAddress(pub [u8; 6]);

/// Not twelve hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MacAddressError;

impl fmt::Display for MacAddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a MAC address has 12 hex digits, with or without - : . between them")
    }
}

impl std::error::Error for MacAddressError {}

impl MacAddress {
    /// The n-th of the load generator's devices: locally administered, 02-00 and 32 bits of `index`.
    #[must_use]
    pub fn numbered(index: u32) -> Self {
        let [a, b, c, d] = index.to_be_bytes();
        Self([0x02, 0x00, a, b, c, d])
    }

    /// Which of the load generator's devices it is; None for another's address.
    #[must_use]
    pub fn number(&self) -> Option<u32> {
        match self.0 {
            [0x02, 0x00, index @ ..] => Some(u32::from_be_bytes(index)),
            _ => None,
        }
    }

    /// Twelve lower-case hex digits, the User-Name that most NASes send for MAC authentication bypass.
    #[must_use]
    pub fn bare(&self) -> String {
        self.0.iter().map(|octet| format!("{octet:02x}")).collect()
    }
}

/// As in Calling-Station-Id (RFC 3580 3.21): upper case with dashes.
impl fmt::Display for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02X}-{b:02X}-{c:02X}-{d:02X}-{e:02X}-{g:02X}")
    }
}

impl FromStr for MacAddress {
    type Err = MacAddressError;

    fn from_str(text: &str) -> Result<Self, MacAddressError> {
        let digits: String = text.chars().filter(|c| !matches!(c, '-' | ':' | '.')).collect();
        if digits.len() != 12 || !digits.is_ascii() {
            return Err(MacAddressError);
        }
        let number = u64::from_str_radix(&digits, 16).map_err(|_| MacAddressError)?;
        let [_, _, octets @ ..] = number.to_be_bytes();
        Ok(Self(octets))
    }
}

/// The attributes by which a NAS describes the port.
#[derive(Clone, Debug)]
pub struct NasPort {
    /// Calling-Station-Id: the device.
    pub calling_station: MacAddress,
    /// Called-Station-Id: port's own address, with `:SSID` on wireless (RFC 3580 3.20).
    pub called_station: Option<String>,
    /// Connect-Info.
    pub connect_info: Option<String>,
    /// NAS-Identifier.
    pub nas_identifier: String,
    /// NAS-IP-Address.
    pub nas_ip_address: Ipv4Addr,
    /// NAS-Port.
    pub port: u32,
    /// NAS-Port-Id (RFC 2869 5.17).
    pub port_id: Option<String>,
    /// NAS-Port-Type.
    pub port_type: u32,
    /// Framed-MTU in octets (RFC 3579 2.4); None sends none.
    pub framed_mtu: Option<u32>,
}

impl NasPort {
    /// A wired port that `calling_station` is plugged into.
    #[must_use]
    pub fn wired(calling_station: MacAddress) -> Self {
        Self {
            calling_station,
            called_station: None,
            connect_info: None,
            nas_identifier: "nac-supplicant".to_owned(),
            nas_ip_address: Ipv4Addr::LOCALHOST,
            port: 1,
            port_id: None,
            port_type: PORT_TYPE_ETHERNET,
            framed_mtu: None,
        }
    }

    /// Adds the port's attributes to a request.
    ///
    /// # Errors
    /// [`BuildError`] for a text longer than 253 octets.
    pub fn describe(&self, request: &mut RequestBuilder) -> Result<(), BuildError> {
        self.describe_nas(request)?;
        request
            .integer(AttributeType::NAS_PORT, self.port)?
            .integer(AttributeType::NAS_PORT_TYPE, self.port_type)?
            .text(AttributeType::CALLING_STATION_ID, &self.calling_station.to_string())?;
        if let Some(port_id) = &self.port_id {
            request.text(AttributeType::NAS_PORT_ID, port_id)?;
        }
        if let Some(called_station) = &self.called_station {
            request.text(AttributeType::CALLED_STATION_ID, called_station)?;
        }
        if let Some(connect_info) = &self.connect_info {
            request.text(AttributeType::CONNECT_INFO, connect_info)?;
        }
        if let Some(framed_mtu) = self.framed_mtu {
            request.integer(AttributeType::FRAMED_MTU, framed_mtu)?;
        }
        Ok(())
    }

    /// Adds what is the NAS's own.
    ///
    /// # Errors
    /// [`BuildError`] for a text longer than 253 octets.
    pub fn describe_nas(&self, request: &mut RequestBuilder) -> Result<(), BuildError> {
        request
            .attribute(AttributeType::NAS_IP_ADDRESS, &self.nas_ip_address.octets())?
            .text(AttributeType::NAS_IDENTIFIER, &self.nas_identifier)?;
        Ok(())
    }
}

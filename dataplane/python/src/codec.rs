//! Dictionaries, packets and distinguished names, for the command line, enforcement, the authority and tests.

use std::collections::BTreeMap;
use std::sync::Arc;

use nac_protocol::dictionary;
use nac_protocol::radius::{
    AttributeType, Code, Packet, Presence, Secret, verify_request_message_authenticator, verify_response,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::errors::{DictionaryError, PacketError};

/// RADIUS attribute dictionaries, parsed once.
#[pyclass(frozen, module = "nac._dataplane")]
pub(crate) struct Dictionary {
    pub(crate) inner: Arc<dictionary::Dictionary>,
}

#[pymethods]
impl Dictionary {
    #[new]
    #[pyo3(signature = (*, texts))]
    fn new(texts: BTreeMap<String, String>) -> PyResult<Self> {
        let texts: Vec<_> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let inner = dictionary::Dictionary::parse(&texts).map_err(|why| DictionaryError::new_err(why.to_string()))?;
        Ok(Self { inner: Arc::new(inner) })
    }

    #[pyo3(signature = (name, value, *, tag = 0))]
    fn encode(&self, name: &str, value: &str, tag: u8) -> PyResult<Vec<u8>> {
        self.inner.encode(name, value, tag).map_err(|why| DictionaryError::new_err(why.to_string()))
    }

    fn names(&self) -> Vec<String> {
        self.inner.names().map(str::to_string).collect()
    }
}

/// One attribute, named and shown.
#[pyclass(frozen, get_all, module = "nac._dataplane")]
#[derive(Clone)]
pub(crate) struct DecodedAttribute {
    name: String,
    value: String,
    raw: Vec<u8>,
}

/// A parsed packet.
#[pyclass(frozen, get_all, module = "nac._dataplane")]
pub(crate) struct DecodedPacket {
    code: u8,
    code_name: &'static str,
    identifier: u8,
    authenticator: Vec<u8>,
    length: usize,
    attributes: Vec<DecodedAttribute>,
    message_authenticator: &'static str,
}

/// A Name (DER) as text (RFC 4514).
#[pyfunction]
pub(crate) fn distinguished_name(der: &[u8]) -> PyResult<String> {
    nac_server::tls::distinguished_name(der).map_err(|_| PyValueError::new_err("not a distinguished name"))
}

/// Parse one RADIUS packet (RFC 2865 section 3).
#[pyfunction]
#[pyo3(signature = (data, *, dictionary, secret = None, request_authenticator = None))]
pub(crate) fn decode_packet(
    data: &[u8],
    dictionary: &Dictionary,
    secret: Option<&[u8]>,
    request_authenticator: Option<&[u8]>,
) -> PyResult<DecodedPacket> {
    let refused = |why: &dyn std::fmt::Display| PacketError::new_err(why.to_string());
    let packet = Packet::parse(data).map_err(|why| refused(&why))?;
    let request_authenticator = request_authenticator
        .map(|octets| octets.try_into().map_err(|_| refused(&"a Request Authenticator has 16 octets")))
        .transpose()?;
    let secret = secret.map(Secret::new).transpose().map_err(|why| refused(&why))?;
    let attributes = dictionary.inner.describe(&packet).into_iter().map(|described| DecodedAttribute {
        name: described.name,
        value: described.value,
        raw: described.raw.into_owned(),
    });
    Ok(DecodedPacket {
        code: packet.code().0,
        code_name: packet.code().name(),
        identifier: packet.identifier(),
        authenticator: packet.authenticator().to_vec(),
        length: packet.octets().len(),
        attributes: attributes.collect(),
        message_authenticator: check(&packet, secret.as_ref(), request_authenticator),
    })
}

fn check(packet: &Packet<'_>, secret: Option<&Secret>, request_authenticator: Option<[u8; 16]>) -> &'static str {
    if packet.first(AttributeType::MESSAGE_AUTHENTICATOR).is_none() {
        return "absent";
    }
    let Some(secret) = secret else { return "unchecked" };
    let is_reply = matches!(
        packet.code(),
        Code::ACCESS_ACCEPT | Code::ACCESS_REJECT | Code::ACCESS_CHALLENGE | Code::ACCOUNTING_RESPONSE
    );
    let checked = match (is_reply, request_authenticator) {
        (true, None) => return "unchecked",
        (true, Some(authenticator)) => verify_response(packet, &authenticator, secret).ok(),
        (false, _) => verify_request_message_authenticator(packet, secret).ok(),
    };
    match checked {
        Some(Presence::Valid) => "valid",
        Some(Presence::Absent) => "absent",
        None => "invalid",
    }
}

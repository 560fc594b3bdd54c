//! EAP packets as tests put them together and take them apart, by the peer's code of `nac_bench`.

use nac_bench::eap_peer::{self, EapIdentifier, EapPacket, EapType, TlsFragment};

/// EAP-Response of a type by number.
pub(crate) fn response(identifier: u8, ty: u8, data: &[u8]) -> Vec<u8> {
    eap_peer::response(EapIdentifier(identifier), EapType(ty), data)
}

/// EAP-Response/Identity.
pub(crate) fn identity(identifier: u8, nai: &[u8]) -> Vec<u8> {
    response(identifier, 1, nai)
}

/// An EAP-Request as (identifier, type, data).
pub(crate) fn request(eap: &[u8]) -> (u8, u8, &[u8]) {
    match EapPacket::parse(eap).unwrap() {
        EapPacket::Request { identifier, eap_type, data } => (identifier.0, eap_type.0, data),
        other => panic!("not a request: {other:?}"),
    }
}

/// The EAP-TLS fragment of a request.
pub(crate) fn fragment(eap: &[u8]) -> TlsFragment<'_> {
    let (_, ty, data) = request(eap);
    assert_eq!(ty, 13);
    TlsFragment::parse(data).unwrap()
}

/// The flags octet of an EAP-TLS request.
pub(crate) fn flags(eap: &[u8]) -> u8 {
    let (_, ty, data) = request(eap);
    assert_eq!(ty, 13);
    data[0]
}

//! Keys that EAP-TLS exports (RFC 5216 section 2.3, RFC 9190 section 2.3).

use zeroize::{Zeroize, ZeroizeOnDrop};

/// TLS 1.2: PRF label, no context.
pub const EXPORTER_LABEL_TLS12: &[u8] = b"client EAP encryption";
/// TLS 1.3: exporter label of `Key_Material`, 128 octets.
pub const EXPORTER_LABEL_TLS13: &[u8] = b"EXPORTER_EAP_TLS_Key_Material";
/// TLS 1.3: exporter label of the Method-Id, 64 octets.
pub const METHOD_ID_LABEL_TLS13: &[u8] = b"EXPORTER_EAP_TLS_Method-Id";
/// TLS 1.3: exporter context, the EAP type code.
pub const EXPORTER_CONTEXT_TLS13: &[u8] = &[0x0D];

/// Master Session Key, 64 octets: the first half of `Key_Material`. Prints nothing of itself.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Msk([u8; 64]);

impl Msk {
    /// Take the MSK from the 128 octets of `Key_Material`, which are wiped.
    #[must_use]
    pub fn from_key_material(mut material: [u8; 128]) -> Self {
        let mut msk = [0; 64];
        msk.iter_mut().zip(material.iter()).for_each(|(to, from)| *to = *from);
        material.zeroize();
        Self(msk)
    }

    /// The octets, for MS-MPPE-Recv-Key (0..32) and MS-MPPE-Send-Key (32..64), RFC 2548 and RFC 3580 section 3.16.
    #[must_use]
    pub fn octets(&self) -> &[u8; 64] {
        &self.0
    }
}

impl std::fmt::Debug for Msk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Msk(..)")
    }
}

/// EAP Session-Id: the type code, then Method-Id (RFC 5247); what EAP-Key-Name carries to a MACsec switch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SessionId(Vec<u8>);

impl SessionId {
    /// TLS 1.3: `0x0D || Method-Id` (RFC 9190 section 2.3).
    #[must_use]
    pub fn tls13(method_id: &[u8; 64]) -> Self {
        Self([EXPORTER_CONTEXT_TLS13, method_id].concat())
    }

    /// TLS 1.2: `0x0D || client.random || server.random` (RFC 5216 section 2.3).
    #[must_use]
    pub fn tls12(client_random: &[u8; 32], server_random: &[u8; 32]) -> Self {
        Self([EXPORTER_CONTEXT_TLS13, client_random, server_random].concat())
    }

    /// The octets, 65 of them.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.0
    }
}

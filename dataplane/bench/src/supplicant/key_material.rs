//! What EAP-TLS derives from a finished handshake: MSK and Session-Id (RFC 5216 2.3, RFC 9190 2.3).

use std::fmt;

use rustls::{ClientConnection, Error};

use super::credentials::TlsVersion;

/// EAP Type of EAP-TLS, which both the exporter context and the Session-Id carry.
const EAP_TLS: u8 = 0x0d;

/// Exported keys of one authentication; prints nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyMaterial {
    msk: [u8; 64],
    session_id: Option<Vec<u8>>,
}

impl KeyMaterial {
    /// Exports from a finished handshake. `randoms`: of ClientHello and ServerHello, needed for the TLS 1.2 Session-Id.
    ///
    /// # Errors
    /// The TLS library's error while the handshake is not complete.
    pub fn export(
        tls: &ClientConnection,
        version: TlsVersion,
        randoms: Option<([u8; 32], [u8; 32])>,
    ) -> Result<Self, Error> {
        match version {
            TlsVersion::Tls12 => Ok(Self {
                msk: first_half(&tls.export_keying_material([0; 128], b"client EAP encryption", None)?),
                session_id: randoms.map(|(client, server)| [&[EAP_TLS][..], &client, &server].concat()),
            }),
            TlsVersion::Tls13 => {
                let context = Some(&[EAP_TLS][..]);
                let exported = tls.export_keying_material([0; 128], b"EXPORTER_EAP_TLS_Key_Material", context)?;
                let method_id = tls.export_keying_material([0; 64], b"EXPORTER_EAP_TLS_Method-Id", context)?;
                Ok(Self { msk: first_half(&exported), session_id: Some([&[EAP_TLS][..], &method_id].concat()) })
            }
        }
    }

    /// MS-MPPE-Recv-Key as the Access-Accept must carry it: MSK octets 0 to 31 (RFC 2548 2.4.3).
    #[must_use]
    pub fn recv_key(&self) -> &[u8] {
        self.msk.split_at(32).0
    }

    /// MS-MPPE-Send-Key: MSK octets 32 to 63 (RFC 2548 2.4.2).
    #[must_use]
    pub fn send_key(&self) -> &[u8] {
        self.msk.split_at(32).1
    }

    /// EAP Session-Id, the value of EAP-Key-Name (RFC 7268 2.2).
    #[must_use]
    pub fn session_id(&self) -> Option<&[u8]> {
        self.session_id.as_deref()
    }
}

impl fmt::Debug for KeyMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyMaterial(..)")
    }
}

fn first_half(exported: &[u8; 128]) -> [u8; 64] {
    let mut msk = [0; 64];
    msk.iter_mut().zip(exported).for_each(|(to, from)| *to = *from);
    msk
}

/// The Random of a ClientHello or ServerHello that opens a flight: record header (5), handshake header (4), version (2).
pub(super) fn hello_random(flight: &[u8]) -> Option<[u8; 32]> {
    const HANDSHAKE_RECORD: u8 = 22;
    if flight.first() != Some(&HANDSHAKE_RECORD) {
        return None;
    }
    flight.get(11..43)?.try_into().ok()
}

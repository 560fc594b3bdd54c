//! A NAS: builds requests, and holds every reply against what each reply must be.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use nac_protocol::radius::{
    AttributeType, BuildError, Code, Packet, Presence, RequestBuilder, Secret, verify_response,
};

use super::estate::SECRET;
use super::server::World;

/// The device's MAC address, unless a test says otherwise.
pub(crate) const MAC: &str = "02-00-00-00-00-01";

/// No two requests have the same authenticator (RFC 2865 section 3).
static REQUESTS: AtomicU64 = AtomicU64::new(1);

/// What a Challenge may carry (RFC 2865 section 5.44, RFC 3579 sections 2.2 and 3.3).
const IN_A_CHALLENGE: [AttributeType; 6] = [
    AttributeType::MESSAGE_AUTHENTICATOR,
    AttributeType::EAP_MESSAGE,
    AttributeType::STATE,
    AttributeType::PROXY_STATE,
    AttributeType::ERROR_CAUSE,
    AttributeType::VENDOR_SPECIFIC,
];

/// One port of a switch, and the conversation on it.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) source: SocketAddr,
    pub(crate) secret: Secret,
    pub(crate) state: Option<Vec<u8>>,
    pub(crate) user_name: Option<String>,
    /// Added to every request.
    pub(crate) also: Vec<(AttributeType, Vec<u8>)>,
    pub(crate) sent: u8,
}

/// A request as it was sent.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) octets: Vec<u8>,
    pub(crate) authenticator: [u8; 16],
}

impl Asked {
    fn speaks_eap(&self) -> bool {
        Packet::parse(&self.octets).is_ok_and(|packet| packet.count(AttributeType::EAP_MESSAGE) > 0)
    }
}

/// A reply that was verified, and found lawful.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) octets: Arc<[u8]>,
    pub(crate) code: Code,
    pub(crate) attributes: Vec<(AttributeType, Vec<u8>)>,
    pub(crate) request_authenticator: [u8; 16],
    eap: Vec<u8>,
}

impl Session {
    /// On switch-1, from UDP port `port`.
    pub(crate) fn on(port: u16) -> Self {
        Self::at([192, 0, 2, 1], port)
    }

    /// From that address.
    pub(crate) fn at(address: [u8; 4], port: u16) -> Self {
        Self {
            source: SocketAddr::from((address, port)),
            secret: Secret::new(SECRET).unwrap(),
            state: None,
            user_name: Some("@corp.example".into()),
            also: Vec::new(),
            sent: 0,
        }
    }

    /// A request with only what `fill` adds.
    pub(crate) fn bare(
        &mut self,
        code: Code,
        fill: impl FnOnce(&mut RequestBuilder) -> Result<(), BuildError>,
    ) -> Asked {
        self.sent = self.sent.wrapping_add(1);
        let mut authenticator = [0x42; 16];
        authenticator[..8].copy_from_slice(&REQUESTS.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        let mut request = RequestBuilder::new(code, self.sent, authenticator);
        fill(&mut request).unwrap();
        Asked { octets: request.finish(&self.secret), authenticator }
    }

    /// An Access-Request with the port's attributes and an EAP packet.
    pub(crate) fn ask(&mut self, eap: &[u8]) -> Asked {
        let Self { state, user_name, also, .. } = self.clone();
        self.bare(Code::ACCESS_REQUEST, |request| {
            if let Some(user_name) = &user_name {
                request.text(AttributeType::USER_NAME, user_name)?;
            }
            describe_port(request)?;
            for (ty, value) in &also {
                request.attribute(*ty, value)?;
            }
            request.eap_message(eap)?;
            if let Some(state) = &state {
                request.attribute(AttributeType::STATE, state)?;
            }
            Ok(())
        })
    }

    /// Ask and take the answer, which must come.
    pub(crate) fn exchange(&mut self, world: &mut World, eap: &[u8]) -> Reply {
        let asked = self.ask(eap);
        self.answer(world, &asked).expect("an answer")
    }

    /// Send what was asked; a Challenge's State is kept for the next request.
    pub(crate) fn answer(&mut self, world: &mut World, asked: &Asked) -> Option<Reply> {
        let octets = world.send(&asked.octets, self.source)?;
        let reply = Reply::of(octets, asked, &self.secret);
        if reply.code == Code::ACCESS_CHALLENGE {
            self.state = Some(reply.one(AttributeType::STATE).to_vec());
        }
        Some(reply)
    }
}

/// MAC Authentication Bypass: the address as User-Name and User-Password.
pub(crate) fn mab(session: &mut Session, mac: &str) -> Asked {
    let (secret, also) = (session.secret.clone(), session.also.clone());
    session.bare(Code::ACCESS_REQUEST, |request| {
        request.text(AttributeType::USER_NAME, mac)?;
        request.user_password(&secret, mac.as_bytes())?;
        request.text(AttributeType::NAS_IDENTIFIER, "access-switch")?.text(AttributeType::CALLING_STATION_ID, mac)?;
        for (ty, value) in &also {
            request.attribute(*ty, value)?;
        }
        Ok(())
    })
}

/// The same request without its Message-Authenticator, as NASes of before CVE-2024-3596 send it.
pub(crate) fn without_message_authenticator(asked: &Asked) -> Asked {
    assert_eq!(asked.octets[20], AttributeType::MESSAGE_AUTHENTICATOR.0);
    let mut octets = asked.octets[..20].to_vec();
    octets.extend_from_slice(&asked.octets[38..]);
    fill_length(&mut octets);
    Asked { octets, ..asked.clone() }
}

/// The same request with octets added, which no signature covers.
pub(crate) fn with_octets(asked: &Asked, more: &[u8]) -> Asked {
    let mut octets = [&asked.octets[..], more].concat();
    fill_length(&mut octets);
    Asked { octets, ..asked.clone() }
}

fn fill_length(octets: &mut [u8]) {
    let length = u16::try_from(octets.len()).unwrap().to_be_bytes();
    octets[2..4].copy_from_slice(&length);
}

/// Sign octets that a test has put together: Message-Authenticator (RFC 3579 section 3.2), wherever it stands.
pub(crate) fn sign(asked: &Asked, secret: &[u8]) -> Asked {
    let mut octets = asked.octets.clone();
    let mut at = 20;
    while octets[at] != AttributeType::MESSAGE_AUTHENTICATOR.0 {
        at += usize::from(octets[at + 1]).max(2);
    }
    octets[at + 2..at + 18].fill(0);
    let key = hmac_md5(secret, &octets);
    octets[at + 2..at + 18].copy_from_slice(&key);
    Asked { octets, ..asked.clone() }
}

/// HMAC-MD5 (RFC 2104).
fn hmac_md5(key: &[u8], octets: &[u8]) -> [u8; 16] {
    use hmac::{Hmac, KeyInit, Mac};
    let mut mac = <Hmac<md5::Md5> as KeyInit>::new_from_slice(key).unwrap();
    mac.update(octets);
    mac.finalize().into_bytes().into()
}

/// Where the device is plugged in: an Ethernet port.
pub(crate) fn describe_port(request: &mut RequestBuilder) -> Result<(), BuildError> {
    request
        .text(AttributeType::NAS_IDENTIFIER, "access-switch")?
        .integer(AttributeType::NAS_PORT, 17)?
        .text(AttributeType::NAS_PORT_ID, "Gi1/0/17")?
        .integer(AttributeType::NAS_PORT_TYPE, 15)?
        .text(AttributeType::CALLING_STATION_ID, MAC)?;
    Ok(())
}

impl Reply {
    /// Verify it and hold it against what every reply must be.
    pub(crate) fn of(octets: Arc<[u8]>, asked: &Asked, secret: &Secret) -> Self {
        let packet = Packet::parse(&octets).unwrap();
        assert_eq!(verify_response(&packet, &asked.authenticator, secret), Ok(Presence::Valid));
        assert_eq!(packet.identifier(), asked.octets[1], "RFC 2865 section 4: the Identifier is copied");
        let attributes: Vec<_> =
            packet.attributes().map(|attribute| (attribute.ty, attribute.value.to_vec())).collect();
        let first = attributes.first().map(|(ty, _)| *ty);
        assert_eq!(first, Some(AttributeType::MESSAGE_AUTHENTICATOR), "CVE-2024-3596");
        let mut eap = Vec::new();
        packet.eap_message(&mut eap).unwrap();
        let code = packet.code();
        check_eap(code, &eap, asked.speaks_eap());
        assert!(packet.count(AttributeType::REPLY_MESSAGE) == 0, "RFC 3579 section 2.6.5");
        if code == Code::ACCESS_CHALLENGE {
            for (ty, _) in &attributes {
                assert!(IN_A_CHALLENGE.contains(ty), "{ty:?} in an Access-Challenge (RFC 2865 section 4.4)");
            }
            assert_eq!(packet.count(AttributeType::STATE), 1);
        }
        Self { code, attributes, eap, request_authenticator: asked.authenticator, octets: Arc::clone(&octets) }
    }

    /// The EAP packet.
    pub(crate) fn eap(&self) -> &[u8] {
        &self.eap
    }

    /// Every value of that type, in order.
    pub(crate) fn all(&self, ty: AttributeType) -> Vec<&[u8]> {
        self.attributes.iter().filter(|(known, _)| *known == ty).map(|(_, value)| value.as_slice()).collect()
    }

    /// The only value of that type.
    pub(crate) fn one(&self, ty: AttributeType) -> &[u8] {
        let all = self.all(ty);
        assert_eq!(all.len(), 1, "{ty:?} in {self:?}");
        all[0]
    }

    /// An Access-Accept?
    pub(crate) fn is_accept(&self) -> bool {
        self.code == Code::ACCESS_ACCEPT
    }

    /// An Access-Reject?
    pub(crate) fn is_reject(&self) -> bool {
        self.code == Code::ACCESS_REJECT
    }
}

/// Accept has EAP-Success, Reject EAP-Failure, Challenge a Request, each once and whole (RFC 3579 section 2.6.3).
fn check_eap(code: Code, eap: &[u8], asked: bool) {
    if eap.is_empty() {
        assert!(code != Code::ACCESS_CHALLENGE || !asked);
        return;
    }
    assert_eq!(usize::from(u16::from_be_bytes([eap[2], eap[3]])), eap.len(), "exactly one EAP packet");
    let expected = match code {
        Code::ACCESS_ACCEPT => 3,
        Code::ACCESS_REJECT => 4,
        _ => 1,
    };
    assert_eq!(eap[0], expected, "RFC 3579 section 2.6.3");
}

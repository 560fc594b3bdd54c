//! Building and signing packets: [`ReplyBuilder`] for a server, [`RequestBuilder`] for a client.
//!
//! The Message-Authenticator is always the first attribute (CVE-2024-3596): its room is taken before any other attribute
//! can be added, and `finish` fills it. Accounting packets have none (RFC 3579 3.3).

use std::marker::PhantomData;

use zeroize::Zeroizing;

use super::authenticator::{message_authenticator, packet_digest};
use super::layout::{put_attribute, put_empty, put_laid_out, put_tagged_integer, put_tagged_text, put_vendor};
use super::salted::{put_salted, with_top_bit};
use super::{
    AttributeType, BuildError, Code, HEADER_LENGTH, MAX_PACKET_LENGTH, MAX_VALUE_LENGTH, Packet, PasswordError, Secret,
    VendorId, encode_user_password,
};

/// Room for a usual EAP-TLS fragment and its company without growing.
const INITIAL_CAPACITY: usize = 1280;

/// Where the value of the Message-Authenticator stands: behind the header, Type and Length.
const MESSAGE_AUTHENTICATOR_AT: usize = HEADER_LENGTH + 2;

const MS_MPPE_SEND_KEY: u8 = 16;
const MS_MPPE_RECV_KEY: u8 = 17;

/// Marks a builder of replies: it is given the request's authenticator.
#[derive(Debug)]
pub enum Reply {}

/// Marks a builder of requests: it is given 16 random octets.
#[derive(Debug)]
pub enum Request {}

/// Builds an Access-Accept, -Reject, -Challenge, Accounting-Response, CoA or Disconnect answer.
pub type ReplyBuilder = PacketBuilder<Reply>;

/// Builds an Access-Request, Status-Server, Accounting-Request, CoA-Request or Disconnect-Request.
pub type RequestBuilder = PacketBuilder<Request>;

/// A packet in the making, in one buffer of at most 4096 octets. An attribute that fails leaves it as it was.
#[derive(Debug)]
pub struct PacketBuilder<K> {
    octets: Vec<u8>,
    code: Code,
    authenticator: [u8; 16],
    kind: PhantomData<K>,
}

impl PacketBuilder<Reply> {
    /// A reply to the request that carried `identifier` and `request_authenticator`.
    #[must_use]
    pub fn new(code: Code, identifier: u8, request_authenticator: [u8; 16]) -> Self {
        Self::start(code, identifier, request_authenticator)
    }

    /// MS-MPPE-Recv-Key and MS-MPPE-Send-Key (RFC 2548 2.4.2, 2.4.3) of a Master Session Key: octets 0 to 31 and 32
    /// to 63 (RFC 5216 2.3). `salts` are random; they are made to differ and to have the top bit set.
    pub fn mppe_keys(&mut self, secret: &Secret, salts: [[u8; 2]; 2], msk: &[u8; 64]) -> Result<&mut Self, BuildError> {
        let (recv_key, send_key) = msk.split_at(32);
        let [recv_salt, send_salt] = distinct(salts);
        self.mppe_key(MS_MPPE_RECV_KEY, secret, recv_salt, recv_key)?;
        self.mppe_key(MS_MPPE_SEND_KEY, secret, send_salt, send_key)
    }

    fn mppe_key(&mut self, ty: u8, secret: &Secret, salt: [u8; 2], key: &[u8]) -> Result<&mut Self, BuildError> {
        let mut value = Vec::with_capacity(64);
        put_salted(secret, &self.authenticator, salt, key, &mut value)?;
        self.vendor(VendorId::MICROSOFT, ty, &value)
    }

    /// Copy every Proxy-State of the request, unchanged and in order (RFC 2865 5.33).
    pub fn proxy_states_of(&mut self, request: &Packet<'_>) -> Result<&mut Self, BuildError> {
        for state in request.all(AttributeType::PROXY_STATE) {
            // An empty one breaks RFC 2865 5, but a proxy wants it back as it was.
            self.write(|octets| match state {
                [] => put_empty(octets, AttributeType::PROXY_STATE),
                _ => put_attribute(octets, AttributeType::PROXY_STATE, state),
            })?;
        }
        Ok(self)
    }

    /// Fill in Length, Message-Authenticator (RFC 3579 3.2) and Response Authenticator (RFC 2865 3).
    #[must_use]
    pub fn finish(mut self, secret: &Secret) -> Vec<u8> {
        let request_authenticator = self.authenticator;
        self.fill_length();
        self.fill_message_authenticator(&request_authenticator, secret);
        let response_authenticator = packet_digest(&self.octets, &request_authenticator, secret);
        self.fill_authenticator(&response_authenticator);
        self.octets
    }
}

impl PacketBuilder<Request> {
    /// A request. `authenticator` is random and must not repeat (RFC 2865 3); a code whose Request Authenticator is a
    /// digest (RFC 2866 3, RFC 5176 2.3) does not use it.
    #[must_use]
    pub fn new(code: Code, identifier: u8, authenticator: [u8; 16]) -> Self {
        Self::start(code, identifier, authenticator)
    }

    /// A User-Password of up to 128 octets, hidden (RFC 2865 5.2).
    pub fn user_password(&mut self, secret: &Secret, password: &[u8]) -> Result<&mut Self, BuildError> {
        let value = encode_user_password(password, secret, &self.authenticator)
            .map(Zeroizing::new)
            .map_err(|_: PasswordError| BuildError::AttributeTooLong)?;
        self.attribute(AttributeType::USER_PASSWORD, &value)
    }

    /// Fill in Length, Message-Authenticator and Request Authenticator.
    #[must_use]
    pub fn finish(mut self, secret: &Secret) -> Vec<u8> {
        let digest = self.code.has_digest_authenticator();
        let authenticator = if digest { [0; 16] } else { self.authenticator };
        self.fill_length();
        self.fill_message_authenticator(&authenticator, secret);
        let authenticator = if digest { packet_digest(&self.octets, &[0; 16], secret) } else { authenticator };
        self.fill_authenticator(&authenticator);
        self.octets
    }
}

impl<K> PacketBuilder<K> {
    /// Header with room for Length and authenticator, then room for the Message-Authenticator.
    fn start(code: Code, identifier: u8, authenticator: [u8; 16]) -> Self {
        let mut octets = Vec::with_capacity(INITIAL_CAPACITY);
        octets.extend_from_slice(&[code.0, identifier, 0, 0]);
        octets.extend_from_slice(&[0; 16]);
        if !code.is_accounting() {
            octets.extend_from_slice(&[AttributeType::MESSAGE_AUTHENTICATOR.0, 18]);
            octets.extend_from_slice(&[0; 16]);
        }
        Self { octets, code, authenticator, kind: PhantomData }
    }

    /// One attribute with a value of 1 to 253 octets.
    pub fn attribute(&mut self, ty: AttributeType, value: &[u8]) -> Result<&mut Self, BuildError> {
        match ty {
            AttributeType::MESSAGE_AUTHENTICATOR => Err(BuildError::Reserved),
            _ => self.write(|octets| put_attribute(octets, ty, value)),
        }
    }

    /// An integer: four octets, big-endian.
    pub fn integer(&mut self, ty: AttributeType, value: u32) -> Result<&mut Self, BuildError> {
        self.attribute(ty, &value.to_be_bytes())
    }

    /// A text of 1 to 253 octets of UTF-8.
    pub fn text(&mut self, ty: AttributeType, value: &str) -> Result<&mut Self, BuildError> {
        self.attribute(ty, value.as_bytes())
    }

    /// One vendor's attribute with a value of 1 to 247 octets (RFC 2865 5.26).
    pub fn vendor(&mut self, vendor: VendorId, ty: u8, value: &[u8]) -> Result<&mut Self, BuildError> {
        self.write(|octets| put_vendor(octets, vendor, ty, value))
    }

    /// A tagged integer, as Tunnel-Type (RFC 2868 3.1).
    pub fn tagged_integer(&mut self, ty: AttributeType, tag: u8, value: u32) -> Result<&mut Self, BuildError> {
        self.write(|octets| put_tagged_integer(octets, ty, tag, value))
    }

    /// A tagged text, as Tunnel-Private-Group-ID (RFC 2868 3.6).
    pub fn tagged_text(&mut self, ty: AttributeType, tag: u8, value: &str) -> Result<&mut Self, BuildError> {
        self.write(|octets| put_tagged_text(octets, ty, tag, value.as_bytes()))
    }

    /// Attributes that are laid out already, as [`crate::dictionary::Dictionary::encode`] gives them.
    pub fn encoded(&mut self, attributes: &[u8]) -> Result<&mut Self, BuildError> {
        self.write(|octets| put_laid_out(octets, attributes))
    }

    /// An EAP packet in as many EAP-Message attributes as it takes, consecutive and in order (RFC 3579 3.1). An empty
    /// one is an EAP-Start (RFC 3579 2.1).
    pub fn eap_message(&mut self, eap: &[u8]) -> Result<&mut Self, BuildError> {
        self.write(|octets| match eap {
            [] => put_empty(octets, AttributeType::EAP_MESSAGE),
            _ => eap
                .chunks(MAX_VALUE_LENGTH)
                .try_for_each(|part| put_attribute(octets, AttributeType::EAP_MESSAGE, part)),
        })
    }

    /// Octets the packet has so far.
    #[must_use]
    pub fn length(&self) -> usize {
        self.octets.len()
    }

    /// Run `put` and keep what it wrote only if it succeeded and the packet is not too long.
    fn write(&mut self, put: impl FnOnce(&mut Vec<u8>) -> Result<(), BuildError>) -> Result<&mut Self, BuildError> {
        let before = self.octets.len();
        let result = put(&mut self.octets);
        if result.is_ok() && self.octets.len() <= MAX_PACKET_LENGTH {
            return Ok(self);
        }
        self.octets.truncate(before);
        Err(result.err().unwrap_or(BuildError::TooLong))
    }

    fn fill_length(&mut self) {
        // `write` keeps the buffer at or below 4096 octets.
        let length = u16::try_from(self.octets.len()).unwrap_or(u16::MAX).to_be_bytes();
        fill(&mut self.octets, 2, &length);
    }

    fn fill_message_authenticator(&mut self, authenticator: &[u8; 16], secret: &Secret) {
        if self.code.is_accounting() {
            return;
        }
        if let Some(value) = message_authenticator(&self.octets, authenticator, MESSAGE_AUTHENTICATOR_AT, secret) {
            fill(&mut self.octets, MESSAGE_AUTHENTICATOR_AT, &value);
        }
    }

    fn fill_authenticator(&mut self, authenticator: &[u8; 16]) {
        fill(&mut self.octets, 4, authenticator);
    }
}

fn fill(octets: &mut [u8], at: usize, value: &[u8]) {
    for (slot, octet) in octets.iter_mut().skip(at).zip(value) {
        *slot = *octet;
    }
}

/// RFC 2548 2.4.2: every salt of a packet must differ and have its top bit set.
const fn distinct([first, second]: [[u8; 2]; 2]) -> [[u8; 2]; 2] {
    let (first, [high, low]) = (with_top_bit(first), with_top_bit(second));
    let same = first[0] == high && first[1] == low;
    [first, if same { [high, low ^ 1] } else { [high, low] }]
}

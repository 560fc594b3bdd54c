//! An EAP-TLS server over UDP, no bigger than these tests need: rustls inside, one thread, faults on request.

use std::collections::HashMap;
use std::io::Write;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use nac_bench::eap_peer::{Fragmenter, Reassembly, TlsFragment, TlsProgress};
use nac_protocol::radius::{AttributeType, Code, Packet, ReplyBuilder, Secret};
use rustls::{ServerConfig, ServerConnection};

pub const SECRET: &[u8] = b"loopback test secret";

/// What the server does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    NoCommitment,
    WrongKeys,
    WrongSecret,
    MessageAuthenticatorLast,
    EarlySuccess,
    DropsEveryFirstTransmission,
}

pub struct Server {
    pub address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub fn start(config: Arc<ServerConfig>, fragment_size: usize, fault: Fault) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let address = socket.local_addr().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut loopback =
                Loopback { config, fragment_size, fault, conversations: HashMap::new(), seen: Vec::new() };
            let mut buffer = [0; 4096];
            while !stopped.load(Ordering::Relaxed) {
                if let Ok((length, from)) = socket.recv_from(&mut buffer)
                    && let Some(reply) = loopback.answer(&buffer[..length])
                {
                    socket.send_to(&reply, from).unwrap();
                }
            }
        });
        Self { address, stop, thread: Some(thread) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
    }
}

struct Loopback {
    config: Arc<ServerConfig>,
    fragment_size: usize,
    fault: Fault,
    conversations: HashMap<u32, Conversation>,
    seen: Vec<[u8; 16]>,
}

struct Conversation {
    tls: ServerConnection,
    inbound: Reassembly,
    outbound: Fragmenter,
    committed: bool,
    failed: bool,
    eap_identifier: u8,
}

impl Loopback {
    fn answer(&mut self, datagram: &[u8]) -> Option<Vec<u8>> {
        let packet = Packet::parse(datagram).unwrap();
        let authenticator = *packet.authenticator();
        if self.fault == Fault::DropsEveryFirstTransmission && !self.seen.contains(&authenticator) {
            self.seen.push(authenticator);
            return None;
        }
        match packet.code() {
            Code::ACCOUNTING_REQUEST => {
                let reply = ReplyBuilder::new(Code::ACCOUNTING_RESPONSE, packet.identifier(), authenticator);
                Some(reply.finish(&secret()))
            }
            Code::STATUS_SERVER => Some(self.finish(&packet, Code::ACCESS_ACCEPT, None, &[], None)),
            _ if packet.first(AttributeType::EAP_MESSAGE).is_none() => Some(self.mab(&packet)),
            _ => Some(self.eap(&packet)),
        }
    }

    fn mab(&self, packet: &Packet<'_>) -> Vec<u8> {
        let known = packet.first(AttributeType::USER_NAME) == Some(b"020000000001");
        self.finish(packet, if known { Code::ACCESS_ACCEPT } else { Code::ACCESS_REJECT }, None, &[], None)
    }

    fn eap(&mut self, packet: &Packet<'_>) -> Vec<u8> {
        let Some(state) = packet.first(AttributeType::STATE) else {
            let number = u32::try_from(self.conversations.len()).unwrap();
            let conversation = Conversation {
                tls: ServerConnection::new(Arc::clone(&self.config)).unwrap(),
                inbound: Reassembly::default(),
                outbound: Fragmenter::new(self.fragment_size),
                committed: false,
                failed: false,
                eap_identifier: 1,
            };
            self.conversations.insert(number, conversation);
            return self.challenge(packet, number, &[0x20]);
        };
        let number = u32::from_be_bytes(state.try_into().unwrap());
        let mut eap = Vec::new();
        packet.eap_message(&mut eap).unwrap();
        let conversation = self.conversations.get_mut(&number).unwrap();
        assert_eq!(&eap[..2], [2, conversation.eap_identifier]);
        assert_eq!(eap[4], 13);
        conversation.eap_identifier += 1;
        match conversation.receive(&eap[5..], self.fault) {
            Next::Challenge(type_data) => self.challenge(packet, number, &type_data),
            Next::Reject => self.finish(packet, Code::ACCESS_REJECT, Some([4, 9, 0, 4]), &[], None),
            Next::Accept => {
                let mut msk = exported(&self.conversations[&number].tls);
                if self.fault == Fault::WrongKeys {
                    msk[40] ^= 1;
                }
                self.finish(packet, Code::ACCESS_ACCEPT, Some([3, 9, 0, 4]), &[], Some(msk))
            }
        }
    }

    fn challenge(&mut self, packet: &Packet<'_>, number: u32, type_data: &[u8]) -> Vec<u8> {
        if self.fault == Fault::EarlySuccess && packet.first(AttributeType::STATE).is_some() {
            return self.finish(packet, Code::ACCESS_ACCEPT, Some([3, 9, 0, 4]), &[], None);
        }
        let identifier = self.conversations[&number].eap_identifier;
        let length = u16::try_from(type_data.len() + 5).unwrap().to_be_bytes();
        let eap = [&[1, identifier], &length[..], &[13], type_data].concat();
        let mut reply = ReplyBuilder::new(Code::ACCESS_CHALLENGE, packet.identifier(), *packet.authenticator());
        reply.attribute(AttributeType::STATE, &number.to_be_bytes()).unwrap().eap_message(&eap).unwrap();
        self.sign(reply, packet)
    }

    fn finish(
        &self,
        packet: &Packet<'_>,
        code: Code,
        eap: Option<[u8; 4]>,
        attributes: &[u8],
        msk: Option<[u8; 64]>,
    ) -> Vec<u8> {
        let mut reply = ReplyBuilder::new(code, packet.identifier(), *packet.authenticator());
        reply.encoded(attributes).unwrap();
        if let Some(eap) = eap {
            reply.eap_message(&eap).unwrap();
        }
        if let Some(msk) = msk {
            reply.mppe_keys(&Secret::new(SECRET).unwrap(), [[1, 2], [3, 4]], &msk).unwrap();
        }
        self.sign(reply, packet)
    }

    fn sign(&self, reply: ReplyBuilder, packet: &Packet<'_>) -> Vec<u8> {
        match self.fault {
            Fault::WrongSecret => reply.finish(&Secret::new(b"another secret").unwrap()),
            Fault::MessageAuthenticatorLast => message_authenticator_last(&reply.finish(&secret()), packet),
            _ => reply.finish(&secret()),
        }
    }
}

enum Next {
    Challenge(Vec<u8>),
    Accept,
    Reject,
}

impl Conversation {
    fn receive(&mut self, type_data: &[u8], fault: Fault) -> Next {
        let fragment = TlsFragment::parse(type_data).unwrap();
        if self.outbound.has_more() {
            assert!(fragment.data.is_empty(), "fragments are acknowledged");
            return Next::Challenge(self.outbound.next_fragment());
        }
        let TlsProgress::Message(message) = self.inbound.accept(&fragment).unwrap() else {
            return Next::Challenge(vec![0]);
        };
        if message.is_empty() || self.failed {
            return if self.failed { Next::Reject } else { Next::Accept };
        }
        let mut rest = message.as_slice();
        while !rest.is_empty() && !self.failed {
            self.tls.read_tls(&mut rest).unwrap();
            self.failed = self.tls.process_new_packets().is_err();
        }
        self.commit(fault);
        let mut flight = Vec::new();
        while self.tls.wants_write() {
            self.tls.write_tls(&mut flight).unwrap();
        }
        match (flight.is_empty(), self.failed) {
            (true, true) => Next::Reject,
            (true, false) => Next::Accept,
            (false, _) => {
                self.outbound.load(flight);
                Next::Challenge(self.outbound.next_fragment())
            }
        }
    }

    fn commit(&mut self, fault: Fault) {
        let tls13 = self.tls.protocol_version() == Some(rustls::ProtocolVersion::TLSv1_3);
        let due = tls13 && !self.tls.is_handshaking() && !self.committed && !self.failed;
        if due && fault != Fault::NoCommitment {
            self.committed = true;
            self.tls.writer().write_all(&[0]).unwrap();
        }
    }
}

fn secret() -> Secret {
    Secret::new(SECRET).unwrap()
}

fn exported(tls: &ServerConnection) -> [u8; 64] {
    let exported = if tls.protocol_version() == Some(rustls::ProtocolVersion::TLSv1_3) {
        tls.export_keying_material([0; 128], b"EXPORTER_EAP_TLS_Key_Material", Some(&[13])).unwrap()
    } else {
        tls.export_keying_material([0; 128], b"client EAP encryption", None).unwrap()
    };
    exported[..64].try_into().unwrap()
}

/// Moves the Message-Authenticator to the end and signs again, the way servers did before CVE-2024-3596.
fn message_authenticator_last(reply: &[u8], request: &Packet<'_>) -> Vec<u8> {
    let mut moved = [&reply[..20], &reply[38..], &[80, 18], &[0; 16]].concat();
    moved[4..20].copy_from_slice(request.authenticator());
    let start = moved.len() - 16;
    let mut keyed = Hmac::<Md5>::new_from_slice(SECRET).unwrap();
    keyed.update(&moved);
    moved[start..].copy_from_slice(&keyed.finalize().into_bytes());
    let response_authenticator = Md5::new().chain_update(&moved).chain_update(SECRET).finalize();
    moved[4..20].copy_from_slice(&response_authenticator);
    moved
}

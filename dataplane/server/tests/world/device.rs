//! Devices: the supplicant of `nac_bench`, which shares no EAP and no key derivation code with the server.

use std::sync::Arc;

pub(crate) use nac_bench::supplicant::PeerStep;
use nac_bench::supplicant::{
    Commitment, Credentials, EapSettings, Supplicant, TlsPreferences, TlsVersion, client_config, with_session_store,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, RootCertStore};

use super::nas::{Reply, Session};
use super::pki::Certificate;
use super::server::World;

/// A device. Its supplicants share one session store, so the second resumes the first.
#[derive(Clone)]
pub(crate) struct Device {
    pub(crate) config: Arc<ClientConfig>,
    pub(crate) identity: Vec<u8>,
    pub(crate) fragment_size: usize,
}

impl Device {
    /// Trusts `root`; has `certificate`, or none.
    pub(crate) fn new(root: &[u8], certificate: Option<&Certificate>) -> Self {
        Self::speaking(root, certificate, &[], None)
    }

    /// The same, with one TLS version only, and with certificates sent after its own.
    pub(crate) fn speaking(
        root: &[u8],
        certificate: Option<&Certificate>,
        above: &[&[u8]],
        version: Option<TlsVersion>,
    ) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(root.to_vec())).unwrap();
        let client = certificate.map(|certificate| {
            let chain = std::iter::once(certificate.der.as_slice()).chain(above.iter().copied());
            let chain = chain.map(|der| CertificateDer::from(der.to_vec())).collect();
            (chain, PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(certificate.key.clone())))
        });
        let preferences = TlsPreferences { version, group: None, server_name: None };
        let config = client_config(&Credentials::new(roots, client), &preferences).unwrap();
        Self {
            config: Arc::new(with_session_store(&config)),
            identity: b"@corp.example".to_vec(),
            fragment_size: 1_000,
        }
    }

    /// A conversation about to begin.
    pub(crate) fn supplicant(&self) -> Supplicant {
        let settings = EapSettings {
            identity: self.identity.clone(),
            fragment_size: self.fragment_size,
            commitment: Commitment::Required,
        };
        Supplicant::new(Arc::clone(&self.config), Arc::new(settings))
    }
}

/// A whole conversation, to Accept or Reject.
pub(crate) fn login(world: &mut World, session: &mut Session, supplicant: &mut Supplicant) -> Reply {
    let first = supplicant.identity_response();
    finish(world, session, supplicant, first)
}

/// Alice's laptop comes, without a session to resume.
pub(crate) fn enter(world: &mut World, session: &mut Session) -> Reply {
    let mut supplicant = world.laptop().supplicant();
    login(world, session, &mut supplicant)
}

/// A conversation from an EAP-Response on, to Accept or Reject.
pub(crate) fn finish(world: &mut World, session: &mut Session, supplicant: &mut Supplicant, first: Vec<u8>) -> Reply {
    let mut eap = first;
    loop {
        let reply = session.exchange(world, &eap);
        match supplicant.receive(reply.eap()).unwrap() {
            PeerStep::Respond(next) => eap = next,
            PeerStep::Success | PeerStep::Failure => return reply,
        }
    }
}

/// A conversation up to the server's last flight; gives the empty EAP-Response that would end it.
pub(crate) fn almost(world: &mut World, session: &mut Session, supplicant: &mut Supplicant) -> Vec<u8> {
    let mut eap = supplicant.identity_response();
    loop {
        let reply = session.exchange(world, &eap);
        let more = reply.eap()[4] == 13 && reply.eap()[5] & 0x40 != 0;
        match supplicant.receive(reply.eap()).unwrap() {
            PeerStep::Respond(next) if !more && next[4..] == [13, 0] => return next,
            PeerStep::Respond(next) => eap = next,
            ended => panic!("the conversation is over: {ended:?}"),
        }
    }
}

/// A conversation from its first packet to the `rounds`-th challenge; gives the EAP-Response that would come next.
pub(crate) fn begin(world: &mut World, session: &mut Session, supplicant: &mut Supplicant, rounds: usize) -> Vec<u8> {
    let mut eap = supplicant.identity_response();
    for _ in 0..rounds {
        let reply = session.exchange(world, &eap);
        match supplicant.receive(reply.eap()).unwrap() {
            PeerStep::Respond(next) => eap = next,
            ended => panic!("the conversation is over: {ended:?}"),
        }
    }
    eap
}

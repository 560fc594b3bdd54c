//! TLS for EAP-TLS: rustls behind a few types of ours. Bytes in, bytes out; no socket.
//!
//! `trust` says whose certificates count, `verifier` asks it during a handshake, `tickets` and `sessions` keep resumption
//! state, `acceptor` holds what a snapshot prepared, `engine` is one handshake, `fault` names what went wrong.

mod acceptor;
mod certificate;
mod distinguished_name;
mod engine;
mod fault;
mod sessions;
mod tickets;
mod trust;
mod verified;
mod verifier;

pub use acceptor::{Acceptor, AcceptorError, Credential, MaximumVersion};
pub use certificate::{CertificateError, PeerCertificate};
pub use distinguished_name::{NameText, distinguished_name};
pub use engine::{Established, TlsEngine};
pub use fault::{ChainFault, TlsFault};
pub use tickets::{TicketKey, TicketKeyError, TicketSealer};
pub use trust::{RevocationList, RevocationMode, TrustError, TrustSpec, TrustStore};
pub use verified::VerifiedChain;

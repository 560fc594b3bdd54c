//! The Extensible Authentication Protocol (RFC 3748): packets, and the framing of EAP-TLS (RFC 5216, RFC 9190).

mod packet;
pub mod tls;

pub use packet::{EapCode, EapError, EapPacket, EapType, Nak, failure, request, success};

#[cfg(test)]
mod tests;

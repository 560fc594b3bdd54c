//! A native EAP-TLS supplicant and a load generator: the tool that `make bench` and `make demo` measure and show with.
//!
//! The protocol is sans-IO: [`supplicant`] (EAP-TLS peer) inside [`authentication`] (what its NAS does over RADIUS).
//! [`exchange`] runs one over UDP, [`load`] runs many to measure a server, [`swarm`] runs the days of many devices, and
//! [`posture`] is what each of them reports. EAP is written apart from the server's codec, so that each
//! authentication that ends well is a check by a second implementation: chain, MSK, both authenticators.

pub mod accounting;
pub mod authentication;
pub mod cli;
pub mod eap_peer;
pub mod exchange;
pub mod floor;
pub mod load;
pub mod nas_port;
pub mod posture;
pub mod reply_attributes;
pub mod supplicant;
pub mod swarm;
mod traffic;

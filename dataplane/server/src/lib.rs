//! The data plane: packets in order, from socket to signed answer.
//!
//! [`pipeline`] is the way of a request on one screen. [`listen`] alone has sockets, threads and the clock; everything
//! else takes time and octets as arguments.

#[cfg(test)]
extern crate self as nac_server;

#[cfg(test)]
mod fault;
#[cfg(test)]
#[path = "../tests/world/mod.rs"]
mod world;

pub mod access_lists;
pub mod accounting;
pub mod cause;
pub mod client;
pub mod clock;
pub mod core;
pub mod counters;
pub mod discard;
pub mod duplicate;
pub mod eap_tls;
pub mod event;
pub mod hex;
pub mod limits;
pub mod listen;
pub mod origin;
pub mod pipeline;
pub mod sessions;
pub mod snapshot;
pub mod state_token;
pub mod tls;

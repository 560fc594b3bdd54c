//! The server against its RFCs, without sockets and with a clock of the test's own. Each test is named for the lines it
//! holds; `docs/rfc-coverage.md` is the list. Every reply of every test is verified and held against the rules for
//! replies in `world/nas.rs`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail loudly"
)]

#[path = "../world/mod.rs"]
mod world;

mod accounting;
mod downloads;
mod duplicates;
mod eap;
mod eap_tls;
mod events;
mod fragments;
mod hostile;
mod limits;
mod message_authenticator;
mod radius;
mod resumption;
mod session_model;
mod sessions;
mod snapshots;
mod trust;

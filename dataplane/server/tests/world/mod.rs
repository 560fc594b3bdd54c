//! A world for tests: a certification authority, an estate, a server without sockets whose clock stands still until a
//! test moves it, NASes, and devices that speak EAP-TLS by a second implementation (`nac_bench`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail loudly"
)]
#![allow(dead_code, reason = "each test binary uses its own part")]

pub(crate) mod device;
pub(crate) mod eap;
pub(crate) mod estate;
pub(crate) mod nas;
pub(crate) mod pki;
pub(crate) mod server;

//! Logins without sockets, for profilers: `cargo run --release -p nac-server --example login [mab|eap-tls] [LOGINS]`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "a measurement")]

#[path = "../tests/world/mod.rs"]
mod world;

use std::time::Duration;

use mimalloc::MiMalloc;
use world::device::enter;
use world::nas::{Session, mab};
use world::server::{PRINTER, World};

/// As the extension has it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let method = arguments.next().unwrap_or_else(|| "mab".into());
    let logins: usize = arguments.next().map_or(1_000, |number| number.parse().unwrap());
    let mut world = World::new();
    let mut session = Session::on(1);
    for number in 0..logins {
        if method == "mab" {
            let asked = mab(&mut session, PRINTER);
            assert!(world.send(&asked.octets, session.source).is_some());
        } else {
            assert!(enter(&mut world, &mut session).is_accept());
        }
        if number % 100 == 0 {
            drop(world.core.events.wait(Duration::ZERO, Duration::ZERO, usize::MAX));
        }
    }
}

//! Sockets, threads and the clock: the only place that has them.

mod receiver;
mod running;
mod shard;
mod socket;

pub use running::{Running, StartError};

#[cfg(test)]
mod tests;

//! Sockets, threads and the clock: the only place that has them.

mod accounting;
mod inlet;
mod lanes;
mod outbox;
mod receiver;
mod recorder;
mod running;
mod sessions;
mod shard;
mod socket;

pub use running::{Clock, Running, Sockets, StartError};

#[cfg(test)]
mod tests;

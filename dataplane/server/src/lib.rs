//! The data plane: packets in order, from socket to signed answer.

pub mod limits;
pub mod tls;

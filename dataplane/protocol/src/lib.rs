//! Bytes and their meaning: RADIUS packets, EAP packets, attribute dictionaries.
//!
//! Pure: no socket, clock, random numbers or threads. Time and randomness are arguments, and nothing here blocks.

pub mod dictionary;
pub mod eap;
pub mod radius;

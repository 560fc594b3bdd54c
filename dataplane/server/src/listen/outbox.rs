//! Answers on their way out. While more requests wait to be served their answers are gathered, and leave together: one
//! system call, and whoever waits for them is woken once.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use super::socket::Socket;
use crate::counters::Counters;

/// Answers gathered at most: what comes first waits for as many requests to be served.
const MOST: usize = 8;

/// An answer, and where it goes.
pub(super) struct Answer {
    pub(super) socket: Arc<Socket>,
    pub(super) octets: Arc<[u8]>,
    pub(super) to: SocketAddr,
    /// The address that was asked, when the socket is bound to all addresses.
    pub(super) local: Option<IpAddr>,
}

impl Answer {
    /// Whether one system call can send both.
    fn goes_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.socket, &other.socket) && self.local == other.local
    }
}

/// The answers of one thread.
#[derive(Default)]
pub(super) struct Outbox {
    answers: Vec<Answer>,
}

impl Outbox {
    /// Put one in; all go when there are enough.
    pub(super) fn put(&mut self, answer: Answer, counters: &Counters) {
        self.answers.push(answer);
        if self.answers.len() >= MOST {
            self.send(counters);
        }
    }

    /// Send what there is.
    pub(super) fn send(&mut self, counters: &Counters) {
        for together in self.answers.chunk_by(Answer::goes_with) {
            if let Some(Answer { socket, local, .. }) = together.first() {
                let letters = together.iter().map(|answer| (&*answer.octets, answer.to));
                counters.send_failures.add_many(socket.send_all(letters, *local));
            }
        }
        self.answers.clear();
    }
}

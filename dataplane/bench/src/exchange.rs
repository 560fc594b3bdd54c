//! One authentication over UDP, as a patient NAS runs it: one request at a time, retransmitted when nothing comes.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use aws_lc_rs::rand;
use nac_protocol::radius::{BuildError, MAX_PACKET_LENGTH};

use crate::authentication::{
    Authentication, AuthenticationError, DroppedReply, Progress, ReplyError, RequestAuthenticator, ServerTrust, Verdict,
};

/// When a request is sent again (RFC 5080 2.2.1).
#[derive(Clone, Copy, Debug)]
pub struct Retransmission {
    /// Time that the first transmission is given.
    pub timeout: Duration,
    /// Transmissions of one request, the first among them.
    pub transmissions: u32,
    /// Time that the later ones are given.
    pub backoff: Backoff,
}

/// How the time between two transmissions grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backoff {
    /// It stays the same.
    #[default]
    Even,
    /// It doubles each time.
    Doubling,
}

impl Retransmission {
    /// Time that a transmission is given; the first is number 1.
    #[must_use]
    pub fn patience(&self, transmission: u32) -> Duration {
        match self.backoff {
            Backoff::Even => self.timeout,
            Backoff::Doubling => self.timeout.saturating_mul(1 << transmission.saturating_sub(1).min(16)),
        }
    }
}

/// What stood in the way of a verdict.
#[derive(Debug)]
pub enum ExchangeError {
    /// No acceptable reply; the last one dropped says why, if one came at all.
    Timeout(Option<DroppedReply>),
    /// The server's replies make no sense.
    Broken(AuthenticationError),
    /// The request does not fit a packet.
    Build(BuildError),
    /// The local network or random source.
    Local(io::Error),
}

impl fmt::Display for ExchangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout(None) => write!(f, "no reply"),
            Self::Timeout(Some(dropped)) => write!(f, "no acceptable reply; the last one was dropped: {dropped}"),
            Self::Broken(error) => write!(f, "{error}"),
            Self::Build(error) => write!(f, "the request cannot be built: {error}"),
            Self::Local(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for ExchangeError {}

impl From<io::Error> for ExchangeError {
    fn from(error: io::Error) -> Self {
        Self::Local(error)
    }
}

/// A NAS's socket towards one server.
#[derive(Debug)]
pub struct Exchange {
    socket: UdpSocket,
    trust: ServerTrust,
    retransmission: Retransmission,
    identifier: u8,
    retransmits: u32,
}

/// A socket connected to the server, bound to `source` or to whatever address of this machine leads there.
///
/// # Errors
/// The operating system's.
pub fn connected_socket(server: SocketAddr, source: Option<IpAddr>) -> io::Result<UdpSocket> {
    let any = match server {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((source.unwrap_or(any), 0))?;
    socket.connect(server)?;
    Ok(socket)
}

/// 16 random octets.
///
/// # Errors
/// [`io::ErrorKind::Other`] when the random source fails.
pub fn random_authenticator() -> io::Result<RequestAuthenticator> {
    let mut authenticator = [0; 16];
    rand::fill(&mut authenticator).map_err(|_| io::Error::other("the random source failed"))?;
    Ok(authenticator)
}

/// A random number.
///
/// # Errors
/// [`io::ErrorKind::Other`] when the random source fails.
pub fn random_number() -> io::Result<u32> {
    let [a, b, c, d, ..] = random_authenticator()?;
    Ok(u32::from_be_bytes([a, b, c, d]))
}

impl Exchange {
    /// Opens a socket towards `server`.
    ///
    /// # Errors
    /// The operating system's.
    pub fn open(server: SocketAddr, trust: ServerTrust, retransmission: Retransmission) -> io::Result<Self> {
        Ok(Self { socket: connected_socket(server, None)?, trust, retransmission, identifier: 0, retransmits: 0 })
    }

    /// Runs a conversation to its verdict.
    ///
    /// # Errors
    /// [`ExchangeError`]; the conversation is over.
    pub fn run(&mut self, authentication: &mut Authentication) -> Result<Verdict, ExchangeError> {
        loop {
            let authenticator = random_authenticator()?;
            self.identifier = self.identifier.wrapping_add(1);
            let request = authentication
                .request(self.identifier, authenticator, &self.trust.secret)
                .map_err(ExchangeError::Build)?;
            if let Progress::Finished(verdict) = self.round(&request, &authenticator, authentication)? {
                return Ok(verdict);
            }
        }
    }

    /// Requests sent again so far.
    #[must_use]
    pub fn retransmits(&self) -> u32 {
        self.retransmits
    }

    fn round(
        &mut self,
        request: &[u8],
        authenticator: &RequestAuthenticator,
        authentication: &mut Authentication,
    ) -> Result<Progress, ExchangeError> {
        let mut last_dropped = None;
        for transmission in 1..=self.retransmission.transmissions.max(1) {
            self.retransmits += u32::from(transmission > 1);
            ignore_refusal(self.socket.send(request))?;
            let deadline = Instant::now() + self.retransmission.patience(transmission);
            let mut datagram = [0; MAX_PACKET_LENGTH];
            while let Some(length) = self.wait(&mut datagram, deadline)? {
                let datagram = datagram.get(..length).unwrap_or_default();
                match authentication.receive(datagram, authenticator, &self.trust) {
                    Ok(progress) => return Ok(progress),
                    Err(ReplyError::Dropped(dropped)) => last_dropped = Some(dropped),
                    Err(ReplyError::Broken(error)) => return Err(ExchangeError::Broken(error)),
                }
            }
        }
        Err(ExchangeError::Timeout(last_dropped))
    }

    fn wait(&self, datagram: &mut [u8], deadline: Instant) -> Result<Option<usize>, ExchangeError> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            self.socket.set_read_timeout(Some(left))?;
            match self.socket.recv(datagram) {
                Ok(length) => return Ok(Some(length)),
                Err(error) if is_quiet(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// A closed port (ICMP unreachable) is silence to a NAS.
fn ignore_refusal(sent: io::Result<usize>) -> Result<(), ExchangeError> {
    match sent {
        Err(error) if !is_quiet(&error) => Err(error.into()),
        _ => Ok(()),
    }
}

fn is_quiet(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock
            | io::ErrorKind::TimedOut
            | io::ErrorKind::Interrupted
            | io::ErrorKind::ConnectionRefused
    )
}

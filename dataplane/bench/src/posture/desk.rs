//! Where reports are handed in: HTTPS with certificates on both sides, a connection for each exchange as the agent has it.

use std::fmt;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use serde::de::DeserializeOwned;

use super::answer::{Nonce, Refusal, Verdict};
use super::response::{Response, read_response};

/// How long one step of an exchange may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The posture service.
#[derive(Clone, Debug)]
pub struct Desk {
    address: SocketAddr,
    name: ServerName<'static>,
}

/// Why an exchange came to nothing.
#[derive(Debug)]
pub enum DeskError {
    /// The connection, or what came over it.
    Connection(io::Error),
    /// An answer that no posture service gives; its HTTP status.
    Strange(u16),
}

impl fmt::Display for DeskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection(error) if error.kind() == io::ErrorKind::WouldBlock => f.write_str("no answer in time"),
            Self::Connection(error) => write!(f, "no answer: {error}"),
            Self::Strange(status) => write!(f, "an answer that is not understood, with status {status}"),
        }
    }
}

impl std::error::Error for DeskError {}

impl From<io::Error> for DeskError {
    fn from(error: io::Error) -> Self {
        Self::Connection(error)
    }
}

/// What an exchange gave: the answer that was hoped for, or a refusal.
pub(super) type Answered<T> = Result<Result<T, Refusal>, DeskError>;

impl Desk {
    /// `name`: what it is called, in the request and in its certificate.
    #[must_use]
    pub fn new(address: SocketAddr, name: ServerName<'static>) -> Self {
        Self { address, name }
    }

    pub(super) fn nonce(&self, tls: &Arc<ClientConfig>) -> Answered<Nonce> {
        understood(&self.exchange(tls, &format!("GET /v1/nonce HTTP/1.1\r\nHost: {}\r\n\r\n", self.name.to_str()))?)
    }

    pub(super) fn report(&self, tls: &Arc<ClientConfig>, token: String) -> Answered<Verdict> {
        let head = format!(
            "POST /v1/report HTTP/1.1\r\nHost: {}\r\nContent-Type: application/eat+jwt\r\nContent-Length: {}\r\n\r\n",
            self.name.to_str(),
            token.len()
        );
        understood(&self.exchange(tls, &(head + &token))?)
    }

    fn exchange(&self, tls: &Arc<ClientConfig>, request: &str) -> io::Result<Response> {
        let plain = TcpStream::connect_timeout(&self.address, PATIENCE)?;
        plain.set_nodelay(true)?;
        plain.set_read_timeout(Some(PATIENCE))?;
        plain.set_write_timeout(Some(PATIENCE))?;
        let connection = ClientConnection::new(Arc::clone(tls), self.name.clone()).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(connection, plain);
        stream.write_all(request.as_bytes())?;
        let response = read_response(&mut stream)?;
        stream.conn.send_close_notify();
        // The answer is there; that the server learns of the end is a courtesy.
        let _ = stream.flush();
        Ok(response)
    }
}

fn understood<T: DeserializeOwned>(response: &Response) -> Answered<T> {
    let strange = |_| DeskError::Strange(response.status);
    match response.status {
        200 => serde_json::from_slice(&response.body).map(Ok).map_err(strange),
        400.. => serde_json::from_slice(&response.body).map(Err).map_err(strange),
        other => Err(DeskError::Strange(other)),
    }
}

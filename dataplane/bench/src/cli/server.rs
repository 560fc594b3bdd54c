//! Arguments that several subcommands share: which server, which device.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use nac_protocol::radius::Secret;
use rustls::ClientConfig;

use crate::authentication::{ReplyProtection, ServerTrust};
use crate::exchange::{Backoff, Retransmission};
use crate::supplicant::{Commitment, Credentials, EapSettings, KeyExchange, TlsPreferences, TlsVersion, client_config};

use super::CliResult;

/// The RADIUS server.
#[derive(Debug, Args)]
pub(super) struct ServerArguments {
    /// Address and port of the server.
    #[arg(long, value_name = "HOST:PORT")]
    pub(super) server: String,
    /// File that holds the shared secret; one newline at its end is not part of it.
    #[arg(long, value_name = "FILE")]
    pub(super) secret_file: PathBuf,
    /// What a reply must carry to be believed.
    #[arg(long, value_enum, default_value = "first")]
    pub(super) message_authenticator: ProtectionArgument,
    /// Milliseconds until a request is sent again.
    #[arg(long, default_value_t = 2000)]
    pub(super) timeout_ms: u64,
    /// How often a request is sent in all.
    #[arg(long, default_value_t = 3)]
    pub(super) transmissions: u32,
}

/// Values of `--message-authenticator`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum ProtectionArgument {
    /// Required, as the first attribute.
    First,
    /// Required anywhere.
    Present,
    /// Not required.
    Optional,
}

/// The device's TLS.
#[derive(Debug, Args)]
pub(super) struct DeviceArguments {
    /// PEM file with the client's chain, leaf first; without it the device has no certificate.
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(super) cert: Option<PathBuf>,
    /// PEM file with the client's private key.
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub(super) key: Option<PathBuf>,
    /// PEM file with the trust anchors for the server.
    #[arg(long, value_name = "FILE")]
    pub(super) ca: Option<PathBuf>,
    /// DNS name that the server certificate must carry.
    #[arg(long, value_name = "NAME")]
    pub(super) server_name: Option<String>,
    /// Outer identity, sent as User-Name too.
    #[arg(long, default_value = "anonymous")]
    pub(super) identity: String,
    /// The one TLS version to offer.
    #[arg(long, value_enum)]
    pub(super) tls: Option<TlsArgument>,
    /// The one key exchange group to offer.
    #[arg(long, value_enum)]
    pub(super) group: Option<GroupArgument>,
    /// Octets of TLS data per EAP-Response.
    #[arg(long, default_value_t = 1024)]
    pub(super) fragment_size: usize,
    /// Take EAP-Success without RFC 9190's commitment octet, as some servers send it on resumption.
    #[arg(long)]
    pub(super) accept_without_commitment: bool,
}

/// Values of `--tls`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum TlsArgument {
    /// TLS 1.2.
    #[value(name = "1.2")]
    Tls12,
    /// TLS 1.3.
    #[value(name = "1.3")]
    Tls13,
}

/// Values of `--group`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum GroupArgument {
    /// X25519.
    X25519,
    /// secp256r1.
    P256,
    /// secp384r1.
    P384,
    /// X25519MLKEM768.
    X25519mlkem768,
}

impl ServerArguments {
    pub(super) fn address(&self) -> CliResult<SocketAddr> {
        self.server
            .to_socket_addrs()
            .map_err(|error| format!("{}: {error}", self.server))?
            .next()
            .ok_or_else(|| format!("{} has no address", self.server).into())
    }

    pub(super) fn trust(&self) -> CliResult<ServerTrust> {
        let text =
            std::fs::read(&self.secret_file).map_err(|error| format!("{}: {error}", self.secret_file.display()))?;
        let octets = text.strip_suffix(b"\n").unwrap_or(&text);
        let secret = Secret::new(octets).map_err(|error| format!("{}: {error}", self.secret_file.display()))?;
        Ok(ServerTrust {
            secret,
            protection: match self.message_authenticator {
                ProtectionArgument::First => ReplyProtection::First,
                ProtectionArgument::Present => ReplyProtection::Present,
                ProtectionArgument::Optional => ReplyProtection::ResponseAuthenticator,
            },
        })
    }

    pub(super) fn retransmission(&self) -> Retransmission {
        Retransmission {
            timeout: Duration::from_millis(self.timeout_ms.max(1)),
            transmissions: self.transmissions.max(1),
            backoff: Backoff::Even,
        }
    }
}

impl DeviceArguments {
    pub(super) fn eap_settings(&self) -> EapSettings {
        EapSettings {
            identity: self.identity.clone().into_bytes(),
            fragment_size: self.fragment_size,
            commitment: if self.accept_without_commitment { Commitment::Optional } else { Commitment::Required },
        }
    }

    pub(super) fn client_config(&self) -> CliResult<ClientConfig> {
        self.client_config_of(self.cert.as_deref().zip(self.key.as_deref()))
    }

    /// With another certificate than the one given, as (chain, key).
    pub(super) fn client_config_of(&self, client: Option<(&Path, &Path)>) -> CliResult<ClientConfig> {
        let ca = self.ca.as_deref().ok_or("--ca is needed: a supplicant does not trust just any server")?;
        let preferences = TlsPreferences {
            version: self.tls.map(|version| match version {
                TlsArgument::Tls12 => TlsVersion::Tls12,
                TlsArgument::Tls13 => TlsVersion::Tls13,
            }),
            group: self.group.map(|group| match group {
                GroupArgument::X25519 => KeyExchange::X25519,
                GroupArgument::P256 => KeyExchange::P256,
                GroupArgument::P384 => KeyExchange::P384,
                GroupArgument::X25519mlkem768 => KeyExchange::X25519MlKem768,
            }),
            server_name: self.server_name.clone(),
        };
        Ok(client_config(&Credentials::read(ca, client)?, &preferences)?)
    }
}

pub(super) fn seconds(number: f64) -> CliResult<Duration> {
    Duration::try_from_secs_f64(number).map_err(|_| format!("{number} is no number of seconds").into())
}

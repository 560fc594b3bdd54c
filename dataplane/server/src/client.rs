//! RADIUS clients (NASes): who may ask, found by source address, longest prefix first (RFC 2865 section 3).

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use nac_protocol::radius::Secret;
use zeroize::Zeroizing;

use crate::counters::ClientCounters;
use crate::limits::{MAX_FRAGMENT, MIN_FRAGMENT};
use crate::tls::MaximumVersion;

/// What a client must prove with each Access-Request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MessageAuthenticatorMode {
    /// No answer without it (the default).
    Require,
    /// Count who does not send it, and answer.
    Observe,
}

/// A client as the control plane describes it. Secrets wipe themselves.
#[derive(Clone)]
#[expect(missing_docs, reason = "documented with nac._dataplane.Client")]
pub struct ClientSpec {
    pub name: String,
    pub network: IpAddr,
    pub prefix_length: u8,
    pub secrets: Vec<Zeroizing<Vec<u8>>>,
    pub message_authenticator: MessageAuthenticatorMode,
    pub fragment_size: usize,
    pub maximum_tls: MaximumVersion,
    pub dialect: String,
    pub site: Option<String>,
    pub region: Option<String>,
    pub conversations_per_second: u32,
    pub burst: u32,
}

/// A client that cannot be compiled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClientError(String);

impl std::fmt::Display for ClientError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ClientError {}

/// What outlives snapshots: counters, and the token bucket for new conversations.
#[derive(Default, Debug)]
pub struct ClientLedger {
    /// Counters.
    pub counters: ClientCounters,
    bucket: Mutex<Option<Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    filled: Duration,
}

/// A compiled client.
#[derive(Debug)]
pub struct RadiusClient {
    /// Its name.
    pub name: Arc<str>,
    /// One or two live secrets, the newest first.
    pub secrets: Vec<Secret>,
    /// What it must prove.
    pub message_authenticator: MessageAuthenticatorMode,
    /// Octets of an EAP packet.
    pub fragment_size: usize,
    /// TLS version cap.
    pub maximum_tls: MaximumVersion,
    /// Enforcement dialect.
    pub dialect: Box<str>,
    /// Site.
    pub site: Option<Arc<str>>,
    /// Region of the site.
    pub region: Option<Arc<str>>,
    rate: f64,
    burst: f64,
    ledger: OnceLock<Arc<ClientLedger>>,
    proven: AtomicUsize,
}

impl RadiusClient {
    fn compile(spec: &ClientSpec) -> Result<Self, ClientError> {
        let refused = |what: &str| ClientError(format!("client {:?}: {what}", spec.name));
        if spec.secrets.is_empty() || spec.secrets.len() > 2 {
            return Err(refused("secrets: one, or two during a rotation"));
        }
        if !(MIN_FRAGMENT..=MAX_FRAGMENT).contains(&spec.fragment_size) {
            return Err(refused(&format!("fragment_size: {MIN_FRAGMENT} to {MAX_FRAGMENT} octets")));
        }
        let secrets: Vec<_> = spec
            .secrets
            .iter()
            .map(|secret| Secret::new(secret).map_err(|why| refused(&format!("secrets: {why}"))))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            name: spec.name.as_str().into(),
            proven: AtomicUsize::new(secrets.len() - 1),
            secrets,
            message_authenticator: spec.message_authenticator,
            fragment_size: spec.fragment_size,
            maximum_tls: spec.maximum_tls,
            dialect: spec.dialect.as_str().into(),
            site: spec.site.as_deref().map(Into::into),
            region: spec.region.as_deref().map(Into::into),
            rate: f64::from(spec.conversations_per_second),
            burst: f64::from(spec.burst.max(1)),
            ledger: OnceLock::new(),
        })
    }

    /// Counters and bucket.
    pub fn ledger(&self) -> &Arc<ClientLedger> {
        self.ledger.get_or_init(Arc::default)
    }

    /// A request was signed with the secret at `index`. Written only when it is news: every packet reads beside it.
    pub fn prove(&self, index: usize) {
        if self.proven() != index {
            self.proven.store(index, Ordering::Relaxed);
        }
    }

    /// The index of the secret proven last; before any was, of the last one: a rotation puts the new secret first, and
    /// the NAS has the old one until it is changed.
    #[must_use]
    pub fn proven(&self) -> usize {
        self.proven.load(Ordering::Relaxed)
    }

    /// Take a token for a new conversation; false when the client is too fast.
    pub fn take_token(&self, now: Duration) -> bool {
        let mut slot = self.ledger().bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = slot.get_or_insert(Bucket { tokens: self.burst, filled: now });
        let elapsed = now.saturating_sub(bucket.filled).as_secs_f64();
        bucket.tokens = (bucket.tokens + elapsed * self.rate).min(self.burst);
        bucket.filled = now;
        let granted = bucket.tokens >= 1.0;
        if granted {
            bucket.tokens -= 1.0;
        }
        granted
    }
}

/// All clients, by prefix.
#[derive(Default, Debug)]
pub struct ClientTable {
    /// Longest prefix first.
    v4: Vec<(u8, HashMap<u32, Arc<RadiusClient>>)>,
    v6: Vec<(u8, HashMap<u128, Arc<RadiusClient>>)>,
}

impl ClientTable {
    /// Compile.
    ///
    /// # Errors
    /// [`ClientError`] names the client and what is wrong with it.
    pub fn compile(specs: &[ClientSpec]) -> Result<Self, ClientError> {
        let mut table = Self::default();
        for spec in specs {
            let client = Arc::new(RadiusClient::compile(spec)?);
            let earlier = match spec.network {
                IpAddr::V4(network) if spec.prefix_length <= 32 => {
                    level(&mut table.v4, spec.prefix_length).insert(mask4(network, spec.prefix_length), client)
                }
                IpAddr::V6(network) if spec.prefix_length <= 128 => {
                    level(&mut table.v6, spec.prefix_length).insert(mask6(network, spec.prefix_length), client)
                }
                _ => return Err(ClientError(format!("client {:?}: prefix length out of range", spec.name))),
            };
            if let Some(earlier) = earlier {
                let text = format!("client {:?}: the same prefix as client {:?}", spec.name, earlier.name);
                return Err(ClientError(text));
            }
        }
        Ok(table)
    }

    /// The client of a source address.
    #[must_use]
    pub fn find(&self, source: IpAddr) -> Option<&Arc<RadiusClient>> {
        match source.to_canonical() {
            IpAddr::V4(source) => self.v4.iter().find_map(|(length, level)| level.get(&mask4(source, *length))),
            IpAddr::V6(source) => self.v6.iter().find_map(|(length, level)| level.get(&mask6(source, *length))),
        }
    }

    /// Every client.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<RadiusClient>> {
        self.v4.iter().flat_map(|(_, level)| level.values()).chain(self.v6.iter().flat_map(|(_, level)| level.values()))
    }

    /// Carry over from the snapshot before: counters and buckets, and while the secrets are as many, the proven one.
    pub fn inherit(&self, previous: &Self) {
        let before: HashMap<_, _> = previous.iter().map(|client| (&client.name, client)).collect();
        for client in self.iter() {
            if let Some(earlier) = before.get(&client.name) {
                // A snapshot that was published before keeps the ledger it has, which is the same one.
                let _ = client.ledger.set(Arc::clone(earlier.ledger()));
                if client.secrets.len() == earlier.secrets.len() {
                    client.prove(earlier.proven());
                }
            }
        }
    }
}

fn level<K>(levels: &mut Vec<(u8, HashMap<K, Arc<RadiusClient>>)>, length: u8) -> &mut HashMap<K, Arc<RadiusClient>> {
    let position = match levels.iter().position(|(known, _)| *known <= length) {
        Some(position) if levels.get(position).is_some_and(|(known, _)| *known == length) => position,
        Some(position) => {
            levels.insert(position, (length, HashMap::new()));
            position
        }
        None => {
            levels.push((length, HashMap::new()));
            levels.len() - 1
        }
    };
    #[expect(clippy::indexing_slicing, reason = "the position was found or made just above")]
    &mut levels[position].1
}

fn mask4(address: Ipv4Addr, length: u8) -> u32 {
    address.to_bits() & u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0)
}

fn mask6(address: Ipv6Addr, length: u8) -> u128 {
    address.to_bits() & u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0)
}

#[cfg(test)]
mod tests;

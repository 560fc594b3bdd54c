//! Snapshot parts as Python builds them, and the compiled snapshot.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use nac_server::client::{ClientSpec, MessageAuthenticatorMode};
use nac_server::snapshot::{self, SnapshotSpec};
use nac_server::tls::{self, Credential, MaximumVersion, RevocationMode, TrustSpec, TrustStore};
use pyo3::prelude::*;
use zeroize::Zeroizing;

use crate::codec::Dictionary;
use crate::errors::{ChainError, SnapshotError};
use crate::policy::Policy;

fn refused(why: impl std::fmt::Display) -> PyErr {
    SnapshotError::new_err(why.to_string())
}

/// A RADIUS client. Its secrets are taken out, and wiped here, when a snapshot is compiled from a copy of it.
#[pyclass(frozen, module = "nac._dataplane")]
pub(crate) struct Client {
    inner: ClientSpec,
}

#[pymethods]
impl Client {
    #[new]
    #[pyo3(signature = (*, name, prefix, secrets, message_authenticator = "require", fragment_size = 1024,
        max_tls = "1.3", dialect = "rfc4849", site = None, region = None, conversations_per_second = 500, burst = 2000))]
    #[expect(clippy::too_many_arguments, reason = "keyword-only, as the stub shows")]
    fn new(
        name: String,
        prefix: &str,
        secrets: Vec<Vec<u8>>,
        message_authenticator: &str,
        fragment_size: usize,
        max_tls: &str,
        dialect: &str,
        site: Option<String>,
        region: Option<String>,
        conversations_per_second: u32,
        burst: u32,
    ) -> PyResult<Self> {
        let wrong = |what: &str| refused(format!("client {name:?}: {what}"));
        let (network, prefix_length) = parse_prefix(prefix)
            .ok_or_else(|| wrong("prefix: an address, or address/length, like 10.0.0.0/24 or 2001:db8::/64"))?;
        let message_authenticator = match message_authenticator {
            "require" => MessageAuthenticatorMode::Require,
            "observe" => MessageAuthenticatorMode::Observe,
            _ => return Err(wrong("message_authenticator: require or observe")),
        };
        let maximum_tls = match max_tls {
            "1.3" => MaximumVersion::Tls13,
            "1.2" => MaximumVersion::Tls12,
            _ => return Err(wrong("max_tls: 1.2 or 1.3")),
        };
        Ok(Self {
            inner: ClientSpec {
                network,
                prefix_length,
                secrets: secrets.into_iter().map(Zeroizing::new).collect(),
                message_authenticator,
                fragment_size,
                maximum_tls,
                dialect: dialect.into(),
                site,
                region,
                conversations_per_second,
                burst,
                name,
            },
        })
    }
}

fn parse_prefix(prefix: &str) -> Option<(IpAddr, u8)> {
    match prefix.split_once('/') {
        Some((address, length)) => Some((address.parse().ok()?, length.parse().ok()?)),
        None => {
            let address: IpAddr = prefix.parse().ok()?;
            Some((address, if address.is_ipv4() { 32 } else { 128 }))
        }
    }
}

/// What a verified CRL says.
#[pyclass(frozen, module = "nac._dataplane")]
pub(crate) struct RevocationList {
    inner: tls::RevocationList,
}

#[pymethods]
impl RevocationList {
    #[new]
    #[pyo3(signature = (*, issuer, serials, this_update, next_update))]
    fn new(issuer: Vec<u8>, serials: Vec<Vec<u8>>, this_update: u64, next_update: u64) -> Self {
        Self { inner: tls::RevocationList { issuer, serials, this_update, next_update } }
    }
}

/// Who may vouch for devices.
#[pyclass(frozen, module = "nac._dataplane")]
pub(crate) struct Trust {
    inner: TrustSpec,
    store: OnceLock<TrustStore>,
}

/// What of a verified certificate says who it is.
#[pyclass(frozen, get_all, module = "nac._dataplane")]
pub(crate) struct PeerCertificate {
    fingerprint: String,
    common_name: Option<String>,
    dns: Vec<String>,
    not_after: u64,
}

#[pymethods]
impl Trust {
    #[new]
    #[pyo3(signature = (*, anchors, intermediates = Vec::new(), revocation_lists = Vec::new(), revocation = "require",
        attested_policies = Vec::new()))]
    fn new(
        anchors: Vec<Vec<u8>>,
        intermediates: Vec<Vec<u8>>,
        revocation_lists: Vec<PyRef<'_, RevocationList>>,
        revocation: &str,
        attested_policies: Vec<String>,
    ) -> PyResult<Self> {
        let revocation = match revocation {
            "require" => RevocationMode::Require,
            "available" => RevocationMode::Available,
            "stale-ok" => RevocationMode::StaleOk,
            _ => return Err(refused("trust: revocation: require, available or stale-ok")),
        };
        let revocation_lists = revocation_lists.iter().map(|list| list.inner.clone()).collect();
        let malformed = |oid: &&String| !oid.split('.').all(|arc| arc.parse::<u128>().is_ok());
        if let Some(oid) = attested_policies.iter().find(malformed) {
            return Err(refused(format!("trust: attested_policies: {oid:?} is not an OID like 1.3.6.1.4.1.99999.1")));
        }
        let inner = TrustSpec { anchors, intermediates, revocation_lists, revocation, attested_policies };
        Ok(Self { inner, store: OnceLock::new() })
    }

    /// The check that every EAP-TLS handshake makes.
    #[pyo3(signature = (*, chain, now))]
    fn check(&self, chain: Vec<Vec<u8>>, now: u64) -> PyResult<PeerCertificate> {
        let checked = self.store()?.check_chain(&chain, now);
        let certificate = checked.map_err(|fault| ChainError::new_err(fault.word()))?;
        Ok(PeerCertificate {
            fingerprint: certificate.fingerprint.clone(),
            common_name: certificate.common_name.clone(),
            dns: certificate.dns.clone(),
            not_after: certificate.not_after,
        })
    }
}

impl Trust {
    fn store(&self) -> PyResult<&TrustStore> {
        if let Some(store) = self.store.get() {
            return Ok(store);
        }
        let compiled = TrustStore::compile(&self.inner).map_err(refused)?;
        Ok(self.store.get_or_init(|| compiled))
    }
}

/// A server certificate chain with its key.
#[pyclass(frozen, module = "nac._dataplane")]
pub(crate) struct ServerCredential {
    chain: Vec<Vec<u8>>,
    key: Zeroizing<Vec<u8>>,
    ocsp_response: Option<Vec<u8>>,
}

#[pymethods]
impl ServerCredential {
    #[new]
    #[pyo3(signature = (*, chain, key, ocsp_response = None))]
    fn new(chain: Vec<Vec<u8>>, key: Vec<u8>, ocsp_response: Option<Vec<u8>>) -> Self {
        Self { chain, key: Zeroizing::new(key), ocsp_response }
    }
}

/// A session-ticket key.
#[pyclass(frozen, module = "nac._dataplane")]
pub(crate) struct TicketKey {
    inner: tls::TicketKey,
}

#[pymethods]
impl TicketKey {
    #[new]
    #[pyo3(signature = (*, name, key))]
    fn new(name: Vec<u8>, key: Vec<u8>) -> PyResult<Self> {
        let key = Zeroizing::new(key);
        let name = name.try_into().map_err(|_| refused("ticket_keys: a name has 16 octets"))?;
        let key = key.as_slice().try_into().map_err(|_| refused("ticket_keys: a key has 32 octets"))?;
        Ok(Self { inner: tls::TicketKey { name, key } })
    }
}

/// A compiled snapshot.
#[pyclass(frozen, module = "nac._dataplane")]
pub(crate) struct Snapshot {
    #[pyo3(get)]
    generation: u64,
    compiled: Mutex<Option<Arc<snapshot::Snapshot>>>,
}

impl Snapshot {
    /// The compiled form, once: a snapshot is published to one data plane.
    pub(crate) fn take(&self) -> PyResult<Arc<snapshot::Snapshot>> {
        let taken = self.compiled.lock().unwrap_or_else(PoisonError::into_inner).take();
        taken.ok_or_else(|| refused("this snapshot was published before; build a new one"))
    }
}

#[pymethods]
impl Snapshot {
    #[new]
    #[pyo3(signature = (*, generation, clients, trust, credentials, ticket_keys, ticket_lifetime = 43200, policy,
        dictionary))]
    #[expect(clippy::too_many_arguments, reason = "keyword-only, as the stub shows")]
    fn new(
        generation: u64,
        clients: Vec<PyRef<'_, Client>>,
        trust: &Trust,
        credentials: Vec<PyRef<'_, ServerCredential>>,
        ticket_keys: Vec<PyRef<'_, TicketKey>>,
        ticket_lifetime: u32,
        policy: &Policy,
        dictionary: &Dictionary,
    ) -> PyResult<Self> {
        let spec = SnapshotSpec {
            generation,
            clients: clients.iter().map(|client| client.inner.clone()).collect(),
            trust: trust.inner.clone(),
            credentials: credentials.iter().map(|credential| credential.copy()).collect(),
            ticket_keys: ticket_keys.iter().map(|key| key.inner.clone()).collect(),
            ticket_lifetime,
            policy: Arc::clone(&policy.inner),
            dictionary: Arc::clone(&dictionary.inner),
        };
        let compiled = snapshot::Snapshot::compile(spec).map_err(refused)?;
        Ok(Self { generation, compiled: Mutex::new(Some(Arc::new(compiled))) })
    }
}

impl ServerCredential {
    fn copy(&self) -> Credential {
        Credential { chain: self.chain.clone(), key: self.key.clone(), ocsp_response: self.ocsp_response.clone() }
    }
}

//! The snapshot: everything a packet reads, compiled once, immutable, numbered.

use std::sync::Arc;

use nac_policy::Policy;
use nac_protocol::dictionary::Dictionary;

use crate::client::{ClientSpec, ClientTable};
use crate::tls::{Acceptor, Credential, TicketKey, TrustSpec, TrustStore};

/// What a snapshot is compiled from.
#[expect(missing_docs, reason = "documented with nac._dataplane.Snapshot")]
pub struct SnapshotSpec {
    pub generation: u64,
    pub clients: Vec<ClientSpec>,
    pub trust: TrustSpec,
    pub credentials: Vec<Credential>,
    pub ticket_keys: Vec<TicketKey>,
    pub ticket_lifetime: u32,
    pub policy: Arc<Policy>,
    pub dictionary: Arc<Dictionary>,
}

/// A snapshot that cannot be compiled; the text names the part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SnapshotError(String);

impl std::fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SnapshotError {}

/// A compiled snapshot.
#[derive(Debug)]
pub struct Snapshot {
    /// Grows from one published snapshot to the next.
    pub generation: u64,
    /// RADIUS clients.
    pub clients: ClientTable,
    /// TLS: credentials, tickets, trust.
    pub acceptor: Acceptor,
    /// Policy.
    pub policy: Arc<Policy>,
    /// Dictionary, for records.
    pub dictionary: Arc<Dictionary>,
}

impl Snapshot {
    /// Carry over what outlives snapshots: counters and token buckets of clients, TLS 1.2 sessions.
    pub fn inherit(&self, previous: &Self) {
        self.clients.inherit(&previous.clients);
        self.acceptor.inherit(&previous.acceptor);
    }

    /// Compile.
    ///
    /// # Errors
    /// [`SnapshotError`] names the part that is not usable.
    pub fn compile(spec: SnapshotSpec) -> Result<Self, SnapshotError> {
        let refused = |why: &dyn std::fmt::Display| SnapshotError(why.to_string());
        for client in &spec.clients {
            if !spec.policy.has_dialect(&client.dialect) {
                let text =
                    format!("client {:?}: the policy was compiled without dialect {:?}", client.name, client.dialect);
                return Err(SnapshotError(text));
            }
        }
        let trust = Arc::new(TrustStore::compile(&spec.trust).map_err(|why| refused(&why))?);
        Ok(Self {
            generation: spec.generation,
            clients: ClientTable::compile(&spec.clients).map_err(|why| refused(&why))?,
            acceptor: Acceptor::compile(spec.credentials, &spec.ticket_keys, spec.ticket_lifetime, trust)
                .map_err(|why| refused(&why))?,
            policy: spec.policy,
            dictionary: spec.dictionary,
        })
    }
}

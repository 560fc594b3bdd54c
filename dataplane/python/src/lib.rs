//! The boundary to Python: thin, typed, frozen. `nac/_dataplane.pyi` documents it; mypy's stubtest holds the two together.

mod accounting;
mod authentications;
mod codec;
mod facts;
mod journal;
mod policy;
mod rows;
mod running;
mod snapshot;

use mimalloc::MiMalloc;
use pyo3::prelude::*;

/// Gives memory back after a flood, and allocates faster than the C library under many small objects.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

mod errors {
    use pyo3::create_exception;
    use pyo3::exceptions::PyException;

    create_exception!(_dataplane, DataPlaneError, PyException, "Root of what the data plane raises.");
    create_exception!(_dataplane, SnapshotError, DataPlaneError, "A part of a snapshot is not usable.");
    create_exception!(_dataplane, ChainError, DataPlaneError, "A certificate chain is refused.");
    create_exception!(_dataplane, ListenError, DataPlaneError, "A socket could not be bound.");
    create_exception!(_dataplane, JournalError, DataPlaneError, "The journal cannot be opened or read.");
    create_exception!(_dataplane, DictionaryError, DataPlaneError, "A dictionary does not parse.");
    create_exception!(_dataplane, PacketError, DataPlaneError, "Bytes are not a RADIUS packet.");
}

#[pymodule]
mod _dataplane {
    #[pymodule_export]
    use crate::accounting::AccountingBatch;
    #[pymodule_export]
    use crate::authentications::AuthenticationBatch;
    #[pymodule_export]
    use crate::codec::{DecodedAttribute, DecodedPacket, Dictionary, decode_packet, distinguished_name};
    #[pymodule_export]
    use crate::errors::{
        ChainError, DataPlaneError, DictionaryError, JournalError, ListenError, PacketError, SnapshotError,
    };
    #[pymodule_export]
    use crate::facts::{DeviceFacts, FactDefinition, UserFacts, fact_catalogue};
    #[pymodule_export]
    use crate::journal::JournalState;
    #[pymodule_export]
    use crate::policy::{Condition, Decision, Dialect, Policy, Resource, Rule, Segment};
    #[pymodule_export]
    use crate::running::DataPlane;
    #[pymodule_export]
    use crate::snapshot::{Client, PeerCertificate, RevocationList, ServerCredential, Snapshot, TicketKey, Trust};
}

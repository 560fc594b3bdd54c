//! EAP-TLS framing (RFC 5216 section 3, RFC 9190): fragments in both directions and the keys that come out.

mod fragment;
mod keys;
mod outgoing;
mod reassembly;

pub use fragment::{Fragment, FragmentError, START};
pub use keys::{
    EXPORTER_CONTEXT_TLS13, EXPORTER_LABEL_TLS12, EXPORTER_LABEL_TLS13, METHOD_ID_LABEL_TLS13, Msk, SessionId,
};
pub use outgoing::Outgoing;
pub use reassembly::{Reassembled, Reassembly, ReassemblyError};

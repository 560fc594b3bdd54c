//! How to talk in this round: what the RADIUS client is set to, and what the link behind it takes.

use nac_protocol::radius::{AttributeType, Packet};

use super::Conversation;
use crate::eap_tls::Terms;
use crate::limits::MAX_FRAGMENT;
use crate::origin::Origin;
use crate::pipeline::verify::Verified;
use crate::snapshot::Snapshot;

/// Version, Type and Length of an IEEE 802.1X frame.
const IEEE_8021X_HEADER: usize = 4;

/// The client's settings, and fragments no longer than the link takes.
pub(super) fn terms<'a>(snapshot: &'a Snapshot, request: &Verified, conversation: &Conversation) -> Terms<'a> {
    let client = request.client();
    let fragment = client.fragment_size.min(conversation.link);
    Terms { acceptor: &snapshot.acceptor, maximum: client.maximum_tls, fragment }
}

/// Octets of an EAP packet that fit on the link: Framed-MTU, less the IEEE 802.1X header where there is one
/// (RFC 3579 section 2.4, RFC 3580 section 3.10).
pub(super) fn link_octets(packet: &Packet<'_>, origin: &Origin) -> usize {
    let framed_mtu = packet
        .first(AttributeType::FRAMED_MTU)
        .and_then(|value| value.try_into().ok().map(u32::from_be_bytes))
        .and_then(|mtu| usize::try_from(mtu).ok());
    let header = if origin.connection.is_some() { IEEE_8021X_HEADER } else { 0 };
    framed_mtu.map_or(MAX_FRAGMENT, |mtu| mtu.saturating_sub(header))
}

//! A switch fetches an access list by the name that an Access-Accept told it (Cisco's downloadable ACLs): in pages, each
//! but the last an Access-Challenge whose State brings the next.

use std::sync::Arc;

use nac_protocol::radius::{AttributeType, Attributes, HEADER_LENGTH, MAX_PACKET_LENGTH, Packet};

use super::respond;
use super::{Request, answered};
use crate::access_lists::ListName;
use crate::cause::Cause;
use crate::core::Core;
use crate::snapshot::Snapshot;

/// Octets of the list in one answer: the packet less header, Message-Authenticator, a State of 32 octets and four
/// Proxy-State of 64.
const MAX_PAGE: usize = MAX_PACKET_LENGTH - HEADER_LENGTH - 18 - 34 - 4 * 66;

/// What a State for a page begins with; the list's name and the page's number follow. There is nothing secret in it: who
/// may fetch a page may fetch all.
const STATE_BEGINS: &[u8; 8] = b"nac-list";

/// The name of the list that a request asks for.
pub(super) fn asked_for(packet: &Packet<'_>) -> Option<ListName> {
    std::str::from_utf8(packet.first(AttributeType::USER_NAME)?).ok()?.parse().ok()
}

/// The page, or why there is none.
pub(super) fn answer(
    core: &Core,
    snapshot: &Snapshot,
    request: &Request,
    packet: &Packet<'_>,
    name: ListName,
) -> Result<Arc<[u8]>, Cause> {
    let proven = packet.first(AttributeType::MESSAGE_AUTHENTICATOR).is_some();
    if !proven || !snapshot.policy.downloads(&request.verified.client().dialect) {
        return Err(unknown("this client is sent no lists to fetch, or did not prove its secret"));
    }
    let list = core.access_lists.get(name).ok_or_else(|| unknown("this server has not named such a list"))?;
    let number = match packet.first(AttributeType::STATE) {
        None => 0,
        Some(state) => page_of(state, name).ok_or_else(|| unknown("the State belongs to no page of this list"))?,
    };
    let mut pages = pages(&list).skip(number.into());
    let page = pages.next().ok_or_else(|| unknown("the list has no such page"))?;
    let next = pages.next().map(|_| state_of(name, number.saturating_add(1)));
    let reply =
        respond::page(&request.verified, page, next.as_ref().map(|state| &state[..])).map_err(respond::unbuildable)?;
    core.counters.downloads.add();
    Ok(answered(core, request, reply).octets)
}

fn unknown(why: &str) -> Cause {
    Cause::new(
        "unknown_access_list",
        format!("the switch asks for an access list that it cannot have: {why}"),
        "none needed after a restart: the port authenticates anew, which names the list again",
    )
}

fn state_of(name: ListName, page: u16) -> [u8; 18] {
    let mut state = [0; 18];
    let parts = STATE_BEGINS.iter().copied().chain(name.octets()).chain(page.to_be_bytes());
    state.iter_mut().zip(parts).for_each(|(slot, octet)| *slot = octet);
    state
}

fn page_of(state: &[u8], name: ListName) -> Option<u16> {
    let rest = state.strip_prefix(STATE_BEGINS)?.strip_prefix(&name.octets())?;
    rest.try_into().ok().map(u16::from_be_bytes)
}

/// Whole attributes, as many as fit, from the first on.
fn pages(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = list;
    std::iter::from_fn(move || {
        let attributes = Attributes::over(rest).ok()?;
        let ends = attributes.scan(0, |end, attribute| {
            *end += attribute.value.len() + 2;
            Some(*end)
        });
        let end = ends.take_while(|end| *end <= MAX_PAGE).last()?;
        let (page, left) = rest.split_at_checked(end)?;
        rest = left;
        Some(page)
    })
}

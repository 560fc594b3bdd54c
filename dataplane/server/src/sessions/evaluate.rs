//! Deciding again about a session that is open: the same identity, joined with what is on record now, under the policy and
//! the trust of now.

use std::sync::Arc;
use std::time::Duration;

use nac_policy::{DeviceFacts, FactsTable, Policy};
use rustls::pki_types::UnixTime;
use smol_str::SmolStr;

use super::session::{Authorized, Names, place};
use crate::access_lists::AccessLists;
use crate::cause::Cause;
use crate::client::RadiusClient;
use crate::clock::Now;
use crate::event::{Decided, authorization_digest};
use crate::pipeline::authorize::{decide, ends_in};
use crate::pipeline::identity::Identity;
use crate::pipeline::respond;
use crate::snapshot::Snapshot;
use crate::tls::{TlsFault, VerifiedChain};

/// What a session should have now.
#[derive(Debug)]
pub struct Wanted {
    /// The decision and what it was made over.
    pub decided: Decided,
    /// `Err`: it should end, and why.
    pub verdict: Result<LaidOut, Cause>,
    /// The user it is now.
    pub user: Option<SmolStr>,
    /// The device it is now.
    pub device: Option<SmolStr>,
    /// Unix second at which time alone may change this.
    pub next: Option<i64>,
    /// Revision of the facts it was decided over.
    pub as_of: u64,
}

/// What the port should be given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LaidOut {
    /// The attributes of segment and access list, encoded.
    pub encoded: Vec<u8>,
    /// Digest of those.
    pub authorization: u128,
    /// Session-Timeout in seconds.
    pub session_timeout: Option<u32>,
}

impl Wanted {
    /// The digest of what the port should have; `None` when the session should end.
    #[must_use]
    pub fn authorization(&self) -> Option<u128> {
        self.verdict.as_ref().ok().map(|laid_out| laid_out.authorization)
    }
}

/// Decide again.
#[must_use]
pub fn evaluate(
    snapshot: &Arc<Snapshot>,
    records: &FactsTable,
    lists: &AccessLists,
    client: &RadiusClient,
    names: &Names,
    authorized: &Authorized,
    now: Now,
) -> Wanted {
    let identity = match (&authorized.chain, names.mac) {
        (Some(chain), _) => Identity::of_certificate(Arc::clone(chain.certificate()), records),
        (None, Some(mac)) => Identity::of_mac(mac, records),
        (None, None) => Identity::unknown(authorized.method, records),
    };
    let (decided, verdict) =
        decide(snapshot, place(names, client), &identity, authorized.tls(), authorized.previous.clone(), now);
    let verdict = still_trusted(snapshot, authorized, now).and(verdict).and_then(|()| {
        let decision = decided.decision.as_ref().ok_or(respond::NoAnswer::Inconsistent);
        let encoded = decision.and_then(|decision| respond::laid_out(&snapshot.policy, decision, client, lists));
        let encoded = encoded.map_err(respond::unbuildable)?;
        let segment = decided.decision.as_ref().and_then(|decision| snapshot.policy.session_timeout(decision));
        let session_timeout = respond::session_timeout(segment, ends_in(&identity, now));
        Ok(LaidOut { authorization: authorization_digest(&encoded), encoded, session_timeout })
    });
    let next = next_change(&snapshot.policy, &identity, authorized.chain.as_deref(), now);
    Wanted { decided, verdict, next, as_of: identity.as_of, user: identity.user, device: identity.device }
}

fn still_trusted(snapshot: &Snapshot, authorized: &Authorized, now: Now) -> Result<(), Cause> {
    let Some(chain) = &authorized.chain else { return Ok(()) };
    let unix = UnixTime::since_unix_epoch(Duration::from_secs(now.unix()));
    let checked = snapshot.acceptor.trust().check_again(chain, unix);
    checked.map_err(|fault| Cause::tls(&TlsFault::Chain(fault)))
}

/// The first Unix second after `now` at which a decision about this session may turn without anything being changed, apart
/// from the moments that all sessions of a policy have in common ([`Policy::next_time`]).
#[must_use]
pub fn next_change(policy: &Policy, identity: &Identity, chain: Option<&VerifiedChain>, now: Now) -> Option<i64> {
    let unix = signed(now.unix());
    let device = identity.device_record.as_deref();
    let access = identity.user_record.as_ref().and_then(|user| user.access_until);
    let chain = chain.map(|chain| signed(chain.not_after()).saturating_add(1));
    [
        access,
        chain,
        device.and_then(|device| device.next_change(unix)),
        device.and_then(|device| posture_ages(policy, device, unix)),
        identity.certificate.as_ref().and_then(|certificate| days_pass(policy, signed(certificate.not_after), unix)),
    ]
    .into_iter()
    .flatten()
    .filter(|moment| *moment > unix)
    .min()
}

fn posture_ages(policy: &Policy, device: &DeviceFacts, unix: i64) -> Option<i64> {
    let at = device.posture_at.unix()?;
    policy.next_posture_age(unix.saturating_sub(at).max(0)).map(|age| at.saturating_add(age))
}

/// `days_left` is the whole number of days, so it falls to `days` one second after that many and one more are left.
fn days_pass(policy: &Policy, not_after: i64, unix: i64) -> Option<i64> {
    const DAY: i64 = 86_400;
    let days = policy.next_days_left(not_after.saturating_sub(unix).div_euclid(DAY))?;
    Some(not_after.saturating_sub(days.saturating_add(1).saturating_mul(DAY)).saturating_add(1))
}

fn signed(unix: u64) -> i64 {
    i64::try_from(unix).unwrap_or(i64::MAX)
}

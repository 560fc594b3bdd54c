//! From identity to decision: gather the facts, check what no policy may override, decide.

use std::sync::Arc;

use nac_policy::{
    Decision, FactName, FactSet, FactsTable, MacAddress, Text, Value, Verdict, Whose, describe_device, describe_mac,
    describe_user,
};
use smol_str::ToSmolStr;

use super::identity::Identity;
use crate::cause::Cause;
use crate::client::RadiusClient;
use crate::clock::Now;
use crate::event::{Decided, Method};
use crate::origin::{Connection, NasPort, Origin};
use crate::snapshot::Snapshot;
use crate::tls::PeerCertificate;

/// How the TLS session came about, as far as policies see it.
#[derive(Clone, Copy, Debug)]
pub struct Session {
    /// `1.2` or `1.3`.
    pub version: Option<&'static str>,
    /// By ticket.
    pub resumed: bool,
}

/// Where a device is plugged in, and behind which client.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The client, as the snapshot that decides has it.
    pub client: &'a RadiusClient,
    /// What the NAS said.
    pub nas: &'a NasPort,
    /// Wired or wireless, when said.
    pub connection: Option<Connection>,
    /// Calling-Station-Id, when it is a MAC address.
    pub mac: Option<MacAddress>,
}

impl<'a> Place<'a> {
    fn of(origin: &'a Origin) -> Self {
        Self { client: &origin.client, nas: &origin.nas, connection: origin.connection, mac: origin.mac }
    }
}

/// Decide about a login. `Err` is a reject with its cause; both carry what was decided over.
pub fn authorize(
    snapshot: &Arc<Snapshot>,
    records: &FactsTable,
    origin: &Origin,
    identity: &Identity,
    session: Option<Session>,
    now: Now,
) -> (Decided, Result<(), Cause>) {
    let previous = whose(identity, origin).and_then(|whose| records.previous_segment(whose));
    decide(snapshot, Place::of(origin), identity, session, previous, now)
}

/// Decide about a login, or again about a session: with the segment in which the device was before that.
pub fn decide(
    snapshot: &Arc<Snapshot>,
    place: Place<'_>,
    identity: &Identity,
    session: Option<Session>,
    previous: Option<Text>,
    now: Now,
) -> (Decided, Result<(), Cause>) {
    let mut facts = gather(place, identity, session, now);
    if let Some(certificate) = &identity.certificate {
        let attested = snapshot.acceptor.trust().attests(certificate);
        facts.set(FactName::CertificateKeyAttested, Value::Boolean(attested));
    }
    if let Some(previous) = previous {
        facts.set(FactName::PreviousSegment, Value::Text(previous));
    }
    if let Some(cause) = disabled(identity) {
        return (Decided { snapshot: Arc::clone(snapshot), decision: None, facts }, Err(cause));
    }
    let mut decision = snapshot.policy.decide(&facts);
    let verdict = match (decision.verdict, decision.rule) {
        (Verdict::Accept, _) => fit(snapshot, &mut decision, place.client),
        (Verdict::Reject, None) if identity.method == Method::Mab && identity.device_record.is_none() => {
            Err(unknown_mac(place.mac))
        }
        (Verdict::Reject, rule) => {
            let policy = &snapshot.policy;
            Err(Cause::policy(rule.map(|rule| (policy.rule_location(rule), policy.rule_label(rule)))))
        }
    };
    (Decided { snapshot: Arc::clone(snapshot), decision: Some(decision), facts }, verdict)
}

/// Holds the decision against what the client can be told: a fallback, or nothing, never a shorter list.
fn fit(snapshot: &Snapshot, decision: &mut Decision, client: &RadiusClient) -> Result<(), Cause> {
    let fitted = snapshot.policy.fit(decision, &client.dialect, client.site.as_deref());
    fitted.map_err(|_| {
        Cause::new(
            "access_list_too_long",
            format!("the access list of this session is more than a client of dialect {:?} takes", client.dialect),
            "grant fewer or coarser resources, or give the segment a `fallback`; `nac policy check` shows the budget",
        )
    })
}

/// Whose placement this session is remembered as.
fn whose<'a>(identity: &'a Identity, origin: &Origin) -> Option<Whose<'a>> {
    identity.device.as_deref().map(Whose::Device).or_else(|| origin.mac.map(Whose::Mac))
}

/// Remembers where a session that was accepted is placed, for the fact `previous.segment` of the next one.
pub fn remember(records: &FactsTable, decided: &Decided, identity: &Identity, origin: &Origin) {
    let segment = decided.decision.as_ref().and_then(|decision| decision.segment);
    let segment = segment.and_then(|segment| decided.snapshot.policy.segment_text(segment));
    if let (Some(segment), Some(whose)) = (segment, whose(identity, origin)) {
        records.placed(whose, segment);
    }
}

/// Seconds until what was decided on ends: the certificate, the user's access, or the posture report that says more than
/// `unknown`.
pub fn ends_in(identity: &Identity, now: Now) -> Option<u32> {
    let unix = i64::try_from(now.unix()).unwrap_or(i64::MAX);
    let certificate = identity.certificate.as_ref().and_then(|certificate| i64::try_from(certificate.not_after).ok());
    let device = identity.device_record.as_deref();
    let posture = device
        .filter(|device| device.current_posture(unix).is_some())
        .and_then(|device| device.posture_expires_at.unix());
    let access = identity.user_record.as_ref().and_then(|user| user.access_until).filter(|until| *until > unix);
    let left = certificate.into_iter().chain(posture).chain(access).min()?.saturating_sub(unix).max(0);
    Some(u32::try_from(left).unwrap_or(u32::MAX))
}

/// A disabled user or device is out, whatever the policy says, on full handshakes and resumed ones alike.
fn disabled(identity: &Identity) -> Option<Cause> {
    if let Some(user) = identity.user_record.as_ref().filter(|user| user.disabled) {
        let detail = format!("the user {:?} is disabled", user.name);
        return Some(Cause::new("user_disabled", detail, "`nac user enable` when the user may connect again"));
    }
    let device = identity.device_record.as_ref().filter(|device| device.disabled)?;
    let detail = format!("the device {:?} is disabled", device.name);
    Some(Cause::new("device_disabled", detail, "`nac device enable` when the device may connect again"))
}

fn unknown_mac(mac: Option<MacAddress>) -> Cause {
    let mac = mac.map_or_else(|| "this address".to_string(), |mac| mac.to_string());
    Cause::new(
        "unknown_mac",
        format!("no device with {mac} is on record, and no rule places unknown devices"),
        "`nac device add NAME --mac MAC` if it is yours",
    )
}

fn gather(place: Place<'_>, identity: &Identity, session: Option<Session>, now: Now) -> Box<FactSet> {
    let mut facts = Box::new(FactSet::new());
    facts.set_text(FactName::Method, identity.method.word());
    if let Some(certificate) = &identity.certificate {
        describe_certificate(certificate, &mut facts);
        facts.set(FactName::CertificateDaysLeft, Value::Integer(days_left(certificate, now)));
    }
    if let Some(user) = &identity.user {
        facts.set_text(FactName::UserName, user);
    }
    let unix = i64::try_from(now.unix()).unwrap_or(i64::MAX);
    facts.set(FactName::Time, Value::Integer(unix));
    describe_user(identity.user_record.as_deref(), unix, &mut facts);
    if let Some(device) = &identity.device {
        facts.set_text(FactName::DeviceName, device);
    }
    describe_device(identity.device_record.as_deref(), unix, &mut facts);
    describe_place(place, &mut facts);
    if let Some(session) = session {
        if let Some(version) = session.version {
            facts.set_text(FactName::TlsVersion, version);
        }
        facts.set(FactName::TlsResumed, Value::Boolean(session.resumed));
    }
    facts
}

/// Whole days until notAfter; negative once it has passed.
fn days_left(certificate: &PeerCertificate, now: Now) -> i64 {
    const DAY: i64 = 86_400;
    let seconds = |unix: u64| i64::try_from(unix).unwrap_or(i64::MAX);
    seconds(certificate.not_after).saturating_sub(seconds(now.unix())).div_euclid(DAY)
}

fn describe_certificate(certificate: &PeerCertificate, facts: &mut FactSet) {
    for (name, text) in
        [(FactName::CertificateSubject, &certificate.subject), (FactName::CertificateIssuer, &certificate.issuer)]
    {
        if let Some(whole) = text.whole() {
            facts.set_text(name, whole);
        }
    }
    facts.set_text(FactName::CertificateSerial, &certificate.serial);
    facts.set_text(FactName::CertificateFingerprint, &certificate.fingerprint);
    facts.set_text(FactName::CertificateKey, certificate.key);
    if let Some(common_name) = &certificate.common_name {
        facts.set_text(FactName::CertificateCommonName, common_name);
    }
    for (name, values) in [
        (FactName::CertificateDns, &certificate.dns),
        (FactName::CertificateEmail, &certificate.email),
        (FactName::CertificateUpn, &certificate.upn),
        (FactName::CertificateUri, &certificate.uri),
        (FactName::CertificateEku, &certificate.eku),
        (FactName::CertificatePolicy, &certificate.policies),
    ] {
        facts.set(name, Value::set(values));
    }
}

fn describe_place(place: Place<'_>, facts: &mut FactSet) {
    facts.set_text(FactName::ClientName, &place.client.name);
    let port = place.nas.port_id.clone().or_else(|| place.nas.port.map(|port| port.to_smolstr()));
    for (name, value) in [
        (FactName::ClientSite, place.client.site.as_deref()),
        (FactName::ClientRegion, place.client.region.as_deref()),
        (FactName::NasIdentifier, place.nas.identifier.as_deref()),
        (FactName::NasPort, port.as_deref()),
        (FactName::Connection, place.connection.map(Connection::word)),
        (FactName::Ssid, place.nas.ssid.as_deref()),
    ] {
        if let Some(value) = value {
            facts.set_text(name, value);
        }
    }
    if let Some(mac) = place.mac {
        describe_mac(mac, facts);
    }
}

//! What the control plane would publish: two switches, a CA with its list, a policy of four lines.

use std::fs;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use nac_policy::{
    Condition, DialectSpec, Effect, Extent, FactName, Limits, Operand, Operator, Policy, PolicySpec, ResourceSpec,
    RuleSpec, SegmentSpec,
};
use nac_protocol::dictionary::Dictionary;
use nac_protocol::radius::{AttributeType, put_attribute, put_tagged_integer, put_tagged_text};
use nac_server::client::{ClientSpec, MessageAuthenticatorMode};
use nac_server::snapshot::{Snapshot, SnapshotSpec};
use nac_server::tls::{Credential, MaximumVersion, RevocationList, RevocationMode, TicketKey, TrustSpec};
use zeroize::Zeroizing;

use super::pki::Certificate;

/// The shared secret of both switches.
pub(crate) const SECRET: &[u8] = b"a long and winding shared secret";
/// Session-Timeout of the segment `corp`, seconds.
pub(crate) const SESSION_TIMEOUT: u32 = 3_600;

/// Everything a snapshot is compiled from, to be changed by tests.
#[derive(Clone)]
pub(crate) struct Estate {
    pub(crate) generation: u64,
    pub(crate) clients: Vec<ClientSpec>,
    pub(crate) trust: TrustSpec,
    pub(crate) chain: Vec<Vec<u8>>,
    pub(crate) key: Vec<u8>,
    pub(crate) ocsp_response: Option<Vec<u8>>,
    pub(crate) ticket_keys: Vec<TicketKey>,
    pub(crate) ticket_lifetime: u32,
    pub(crate) policy: PolicySpec,
}

impl Estate {
    /// The server shows `server` with the certificates of `above`; devices are trusted under `anchor`.
    pub(crate) fn new(anchor: &[u8], list: RevocationList, server: &Certificate, above: &[&[u8]]) -> Self {
        let mut chain = vec![server.der.clone()];
        chain.extend(above.iter().map(|der| der.to_vec()));
        Self {
            generation: 1,
            clients: vec![switch("switch-1", 1), switch("switch-2", 2)],
            trust: TrustSpec {
                anchors: vec![anchor.to_vec()],
                intermediates: Vec::new(),
                revocation_lists: vec![list],
                revocation: RevocationMode::Require,
                attested_policies: Vec::new(),
            },
            chain,
            key: server.key.clone(),
            ocsp_response: None,
            ticket_keys: vec![ticket_key(1)],
            ticket_lifetime: 43_200,
            policy: policy(),
        }
    }

    /// Compile it.
    pub(crate) fn compile(&self) -> Arc<Snapshot> {
        let spec = SnapshotSpec {
            generation: self.generation,
            clients: self.clients.clone(),
            trust: self.trust.clone(),
            credentials: vec![Credential {
                chain: self.chain.clone(),
                key: Zeroizing::new(self.key.clone()),
                ocsp_response: self.ocsp_response.clone(),
            }],
            ticket_keys: self.ticket_keys.clone(),
            ticket_lifetime: self.ticket_lifetime,
            policy: Arc::new(Policy::compile(self.policy.clone()).unwrap()),
            dictionary: dictionary(),
        };
        Arc::new(Snapshot::compile(spec).unwrap())
    }
}

/// A switch at 192.0.2.`host`.
pub(crate) fn switch(name: &str, host: u8) -> ClientSpec {
    ClientSpec {
        name: name.into(),
        network: [192, 0, 2, host].into(),
        prefix_length: 32,
        secrets: vec![Zeroizing::new(SECRET.to_vec())],
        message_authenticator: MessageAuthenticatorMode::Require,
        fragment_size: 1024,
        maximum_tls: MaximumVersion::Tls13,
        dialect: "rfc4849".into(),
        site: None,
        region: None,
        conversations_per_second: 1_000_000,
        burst: 1_000_000,
    }
}

/// The ticket key of that number.
pub(crate) fn ticket_key(number: u8) -> TicketKey {
    TicketKey { name: [number; 16], key: [number ^ 0x5a; 32] }
}

/// Quarantined devices are rejected, certificates get VLAN 120 and the cluster, known MAC addresses VLAN 30.
fn policy() -> PolicySpec {
    let compare = |fact, operator, operand| Condition::compare(fact, operator, operand).unwrap();
    let method = |word: &str| compare(FactName::Method, Operator::Equal, Operand::Text(word.into()));
    let quarantined = compare(FactName::DeviceTags, Operator::Has, Operand::Text("quarantine".into()));
    let known = compare(FactName::DeviceKnown, Operator::Equal, Operand::Boolean(true));
    let tagged = Condition::all(vec![known.clone(), quarantined]);
    let printer = Condition::all(vec![method("mab"), known]);
    PolicySpec {
        rules: vec![
            rule(1, Effect::Reject, &[], tagged.unwrap()),
            rule(2, Effect::Place, &["corp"], method("eap-tls")),
            rule(3, Effect::Place, &["printers"], printer.unwrap()),
            rule(4, Effect::Allow, &["cluster"], method("eap-tls")),
        ],
        segments: vec![segment("corp", "120", Some(SESSION_TIMEOUT)), segment("printers", "30", None)],
        resources: vec![ResourceSpec {
            name: "cluster".into(),
            access_list: vec![("rfc4849".into(), filter("permit in ip from any to 198.51.100.0/24"))],
            extents: Vec::new(),
        }],
        dialects: vec![DialectSpec {
            name: "rfc4849".into(),
            before: Vec::new(),
            after: filter("deny in ip from any to any"),
            before_extent: Extent::default(),
            after_extent: Extent::default(),
            limits: Limits::default(),
            downloads: false,
        }],
        digest: "d1".into(),
    }
}

fn rule(line: u32, effect: Effect, targets: &[&str], condition: Condition) -> RuleSpec {
    RuleSpec {
        effect,
        targets: targets.iter().map(|name| (*name).into()).collect(),
        condition,
        monitor: false,
        label: format!("{effect:?} {}", targets.join(", ")).to_lowercase(),
        location: format!("estate.policy:{line}"),
    }
}

fn segment(name: &str, vlan: &str, session_timeout: Option<u32>) -> SegmentSpec {
    let mut reply = Vec::new();
    put_tagged_integer(&mut reply, AttributeType::TUNNEL_TYPE, 0, 13).unwrap();
    put_tagged_integer(&mut reply, AttributeType::TUNNEL_MEDIUM_TYPE, 0, 6).unwrap();
    put_tagged_text(&mut reply, AttributeType::TUNNEL_PRIVATE_GROUP_ID, 0, vlan.as_bytes()).unwrap();
    SegmentSpec {
        name: name.into(),
        replies: vec![("rfc4849".into(), reply)],
        site_replies: Vec::new(),
        confined_replies: Vec::new(),
        confined_site_replies: Vec::new(),
        session_timeout,
        fallback: None,
    }
}

fn filter(line: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    put_attribute(&mut octets, AttributeType::NAS_FILTER_RULE, line.as_bytes()).unwrap();
    octets
}

/// The project's dictionaries, parsed once.
fn dictionary() -> Arc<Dictionary> {
    static PARSED: OnceLock<Arc<Dictionary>> = OnceLock::new();
    Arc::clone(PARSED.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dictionaries");
        let mut texts: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("dictionary."))
            .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(path).unwrap()))
            .collect();
        texts.sort();
        let texts: Vec<_> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        Arc::new(Dictionary::parse(&texts).unwrap())
    }))
}

//! By what sessions are found.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::Hash;
use std::net::IpAddr;
use std::slice::from_ref;
use std::sync::Arc;

use nac_policy::{Fingerprint, MacAddress, Text};
use smol_str::{SmolStr, ToSmolStr};

use super::session::{Names, Session, SessionId};
use crate::state_token::ConversationId;

/// A session's place in the table.
pub(super) type Slot = u32;

/// What is one session at a time behind one client: a device, or where it has no address, its port, or what accounting
/// calls it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Key {
    client: Arc<str>,
    station: Station,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Station {
    Mac(MacAddress),
    Port(IpAddr, SmolStr),
    Accounting(IpAddr, SmolStr),
    Unnamed(SessionId),
}

impl Key {
    pub(super) fn of(client: &Arc<str>, source: IpAddr, names: &Names, id: SessionId) -> Self {
        let port = || names.nas.port_id.clone().or_else(|| names.nas.port.map(|port| port.to_smolstr()));
        let station = if let Some(mac) = names.mac {
            Station::Mac(mac)
        } else if let Some(port) = port() {
            Station::Port(source, port)
        } else if let Some(session) = &names.acct_session_id {
            Station::Accounting(source, session.clone())
        } else {
            Station::Unnamed(id)
        };
        Self { client: Arc::clone(client), station }
    }
}

/// Several slots under one key; most have one.
#[derive(Debug)]
enum Slots {
    One(Slot),
    #[expect(clippy::box_collection, reason = "a set takes 48 octets in each entry that has one slot")]
    Many(Box<HashSet<Slot>>),
}

#[derive(Debug)]
struct Several<K>(HashMap<K, Slots>);

impl<K> Default for Several<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Hash + Eq> Several<K> {
    fn add(&mut self, key: K, slot: Slot) {
        match self.0.entry(key) {
            Entry::Vacant(vacant) => {
                vacant.insert(Slots::One(slot));
            }
            Entry::Occupied(mut occupied) => match occupied.get_mut() {
                Slots::Many(slots) => {
                    slots.insert(slot);
                }
                Slots::One(one) if *one == slot => {}
                Slots::One(one) => {
                    let slots = HashSet::from([*one, slot]);
                    occupied.insert(Slots::Many(Box::new(slots)));
                }
            },
        }
    }

    fn remove(&mut self, key: K, slot: Slot) {
        let Entry::Occupied(mut occupied) = self.0.entry(key) else { return };
        let gone = match occupied.get_mut() {
            Slots::One(one) => *one == slot,
            Slots::Many(slots) => {
                slots.remove(&slot);
                slots.is_empty()
            }
        };
        if gone {
            occupied.remove();
        }
    }

    /// A slot that was found by `old` is found by `new`.
    fn replace(&mut self, old: &[K], new: &[K], slot: Slot)
    where
        K: Clone,
    {
        old.iter().filter(|key| !new.contains(key)).for_each(|key| self.remove(key.clone(), slot));
        new.iter().filter(|key| !old.contains(key)).for_each(|key| self.add(key.clone(), slot));
    }

    fn get(&self, key: &K) -> Vec<Slot> {
        match self.0.get(key) {
            None => Vec::new(),
            Some(Slots::One(slot)) => vec![*slot],
            Some(Slots::Many(slots)) => slots.iter().copied().collect(),
        }
    }
}

/// Names by which the records of a session's user and device are found: as said in its certificate, and as joined.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct RecordNames {
    pub(super) users: Vec<Text>,
    pub(super) devices: Vec<Text>,
}

impl RecordNames {
    /// The rules of [`crate::pipeline::identity::Identity::of_certificate`], and whom they found.
    pub(super) fn of(session: &Session) -> Self {
        let Some(authorized) = &session.authorized else { return Self::default() };
        let mut names = Self::default();
        let mut user = |name: &str| names.users.push(Text::new(name));
        authorized.user.as_deref().into_iter().for_each(&mut user);
        if let Some(chain) = &authorized.chain {
            let certificate = chain.certificate();
            let said = certificate.upn.first().or(certificate.email.first()).or(certificate.common_name.as_ref());
            said.into_iter().for_each(|said| user(said));
            let common_name = certificate.common_name.as_ref().filter(|_| certificate.dns.is_empty());
            names.devices.extend(certificate.dns.iter().chain(common_name).map(|name| Text::new(name)));
        }
        names.devices.extend(authorized.device.as_deref().map(Text::new));
        for several in [&mut names.users, &mut names.devices] {
            several.sort_unstable();
            several.dedup();
        }
        names
    }
}

/// Every index. A session is in it as it is in the table: [`Index::relink`] goes along with every change.
#[derive(Debug, Default)]
pub(super) struct Index {
    ids: BTreeMap<SessionId, Slot>,
    keys: HashMap<Key, Slot>,
    decisions: HashMap<ConversationId, Slot>,
    accounting: HashMap<(IpAddr, SmolStr), Slot>,
    clients: Several<Arc<str>>,
    macs: Several<MacAddress>,
    certificates: Several<Fingerprint>,
    users: Several<Text>,
    devices: Several<Text>,
}

impl Index {
    pub(super) fn link(&mut self, slot: Slot, session: &Session, records: &RecordNames) {
        self.ids.insert(session.id, slot);
        self.keys.insert(key_of(session), slot);
        self.accounting.extend(accounting_of(session).map(|key| (key, slot)));
        self.decisions.extend(decision_of(session).map(|decision| (decision, slot)));
        self.clients.add(Arc::clone(&session.client), slot);
        session.names.mac.into_iter().for_each(|mac| self.macs.add(mac, slot));
        fingerprint_of(session).into_iter().for_each(|print| self.certificates.add(print, slot));
        records.users.iter().for_each(|name| self.users.add(name.clone(), slot));
        records.devices.iter().for_each(|name| self.devices.add(name.clone(), slot));
    }

    pub(super) fn unlink(&mut self, slot: Slot, session: &Session, records: &RecordNames) {
        self.ids.remove(&session.id);
        remove_if_its(&mut self.keys, key_of(session), slot);
        accounting_of(session).into_iter().for_each(|key| remove_if_its(&mut self.accounting, key, slot));
        decision_of(session).into_iter().for_each(|decision| remove_if_its(&mut self.decisions, decision, slot));
        self.clients.remove(Arc::clone(&session.client), slot);
        session.names.mac.into_iter().for_each(|mac| self.macs.remove(mac, slot));
        fingerprint_of(session).into_iter().for_each(|print| self.certificates.remove(print, slot));
        records.users.iter().for_each(|name| self.users.remove(name.clone(), slot));
        records.devices.iter().for_each(|name| self.devices.remove(name.clone(), slot));
    }

    /// The same session before and after a change, with its record names: what did not change is not looked up, except that
    /// a name which only one session can have is taken from one that took it in between.
    pub(super) fn relink(&mut self, slot: Slot, before: (&Session, &RecordNames), after: (&Session, &RecordNames)) {
        let ((old, old_records), (new, new_records)) = (before, after);
        claim(&mut self.keys, Some(key_of(old)), Some(key_of(new)), slot);
        claim(&mut self.accounting, accounting_of(old), accounting_of(new), slot);
        claim(&mut self.decisions, decision_of(old), decision_of(new), slot);
        self.clients.replace(from_ref(&old.client), from_ref(&new.client), slot);
        self.macs.replace(old.names.mac.as_slice(), new.names.mac.as_slice(), slot);
        self.certificates.replace(fingerprint_of(old).as_slice(), fingerprint_of(new).as_slice(), slot);
        self.users.replace(&old_records.users, &new_records.users, slot);
        self.devices.replace(&old_records.devices, &new_records.devices, slot);
    }

    pub(super) fn by_id(&self, id: SessionId) -> Option<Slot> {
        self.ids.get(&id).copied()
    }

    /// In the order of their identities, those above `after`.
    pub(super) fn above(&self, after: Option<SessionId>) -> impl Iterator<Item = Slot> {
        let begin = after.map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
        self.ids.range((begin, std::ops::Bound::Unbounded)).map(|(_, slot)| *slot)
    }

    pub(super) fn by_key(&self, key: &Key) -> Option<Slot> {
        self.keys.get(key).copied()
    }

    pub(super) fn by_accounting(&self, source: IpAddr, session: &str) -> Option<Slot> {
        self.accounting.get(&(source, session.into())).copied()
    }

    /// By the newest decision, or by the one that opened it.
    pub(super) fn by_decision(&self, decision: ConversationId) -> Option<Slot> {
        self.decisions.get(&decision).copied().or_else(|| self.by_id(decision.into()))
    }

    pub(super) fn by_client(&self, client: &Arc<str>) -> Vec<Slot> {
        self.clients.get(client)
    }

    pub(super) fn by_mac(&self, mac: MacAddress) -> Vec<Slot> {
        self.macs.get(&mac)
    }

    pub(super) fn by_certificate(&self, fingerprint: Fingerprint) -> Vec<Slot> {
        self.certificates.get(&fingerprint)
    }

    pub(super) fn by_user(&self, name: &Text) -> Vec<Slot> {
        self.users.get(name)
    }

    pub(super) fn by_device(&self, name: &Text) -> Vec<Slot> {
        self.devices.get(name)
    }
}

fn remove_if_its<K: Hash + Eq>(map: &mut HashMap<K, Slot>, key: K, slot: Slot) {
    if let Entry::Occupied(occupied) = map.entry(key)
        && *occupied.get() == slot
    {
        occupied.remove();
    }
}

/// `old` is given up and `new` taken, from another slot if need be.
fn claim<K: Hash + Eq>(map: &mut HashMap<K, Slot>, old: Option<K>, new: Option<K>, slot: Slot) {
    if let Some(old) = old
        && new.as_ref() != Some(&old)
    {
        remove_if_its(map, old, slot);
    }
    map.extend(new.map(|key| (key, slot)));
}

fn key_of(session: &Session) -> Key {
    Key::of(&session.client, session.source, &session.names, session.id)
}

fn decision_of(session: &Session) -> Option<ConversationId> {
    session.authorized.as_ref().map(|authorized| authorized.decision)
}

fn accounting_of(session: &Session) -> Option<(IpAddr, SmolStr)> {
    session.names.acct_session_id.clone().map(|id| (session.source, id))
}

pub(super) fn fingerprint_of(session: &Session) -> Option<Fingerprint> {
    session.authorized.as_ref()?.chain.as_ref()?.certificate().fingerprint.parse().ok()
}

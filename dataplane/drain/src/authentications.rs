//! Authentications that are stored together.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use aws_lc_rs::digest::{SHA256, digest};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::record::{BadRecord, folded, said, stored_mac, without_nul};
use crate::value::Value;

const DAYS_LEFT: &str = "certificate.days_left";
const POSTURE_AGE: &str = "posture.age";
/// Facts that change by themselves: with them in it, no set would ever be met twice.
const BESIDE: [&str; 3] = [DAYS_LEFT, POSTURE_AGE, "time"];

type Facts<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

/// The fields that have a column, as they were told; the others are in the text alone.
#[derive(Deserialize)]
struct Told<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    at: i64,
    #[serde(borrow)]
    client: Cow<'a, str>,
    #[serde(borrow)]
    mac: Option<Cow<'a, str>>,
    #[serde(borrow)]
    user_name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    result: Cow<'a, str>,
    #[serde(borrow)]
    cause: Cow<'a, str>,
    #[serde(borrow)]
    identity_user: Option<Cow<'a, str>>,
    #[serde(borrow)]
    identity_device: Option<Cow<'a, str>>,
    #[serde(borrow)]
    certificate: Option<Certificate<'a>>,
    #[serde(borrow)]
    facts: Facts<'a>,
    decision: Option<Decision>,
    #[serde(borrow)]
    reply: Option<Reply<'a>>,
}

#[derive(Deserialize)]
struct Certificate<'a> {
    #[serde(borrow)]
    fingerprint: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Decision {
    generation: i64,
}

#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow)]
    authorization: Option<Cow<'a, str>>,
}

/// A row of `authentications`, but for the number of its set of facts.
#[derive(Debug)]
struct Row {
    id: String,
    at: i64,
    mac: Option<String>,
    identity_user: Option<String>,
    user_name: Option<String>,
    device: Option<String>,
    client: String,
    result: String,
    cause: String,
    event: String,
    decided: Option<Decided>,
    generation: Option<i64>,
    laid_out: Option<String>,
    certificate: Option<String>,
}

/// What it was decided over. `set`: the digest of the facts that stay.
#[derive(Debug)]
struct Decided {
    set: String,
    days_left: Option<i64>,
    posture_age: Option<i64>,
}

/// A batch of them.
#[derive(Debug, Default)]
pub struct Authentications {
    rows: Vec<Row>,
    /// Each distinct set of facts once, as JSON, by its SHA-256 in hex.
    sets: BTreeMap<String, String>,
}

impl Authentications {
    /// Reads events (JSON), each with its place in the journal. `fold`: the form in which names are compared, for those that
    /// are not ASCII.
    ///
    /// # Errors
    ///
    /// The first record that is no authentication.
    pub fn read<'a>(
        events: impl Iterator<Item = (i64, &'a [u8])>,
        fold: &dyn Fn(&str) -> String,
    ) -> Result<Self, BadRecord> {
        let mut batch = Self::default();
        for (sequence, event) in events {
            batch.push(event, fold).map_err(|why| BadRecord { sequence, why })?;
        }
        Ok(batch)
    }

    fn push(&mut self, event: &[u8], fold: &dyn Fn(&str) -> String) -> Result<(), String> {
        let event = std::str::from_utf8(event).map_err(|why| why.to_string())?;
        let told: Told<'_> = serde_json::from_str(event).map_err(|why| why.to_string())?;
        let name = |text| said(text).map(|text| without_nul(folded(&text, fold)));
        let row = Row {
            id: told.id.into_owned(),
            at: told.at,
            mac: said(told.mac).map(|mac| stored_mac(&mac)),
            identity_user: name(told.identity_user),
            user_name: name(told.user_name),
            device: name(told.identity_device),
            client: without_nul(folded(&told.client, fold)),
            result: told.result.into_owned(),
            cause: told.cause.into_owned(),
            event: event.to_owned(),
            decided: self.keep(told.facts)?,
            generation: told.decision.map(|decision| decision.generation),
            laid_out: told.reply.and_then(|reply| reply.authorization).map(Cow::into_owned),
            certificate: told.certificate.map(|certificate| certificate.fingerprint.into_owned()),
        };
        self.rows.push(row);
        Ok(())
    }

    /// None when nothing was decided.
    fn keep(&mut self, mut facts: Facts<'_>) -> Result<Option<Decided>, String> {
        if facts.is_empty() {
            return Ok(None);
        }
        let number = |facts: &Facts<'_>, name| facts.get(name).and_then(|value| value.get().parse().ok());
        let (days_left, posture_age) = (number(&facts, DAYS_LEFT), number(&facts, POSTURE_AGE));
        for name in BESIDE {
            facts.remove(name);
        }
        let text = serde_json::to_string(&facts).map_err(|why| why.to_string())?;
        let set = hex(digest(&SHA256, text.as_bytes()).as_ref());
        self.sets.entry(set.clone()).or_insert(text);
        Ok(Some(Decided { set, days_left, posture_age }))
    }

    /// Of `fact_sets`: digest and facts.
    pub fn fact_sets(&self) -> impl Iterator<Item = [Value<'_>; 2]> + Clone {
        self.sets.iter().map(|(digest, facts)| [Value::Text(digest), Value::Text(facts)])
    }

    /// Of `authentications`, all columns but the row's own number. `numbers`: of the sets of facts, by digest.
    pub fn rows<'a>(&'a self, numbers: &'a HashMap<String, i64>) -> impl Iterator<Item = [Value<'a>; 15]> + Clone {
        self.rows.iter().map(|row| {
            let decided = row.decided.as_ref();
            [
                Value::Text(&row.id),
                Value::Int(row.at),
                row.mac.as_deref().into(),
                row.identity_user.as_deref().into(),
                row.user_name.as_deref().into(),
                row.device.as_deref().into(),
                Value::Text(&row.client),
                Value::Text(&row.result),
                Value::Text(&row.cause),
                Value::Text(&row.event),
                decided.and_then(|decided| numbers.get(&decided.set).copied()).into(),
                decided.and_then(|decided| decided.days_left).into(),
                decided.and_then(|decided| decided.posture_age).into(),
                row.generation.into(),
                row.laid_out.as_deref().into(),
            ]
        })
    }

    /// Of `sightings`, sorted: where those were accepted whom a certificate or the inventory names, first and last.
    #[must_use]
    pub fn sightings(&self) -> Vec<[Value<'_>; 6]> {
        let mut spans: BTreeMap<[&str; 4], (i64, i64)> = BTreeMap::new();
        for row in self.rows.iter().filter(|row| row.result == "accept") {
            let (device, certificate) = (row.device.as_deref(), row.certificate.as_deref());
            let Some(mac) = row.mac.as_deref() else { continue };
            if device.or(certificate).is_none() {
                continue;
            }
            let key = [device.unwrap_or_default(), certificate.unwrap_or_default(), mac, row.client.as_str()];
            let (first, last) = spans.entry(key).or_insert((row.at, row.at));
            (*first, *last) = (row.at.min(*first), row.at.max(*last));
        }
        spans
            .into_iter()
            .map(|([device, certificate, mac, client], (first, last))| {
                let [device, certificate, mac, client] = [device, certificate, mac, client].map(Value::Text);
                [device, certificate, mac, client, first.into(), last.into()]
            })
            .collect()
    }
}

fn hex(octets: &[u8]) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let digit = |half: u8| DIGITS.get(usize::from(half)).copied().unwrap_or_default();
    octets.iter().flat_map(|octet| [digit(octet >> 4), digit(octet & 15)]).collect()
}

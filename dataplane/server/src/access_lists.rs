//! Access lists that a switch fetches by name (Cisco's downloadable ACLs): kept from the Access-Accept that names one until
//! long after. A name says what the list says, so that it is right whatever snapshot answers; `nac/enforcement/download.py`
//! makes the same names.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};

use crate::limits::MAX_ACCESS_LIST_OCTETS;

/// What every name begins with; the switch knows a list to fetch by it.
const PREFIX: &str = "#ACSACL#-IP-nac-";

/// The first half of the first half of a SHA-256 over the encoded attributes of a list.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ListName(u64);

impl ListName {
    fn of(list: &[u8]) -> Self {
        Self(digest(&SHA256, list).as_ref().first_chunk().map_or(0, |octets| u64::from_be_bytes(*octets)))
    }

    /// Eight octets that stand for it.
    #[must_use]
    pub fn octets(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }
}

impl std::fmt::Display for ListName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{PREFIX}{:016x}", self.0)
    }
}

/// A text that is no list's name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotAName;

impl FromStr for ListName {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        let digits = text.strip_prefix(PREFIX).filter(|digits| digits.len() == 16).ok_or(NotAName)?;
        if !digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(NotAName);
        }
        u64::from_str_radix(digits, 16).map(Self).map_err(|_| NotAName)
    }
}

/// The lists, bounded: when the younger half is full, what was not asked for since is forgotten.
#[derive(Default, Debug)]
pub struct AccessLists {
    halves: Mutex<Halves>,
}

#[derive(Default, Debug)]
struct Halves {
    younger: HashMap<ListName, Arc<[u8]>>,
    octets: usize,
    older: HashMap<ListName, Arc<[u8]>>,
}

impl AccessLists {
    /// Keep a list (its encoded attributes); its name.
    pub fn keep(&self, list: &[u8]) -> ListName {
        let name = ListName::of(list);
        let mut halves = self.halves.lock().unwrap_or_else(PoisonError::into_inner);
        if halves.find(name).is_none() {
            halves.add(name, list.into());
        }
        name
    }

    /// The list of that name.
    pub fn get(&self, name: ListName) -> Option<Arc<[u8]>> {
        self.halves.lock().unwrap_or_else(PoisonError::into_inner).find(name)
    }
}

impl Halves {
    fn find(&mut self, name: ListName) -> Option<Arc<[u8]>> {
        if let Some(list) = self.younger.get(&name) {
            return Some(Arc::clone(list));
        }
        let list = self.older.remove(&name)?;
        self.add(name, Arc::clone(&list));
        Some(list)
    }

    fn add(&mut self, name: ListName, list: Arc<[u8]>) {
        if self.octets + list.len() > MAX_ACCESS_LIST_OCTETS / 2 {
            self.older = std::mem::take(&mut self.younger);
            self.octets = 0;
        }
        self.octets += list.len();
        self.younger.insert(name, list);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_the_list_says_and_is_read_back() {
        let lists = AccessLists::default();
        let name = lists.keep(b"permit");
        assert_eq!(name, lists.keep(b"permit"));
        assert_ne!(name, lists.keep(b"deny"));
        assert_eq!(name.to_string().parse(), Ok(name));
        assert_eq!(lists.get(name).as_deref(), Some(&b"permit"[..]));
        for text in
            ["", "alice", "#ACSACL#-IP-nac-", "#ACSACL#-IP-nac-00000000000000+1", "#ACSACL#-IP-nac-ABCDEF0123456789"]
        {
            assert_eq!(text.parse::<ListName>(), Err(NotAName), "{text}");
        }
    }

    #[test]
    fn the_lists_are_bounded_and_what_is_asked_for_stays() {
        let lists = AccessLists::default();
        let list = |number: u32| [&number.to_be_bytes()[..], &[0; 4092]].concat();
        let first = lists.keep(&list(0));
        let second = lists.keep(&list(1));
        for number in 2..u32::try_from(2 * MAX_ACCESS_LIST_OCTETS / 4096).unwrap() {
            lists.keep(&list(number));
            assert!(lists.get(first).is_some());
        }
        assert!(lists.get(second).is_none());
        let halves = lists.halves.lock().unwrap();
        let held: usize = halves.younger.values().chain(halves.older.values()).map(|list| list.len()).sum();
        assert!(held <= MAX_ACCESS_LIST_OCTETS);
    }
}

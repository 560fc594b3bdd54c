#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail loudly"
)]

use super::*;
use crate::text::TextSet;

fn mac(last: u8) -> MacAddress {
    MacAddress([0, 0, 0, 0, 0, last])
}

fn device(name: &str, macs: &[u8]) -> DeviceFacts {
    DeviceFacts { macs: macs.iter().map(|last| mac(*last)).collect(), ..DeviceFacts::named(name) }
}

fn name_by_mac(table: &FactsTable, last: u8) -> Option<String> {
    table.device_by_mac(&mac(last)).map(|device| device.name.to_string())
}

#[test]
fn devices_are_found_by_name_mac_and_certificate() {
    let table = FactsTable::new();
    let certificate = Fingerprint([7; 32]);
    table.upsert_device(DeviceFacts { certificates: Box::new([certificate]), ..device("Laptop-17", &[1, 2]) });
    assert!(table.device_by_name("LAPTOP-17").is_some());
    assert_eq!(name_by_mac(&table, 2).as_deref(), Some("Laptop-17"));
    assert!(table.device_by_certificate(&certificate).is_some());
    table.remove_device("laptop-17");
    assert!(table.device_by_name("laptop-17").is_none());
    assert_eq!(name_by_mac(&table, 1), None);
    assert!(table.device_by_certificate(&certificate).is_none());
    assert_eq!(table.device_count(), 0);
}

#[test]
fn what_records_have_in_common_is_kept_once_and_dropped_with_them() {
    let table = FactsTable::new();
    let tagged = |name: &str, tag: &str| DeviceFacts { tags: TextSet::new([tag]), ..DeviceFacts::named(name) };
    table.upsert_device(tagged("a", "gpu"));
    table.upsert_device(tagged("b", "GPU"));
    let tag = |name| table.device_by_name(name).unwrap().tags.texts().as_ptr();
    assert_eq!(tag("a"), tag("b"));
    for number in 0..10_000 {
        table.upsert_device(tagged("c", &format!("tag-{number}")));
    }
    assert!(table.pool.lock().unwrap().sets() < 3_000);
}

#[test]
fn a_replaced_record_leaves_nothing_behind() {
    let table = FactsTable::new();
    table.upsert_device(device("printer", &[1, 2]));
    table.upsert_device(DeviceFacts { disabled: true, ..device("PRINTER", &[2, 3]) });
    assert_eq!(name_by_mac(&table, 1), None);
    assert!(table.device_by_mac(&mac(2)).unwrap().disabled);
    assert_eq!(name_by_mac(&table, 3).as_deref(), Some("PRINTER"));
    assert_eq!(table.device_count(), 1);
}

#[test]
fn a_mac_that_moved_stays_with_its_new_device() {
    let table = FactsTable::new();
    table.upsert_device(device("old", &[1]));
    table.upsert_device(device("new", &[1]));
    table.remove_device("old");
    assert_eq!(name_by_mac(&table, 1).as_deref(), Some("new"));
}

#[test]
fn users_are_found_without_case() {
    let table = FactsTable::new();
    table.upsert_user(UserFacts {
        name: "Alice@Corp".into(),
        groups: TextSet::new(["ml"]),
        disabled: false,
        access_until: None,
    });
    assert!(table.user_by_name("alice@corp").is_some());
    assert_eq!(table.user_count(), 1);
    table.remove_user("ALICE@CORP");
    assert!(table.user_by_name("alice@corp").is_none());
    table.remove_user("nobody");
}

#[test]
fn the_last_placement_is_remembered_by_name_and_by_mac() {
    let table = FactsTable::new();
    assert_eq!(table.previous_segment(Whose::Device("laptop")), None);
    table.placed(Whose::Device("Laptop"), &Text::new("corp"));
    table.placed(Whose::Mac(mac(1)), &Text::new("guest"));
    table.placed(Whose::Device("laptop"), &Text::new("lab"));
    assert_eq!(table.previous_segment(Whose::Device("LAPTOP")), Some(Text::new("lab")));
    assert_eq!(table.previous_segment(Whose::Mac(mac(1))), Some(Text::new("guest")));
    assert_eq!(table.previous_segment(Whose::Mac(mac(2))), None);
}

#[test]
fn placements_are_bounded_and_the_oldest_are_forgotten() {
    const MOST: usize = 1 << 14;
    let placements = Placements::bounded(MOST);
    let segment = Text::new("corp");
    let mac = |number: usize| {
        let [.., a, b, c, d] = number.to_be_bytes();
        Whose::Mac(MacAddress([0, 0, a, b, c, d]))
    };
    let placed = 2 * MOST;
    (0..placed).for_each(|number| placements.put(mac(number), &segment));
    let remembered =
        |numbers: std::ops::Range<usize>| numbers.filter(|number| placements.get(mac(*number)).is_some()).count();
    assert_eq!(remembered(0..1_000), 0);
    assert_eq!(remembered(placed - 1_000..placed), 1_000);
    assert!(remembered(0..placed) <= MOST);
}

/// Readers run against a writer that toggles one record between two whole forms.
#[test]
fn readers_see_whole_records() {
    let table = FactsTable::new();
    let form = |flag: bool| DeviceFacts { managed: flag, disabled: flag, ..device("laptop", &[1]) };
    table.upsert_device(form(false));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..20_000 {
                    let found = table.device_by_mac(&mac(1)).unwrap();
                    assert_eq!(found.managed, found.disabled);
                }
            });
        }
        for round in 0..2_000 {
            table.upsert_device(form(round % 2 == 0));
        }
    });
}

//! Any octets are a segment of a journal: its good records are found, what is none is skipped, and nothing else happens.

#![no_main]

use libfuzzer_sys::fuzz_target;
use nac_journal::{Found, MAX_PAYLOAD, NodeId, Scan, SegmentHeader};

fuzz_target!(|octets: &[u8]| {
    let parsed = SegmentHeader::parse(octets);
    let header = parsed.unwrap_or(SegmentHeader { node: NodeId([7; 16]), first: 1 });
    assert!(parsed.is_none() || octets.starts_with(&header.octets()));
    let mut last = header.first.saturating_sub(1);
    let mut place = octets.len().min(36);
    for found in Scan::over(octets, &header) {
        match found {
            Found::Record { sequence, payload, .. } => {
                assert!(sequence > last && payload.len() <= MAX_PAYLOAD);
                last = sequence;
                place += 25 + payload.len();
            }
            Found::Damage(range) => {
                assert!(range.start == place && range.end > place);
                place = range.end;
            }
            Found::Unwritten(range) => {
                assert!(range == (place..octets.len()) && octets[range.clone()].iter().all(|octet| *octet == 0));
                place = range.end;
            }
        }
    }
    assert_eq!(place, octets.len(), "every octet is accounted for");
});

//! Any text is a dictionary or is refused with a line of that text; every name of an accepted one can be asked for.

#![no_main]

use libfuzzer_sys::fuzz_target;
use nac_protocol::dictionary::Dictionary;
use nac_protocol::radius::Attributes;

const TEXTS: [&str; 6] = ["1", "0x00", "192.0.2.1", "2001:db8::/32", "00:11:22:33:44:55", "2026-01-31T12:00:00Z"];

fuzz_target!(|text: &str| {
    let dictionary = match Dictionary::parse(&[("fuzz", text)]) {
        Ok(dictionary) => dictionary,
        Err(error) => {
            assert!((1..=text.lines().count()).contains(&error.line));
            return;
        }
    };
    for name in dictionary.names() {
        assert!(dictionary.named(name).is_some());
        for value in TEXTS {
            let Ok(octets) = dictionary.encode(name, value, 0) else { continue };
            for attribute in Attributes::over(&octets).expect("what we encode parses") {
                let _ = dictionary.display(attribute);
            }
        }
    }
});

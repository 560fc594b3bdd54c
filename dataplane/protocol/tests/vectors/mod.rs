//! Reads the vectors in `tests/vectors/radius/` and the dictionaries, both shared with the Python tests.

#![allow(dead_code, reason = "each test crate uses a part")]

use std::fs;
use std::path::{Path, PathBuf};

use nac_protocol::dictionary::Dictionary;
use serde_json::Value;

/// The root of the project.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// One vector file: its `secret` and its `vectors`.
pub(crate) fn file(name: &str) -> Value {
    let path = root().join("tests/vectors/radius").join(name);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The vectors of a file.
pub(crate) fn vectors(file: &Value) -> &[Value] {
    file["vectors"].as_array().unwrap()
}

/// The octets of a hexadecimal text.
pub(crate) fn octets(hex: &Value) -> Vec<u8> {
    let hex = hex.as_str().unwrap();
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// Every file in `dictionaries/`, as (name, content).
pub(crate) fn dictionary_texts() -> Vec<(String, String)> {
    let files = fs::read_dir(root().join("dictionaries")).unwrap().map(|entry| entry.unwrap().path());
    let mut texts: Vec<_> = files
        .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("dictionary."))
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(path).unwrap()))
        .collect();
    texts.sort();
    texts
}

/// All of `dictionaries/`, parsed.
pub(crate) fn dictionary() -> Dictionary {
    let texts = dictionary_texts();
    let texts: Vec<_> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    Dictionary::parse(&texts).unwrap()
}

//! PostgreSQL's binary COPY: a signature, rows of counted columns, and a trailer ("File Formats, Binary Format" of its manual
//! on COPY). Numbers are in network order; a column of -1 octets is NULL.

use crate::value::Value;

const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";
const TRAILER: i16 = -1;
const NULL: i32 = -1;

/// The rows as one COPY, empty when there are none.
#[must_use]
pub fn encode<'a, const N: usize>(rows: impl Iterator<Item = [Value<'a>; N]> + Clone) -> Vec<u8> {
    let size: usize = rows.clone().map(|row| 2 + row.iter().map(size).sum::<usize>()).sum();
    if size == 0 {
        return Vec::new();
    }
    let mut octets = Vec::with_capacity(SIGNATURE.len() + 8 + size + 2);
    octets.extend_from_slice(SIGNATURE);
    octets.extend_from_slice(&[0; 8]);
    for row in rows {
        octets.extend_from_slice(&i16::try_from(N).unwrap_or(i16::MAX).to_be_bytes());
        row.into_iter().for_each(|value| put(&mut octets, value));
    }
    octets.extend_from_slice(&TRAILER.to_be_bytes());
    octets
}

fn size(value: &Value<'_>) -> usize {
    4 + match value {
        Value::Null => 0,
        Value::Int(_) => 8,
        Value::Bool(_) => 1,
        Value::Text(text) => text.len(),
        Value::Octets(octets) => octets.len(),
    }
}

fn put(octets: &mut Vec<u8>, value: Value<'_>) {
    match value {
        Value::Null => octets.extend_from_slice(&NULL.to_be_bytes()),
        Value::Int(number) => put_octets(octets, &number.to_be_bytes()),
        Value::Bool(truth) => put_octets(octets, &[u8::from(truth)]),
        Value::Text(text) => put_octets(octets, text.as_bytes()),
        Value::Octets(value) => put_octets(octets, value),
    }
}

/// No record of a journal is longer than 2^31.
fn put_octets(octets: &mut Vec<u8>, value: &[u8]) {
    octets.extend_from_slice(&i32::try_from(value.len()).unwrap_or(i32::MAX).to_be_bytes());
    octets.extend_from_slice(value);
}

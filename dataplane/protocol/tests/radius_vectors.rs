//! Vectors of RFC 2865 section 7 and RFC 5997 section 6, and packets captured from other implementations.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail loudly"
)]

mod vectors;

use nac_protocol::radius::*;
use serde_json::Value;

fn secret(file: &Value) -> Secret {
    Secret::new(file["secret"].as_str().unwrap().as_bytes()).unwrap()
}

/// The Request Authenticator of the request that a response vector names.
fn request_authenticator(file: &Value, vector: &Value) -> Option<[u8; 16]> {
    let name = vector["request"].as_str()?;
    let request = vectors::vectors(file).iter().find(|other| other["name"] == name).unwrap();
    Some(*Packet::parse(&vectors::octets(&request["octets"])).unwrap().authenticator())
}

fn presence(vector: &Value) -> Presence {
    match vector["message_authenticator"].as_str() {
        Some("valid") => Presence::Valid,
        None => Presence::Absent,
        Some(other) => panic!("{other}"),
    }
}

fn check_authenticators(file: &Value, vector: &Value, packet: &Packet<'_>) {
    let (secret, wrong) = (secret(file), Secret::new(b"another secret").unwrap());
    if let Some(authenticator) = request_authenticator(file, vector) {
        assert_eq!(verify_response(packet, &authenticator, &secret), Ok(presence(vector)));
        assert_eq!(verify_response(packet, &authenticator, &wrong), Err(ResponseError::Authenticator));
        return;
    }
    assert_eq!(verify_request_message_authenticator(packet, &secret), Ok(presence(vector)));
    if presence(vector) == Presence::Valid {
        let refused = verify_request_message_authenticator(packet, &wrong);
        assert_eq!(refused, Err(MessageAuthenticatorError::Wrong));
    }
    if [Code::ACCOUNTING_REQUEST, Code::COA_REQUEST].contains(&packet.code()) {
        assert_eq!(verify_accounting_request(packet, &secret), Ok(()));
        assert_eq!(verify_accounting_request(packet, &wrong), Err(AccountingAuthenticatorError));
    }
}

fn check_attributes(vector: &Value, packet: &Packet<'_>) {
    let Some(expected) = vector["attributes"].as_array() else { return };
    let described = vectors::dictionary().describe(packet);
    assert_eq!(described.len(), expected.len());
    for (attribute, expected) in described.iter().zip(expected) {
        assert_eq!(attribute.name, expected[0].as_str().unwrap());
        if let Some(value) = expected[1].as_str() {
            assert_eq!(attribute.value, value);
        }
    }
}

fn check_hidden(file: &Value, vector: &Value, packet: &Packet<'_>) {
    let secret = secret(file);
    if let Some(password) = vector["user_password"].as_str() {
        let value = packet.first(AttributeType::USER_PASSWORD).unwrap();
        let decoded = decode_user_password(value, &secret, packet.authenticator()).unwrap();
        assert_eq!(decoded.as_slice(), password.as_bytes());
        let encoded = encode_user_password(password.as_bytes(), &secret, packet.authenticator());
        assert_eq!(encoded.unwrap(), value);
    }
    let authenticator = request_authenticator(file, vector).unwrap_or_default();
    for (key, ty) in [("mppe_send_key", 16), ("mppe_recv_key", 17)] {
        if vector[key].is_string() {
            let value = packet.vendor(VendorId::MICROSOFT, ty).next().unwrap();
            let decrypted = decrypt_mppe_key(value, &secret, &authenticator).unwrap();
            assert_eq!(*decrypted, vectors::octets(&vector[key]));
        }
    }
    if let Some(tunnel) = vector["tunnel_password"].as_object() {
        let value = packet.first(AttributeType::TUNNEL_PASSWORD).unwrap();
        let (tag, password) = decrypt_tunnel_password(value, &secret, &authenticator).unwrap();
        assert_eq!(u64::from(tag), tunnel["tag"].as_u64().unwrap());
        assert_eq!(password.as_slice(), tunnel["password"].as_str().unwrap().as_bytes());
    }
}

fn check_eap(vector: &Value, packet: &Packet<'_>) {
    let mut eap = Vec::new();
    let found = packet.eap_message(&mut eap).unwrap();
    assert_eq!(found, vector["eap"].is_string());
    if found {
        assert_eq!(eap, vectors::octets(&vector["eap"]));
    }
}

fn check_file(name: &str) {
    let file = vectors::file(name);
    for vector in vectors::vectors(&file) {
        eprintln!("{}", vector["name"]);
        let octets = vectors::octets(&vector["octets"]);
        let packet = Packet::parse(&octets).unwrap();
        assert_eq!(packet.code().name(), vector["code"].as_str().unwrap());
        assert_eq!(packet.octets(), octets);
        check_authenticators(&file, vector, &packet);
        check_attributes(vector, &packet);
        check_hidden(&file, vector, &packet);
        check_eap(vector, &packet);
    }
}

#[test]
fn rfc2865_7() {
    check_file("rfc2865_7.json");
}

#[test]
fn rfc5997_6() {
    check_file("rfc5997_6.json");
}

#[test]
fn captured_from_peers() {
    check_file("peers.json");
}

#[test]
fn rfc2866_3_accounting_request_is_rebuilt_octet_by_octet() {
    let file = vectors::file("peers.json");
    let vector = vectors::vectors(&file).iter().find(|vector| vector["code"] == "Accounting-Request").unwrap();
    let octets = vectors::octets(&vector["octets"]);
    let packet = Packet::parse(&octets).unwrap();
    let mut builder = RequestBuilder::new(packet.code(), packet.identifier(), [0; 16]);
    for attribute in packet.attributes() {
        builder.attribute(attribute.ty, attribute.value).unwrap();
    }
    assert_eq!(builder.finish(&secret(&file)), octets);
}

/// pyrad puts the Message-Authenticator first as well, so its Access-Accept is rebuilt exactly, RFC 2548 keys included.
#[test]
fn rfc2548_2_4_access_accept_of_pyrad_is_rebuilt_octet_by_octet() {
    let file = vectors::file("peers.json");
    let vector = vectors::vectors(&file).iter().find(|vector| vector["name"] == "pyrad Access-Accept").unwrap();
    let octets = vectors::octets(&vector["octets"]);
    let packet = Packet::parse(&octets).unwrap();
    let (secret, authenticator) = (secret(&file), request_authenticator(&file, vector).unwrap());
    let salt = |ty| *packet.vendor(VendorId::MICROSOFT, ty).next().unwrap().first_chunk::<2>().unwrap();
    let mut msk = vectors::octets(&vector["mppe_recv_key"]);
    msk.extend(vectors::octets(&vector["mppe_send_key"]));
    let msk = msk.first_chunk::<64>().unwrap();
    let tunnel = packet.first(AttributeType::TUNNEL_PASSWORD).unwrap();
    let hidden = encrypt_tunnel_password(b"tunnel secret", 3, [tunnel[1], tunnel[2]], &secret, &authenticator).unwrap();

    let mut builder = ReplyBuilder::new(packet.code(), packet.identifier(), authenticator);
    builder.text(AttributeType::USER_NAME, "alice").unwrap();
    builder.mppe_keys(&secret, [salt(17), salt(16)], msk).unwrap();
    builder.attribute(AttributeType::TUNNEL_PASSWORD, &hidden).unwrap();
    assert_eq!(builder.finish(&secret), octets);
}

#[test]
fn rfc6929_9() {
    let file = vectors::file("rfc6929_9.json");
    for vector in vectors::vectors(&file) {
        eprintln!("{}", vector["name"]);
        let attributes = vectors::octets(&vector["octets"]);
        let octets = with_header(&attributes);
        let packet = Packet::parse(&octets).unwrap();
        let found: Vec<_> = extended_attributes(&packet).collect();
        if vector["invalid"].is_number() {
            let first = packet.attributes().next().unwrap();
            assert_eq!(found[0], ExtendedAttribute::Invalid(first));
            continue;
        }
        let [ExtendedAttribute::Valid { ty, extended_type, value }] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(u64::from(ty.0), vector["type"].as_u64().unwrap());
        assert_eq!(u64::from(*extended_type), vector["extended_type"].as_u64().unwrap());
        assert_eq!(value.as_ref(), vectors::octets(&vector["value"]));

        let mut rebuilt = Vec::new();
        let put = if ty.0 < 245 { put_extended } else { put_long_extended };
        put(&mut rebuilt, *ty, *extended_type, value).unwrap();
        assert_eq!(rebuilt, attributes);
    }
}

#[test]
fn rfc2865_3_and_5_malformed() {
    let file = vectors::file("malformed.json");
    for vector in vectors::vectors(&file) {
        eprintln!("{}", vector["name"]);
        let error = Packet::parse(&vectors::octets(&vector["octets"])).unwrap_err();
        let name = match error {
            PacketError::TooShort { .. } => "too short",
            PacketError::BadLength { .. } => "bad length",
            PacketError::Truncated { .. } => "truncated",
            PacketError::BadAttribute { offset, .. } => {
                assert_eq!(offset as u64, vector["offset"].as_u64().unwrap());
                "bad attribute"
            }
        };
        assert_eq!(name, vector["error"].as_str().unwrap());
    }
}

/// An Access-Request around attributes.
fn with_header(attributes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(attributes.len() + 20).unwrap().to_be_bytes();
    [&[1, 1][..], &length, &[0; 16], attributes].concat()
}

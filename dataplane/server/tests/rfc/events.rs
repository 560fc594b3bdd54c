//! What the control plane is told: the counterpart of `nac/events/types.py`, field by field.

use nac_server::state_token::ConversationId;
use serde_json::{Value, json};

use crate::world::device::{enter, login};
use crate::world::nas::{MAC, Session, mab};
use crate::world::server::{PRINTER, World};

/// The keys of a JSON object, in order.
fn keys(object: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = object.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn an_accept_is_told_with_everything_that_led_to_it() {
    let mut world = World::new();
    enter(&mut world, &mut Session::on(1_812));
    let event = world.event();
    assert_eq!(
        keys(&event),
        [
            "at",
            "cause",
            "certificate",
            "client",
            "decision",
            "detail",
            "ended_at",
            "facts",
            "fix",
            "id",
            "identity_device",
            "identity_user",
            "mac",
            "method",
            "nas",
            "reply",
            "result",
            "rounds",
            "sequence",
            "server_us",
            "source",
            "tls",
            "type",
            "user_name"
        ]
    );
    for (field, expected) in [
        ("type", json!("authentication")),
        ("sequence", json!(2)),
        ("at", json!(world.now.unix_micros)),
        ("client", json!("switch-1")),
        ("source", json!("192.0.2.1:1812")),
        ("mac", json!(MAC)),
        ("user_name", json!("@corp.example")),
        ("method", json!("eap-tls")),
        ("result", json!("accept")),
        ("cause", json!("ok")),
        ("fix", Value::Null),
        ("identity_user", json!("alice@corp.example")),
        ("identity_device", json!("laptop-17.corp.example")),
    ] {
        assert_eq!(event[field], expected, "{field}");
    }
    assert_eq!(event["id"].as_str().unwrap().len(), std::mem::size_of::<ConversationId>() * 2);
    assert_eq!(
        event["nas"],
        json!({
            "identifier": "access-switch", "address": null, "port": 17, "port_id": "Gi1/0/17",
            "port_type": "Ethernet", "called_station": null, "ssid": null
        })
    );
    assert_eq!(
        event["decision"],
        json!({
            "generation": 1, "digest": "d1", "verdict": "accept", "segment": "corp", "rule": "estate.policy:2",
            "grants": ["cluster"],
            "reasons": event["decision"]["reasons"],
        })
    );
    let reasons = event["decision"]["reasons"].as_array().unwrap();
    assert!(reasons.iter().any(|reason| reason[0] == "estate.policy:2"), "{reasons:?}");
}

#[test]
fn the_tls_session_and_the_certificate_are_told() {
    let mut world = World::new();
    enter(&mut world, &mut Session::on(1));
    let event = world.event();
    let tls = &event["tls"];
    assert_eq!(keys(tls), ["cipher_suite", "octets_in", "octets_out", "resumed", "version"]);
    assert_eq!((&tls["version"], &tls["resumed"]), (&json!("1.3"), &json!(false)));
    assert!(tls["octets_in"].as_u64().unwrap() > 500 && tls["octets_out"].as_u64().unwrap() > 1_000);
    let certificate = &event["certificate"];
    assert_eq!(keys(certificate), ["fingerprint", "issuer", "names", "not_after", "not_before", "serial", "subject"]);
    assert_eq!(certificate["subject"], "CN=Alice");
    assert_eq!(certificate["issuer"], "CN=Example Issuing");
    assert_eq!(certificate["names"], json!(["DNS:laptop-17.corp.example", "UPN:alice@corp.example"]));
}

#[test]
fn the_reply_is_told_as_it_was_sent_and_without_keys() {
    let mut world = World::new();
    let sent = enter(&mut world, &mut Session::on(1));
    let event = world.event();
    assert_eq!(event["reply"]["code"], "Access-Accept");
    let told = event["reply"]["attributes"].as_array().unwrap();
    assert_eq!(told.len(), sent.attributes.len(), "every attribute, in order");
    let value = |name: &str| told.iter().find(|pair| pair[0] == name).map(|pair| pair[1].as_str().unwrap().to_owned());
    assert_eq!(value("Tunnel-Private-Group-Id").as_deref(), Some("120"));
    let class: String = event["id"].as_str().unwrap().bytes().map(|octet| format!("{octet:02x}")).collect();
    assert_eq!(value("Class"), Some(format!("0x{class}")));
    let text = event["reply"].to_string();
    for octets in sent.all(nac_protocol::radius::AttributeType::VENDOR_SPECIFIC) {
        let hex: String = octets[8..24].iter().map(|octet| format!("{octet:02x}")).collect();
        assert!(!text.contains(&hex), "a key in the record");
    }
}

#[test]
fn the_facts_are_told_that_were_decided_over() {
    let mut world = World::new();
    enter(&mut world, &mut Session::on(1));
    let facts = world.event()["facts"].clone();
    for (name, expected) in [
        ("method", json!("eap-tls")),
        ("user.known", json!(true)),
        ("user.groups", json!(["ml-engineers"])),
        ("device.managed", json!(true)),
        ("device.kind", json!("laptop")),
        ("tls.version", json!("1.3")),
        ("connection", json!("wired")),
        ("mac.oui", json!("02-00-00")),
    ] {
        assert_eq!(facts[name], expected, "{name} in {facts:#}");
    }
}

#[test]
fn a_printer_is_told_with_its_device() {
    let mut world = World::new();
    let mut session = Session::on(1);
    let asked = mab(&mut session, PRINTER);
    assert!(session.answer(&mut world, &asked).unwrap().is_accept());
    let event = world.event();
    assert_eq!((&event["method"], &event["identity_device"]), (&json!("mab"), &json!("printer-1")));
    assert!(event["tls"].is_null() && event["certificate"].is_null() && event["identity_user"].is_null());
    assert_eq!(event["decision"]["segment"], "printers");
}

#[test]
fn sequences_grow_by_one() {
    let mut world = World::new();
    let device = world.laptop();
    for port in 0..5 {
        login(&mut world, &mut Session::on(port), &mut device.supplicant());
    }
    let events = world.events().into_iter().chain(world.session_events());
    let mut sequences: Vec<_> = events.map(|event| event["sequence"].as_u64().unwrap()).collect();
    sequences.sort_unstable();
    assert_eq!(sequences, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], "a login and its session each");
}

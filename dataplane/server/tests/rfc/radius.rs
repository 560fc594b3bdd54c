//! RADIUS itself (RFC 2865), and how 802.1X uses it (RFC 3580).

use nac_protocol::radius::{AttributeType, Code};
use nac_server::client::MessageAuthenticatorMode;
use zeroize::Zeroizing;

use crate::world::device::{PeerStep, enter, login};
use crate::world::estate::{SECRET, SESSION_TIMEOUT, switch};
use crate::world::nas::{Asked, Session, describe_port, mab, sign, with_octets};
use crate::world::server::{PRINTER, World};

/// Sends octets that must not be answered, and says how they were counted.
fn discarded(world: &mut World, session: &Session, octets: &[u8], reason: &str) {
    let counter = format!("discard.{reason}");
    let before = world.counter(&counter);
    assert!(world.send(octets, session.source).is_none(), "{reason}: answered");
    assert_eq!(world.counter(&counter), before + 1, "{reason}: not counted");
}

#[test]
fn rfc2865_3_what_is_no_packet_is_discarded() {
    let mut world = World::new();
    let mut session = Session::on(1);
    let good = session.ask(&[]).octets;
    let with_length = |length: u16| {
        let mut octets = good.clone();
        octets[2..4].copy_from_slice(&length.to_be_bytes());
        octets
    };
    let longer = u16::try_from(good.len() + 1).unwrap();
    for octets in [vec![], good[..19].to_vec(), with_length(0), with_length(19), with_length(longer), vec![1; 5_000]] {
        discarded(&mut world, &session, &octets, "malformed_packet");
    }
    assert!(world.send(&good, session.source).is_some());
}

#[test]
fn rfc2865_3_octets_past_length_are_padding() {
    let mut world = World::new();
    let mut session = Session::on(1);
    let mut asked = session.ask(&[]);
    asked.octets.extend([0xff; 40]);
    assert_eq!(session.answer(&mut world, &asked).unwrap().code, Code::ACCESS_CHALLENGE);
}

#[test]
fn rfc2865_3_the_source_address_alone_chooses_the_secret() {
    let mut world = World::with(|estate| {
        estate.clients[1].secrets = vec![Zeroizing::new(b"another secret of another switch".to_vec())];
    });
    let mut session = Session::on(1);
    session.also = vec![(AttributeType::NAS_IP_ADDRESS, vec![192, 0, 2, 2])];
    assert_eq!(session.exchange(&mut world, &[]).code, Code::ACCESS_CHALLENGE);
    let mut other = Session::at([192, 0, 2, 2], 1);
    other.also = vec![(AttributeType::NAS_IP_ADDRESS, vec![192, 0, 2, 1])];
    let asked = other.ask(&[]);
    discarded(&mut world, &other, &asked.octets, "bad_message_authenticator");
}

#[test]
fn rfc2865_3_an_unknown_client_gets_no_answer() {
    let mut world = World::new();
    let mut session = Session::at([203, 0, 113, 9], 1);
    let asked = session.ask(&[]);
    discarded(&mut world, &session, &asked.octets, "unknown_client");
}

#[test]
fn rfc2865_3_codes_that_are_not_served_get_no_answer() {
    let mut world = World::new();
    let mut session = Session::on(1);
    for code in (0..=255).filter(|code| ![1, 4, 12].contains(code)).chain([4]) {
        let asked = session.bare(Code(code), describe_port);
        discarded(&mut world, &session, &asked.octets, "unexpected_code");
    }
}

#[test]
fn rfc2865_5_a_bad_attribute_length_is_never_processed_on() {
    let mut world = World::new();
    let mut session = Session::on(1);
    for bad in [&[26, 0][..], &[26, 1], &[26, 3], &[26], &[1, 255, 65]] {
        let asked = sign(&with_octets(&session.ask(&[]), bad), SECRET);
        discarded(&mut world, &session, &asked.octets, "malformed_packet");
    }
}

#[test]
fn rfc2865_5_unknown_attributes_are_ignored_and_nul_is_carried() {
    let mut world = World::new();
    let mut session = Session::on(1);
    session.user_name = Some("a\0b".into());
    session.also =
        vec![(AttributeType(200), vec![1, 2]), (AttributeType(255), vec![0]), (AttributeType(192), vec![7; 253])];
    assert!(enter(&mut world, &mut session).is_accept());
    assert_eq!(world.event()["user_name"], "a\0b");
}

#[test]
fn rfc2865_4_1_a_request_names_its_nas() {
    let mut world = World::new();
    let mut session = Session::on(1);
    let asked = session.bare(Code::ACCESS_REQUEST, |request| request.eap_message(&[]).map(|_| ()));
    discarded(&mut world, &session, &asked.octets, "no_nas_identity");
    for (ty, value) in [
        (AttributeType::NAS_IP_ADDRESS, vec![192, 0, 2, 1]),
        (AttributeType::NAS_IPV6_ADDRESS, vec![0x20; 16]),
        (AttributeType::NAS_IDENTIFIER, vec![b's']),
    ] {
        let asked =
            session.bare(Code::ACCESS_REQUEST, |request| request.attribute(ty, &value)?.eap_message(&[]).map(|_| ()));
        assert!(session.answer(&mut world, &asked).is_some());
    }
}

/// An Access-Request with these attributes.
fn request_with(session: &mut Session, attributes: &[(AttributeType, &[u8])]) -> Asked {
    session.bare(Code::ACCESS_REQUEST, |request| {
        request.text(AttributeType::NAS_IDENTIFIER, "access-switch")?;
        for (ty, value) in attributes {
            request.attribute(*ty, value)?;
        }
        Ok(())
    })
}

#[test]
fn rfc2865_4_1_passwords_are_rejected_with_their_reason() {
    use AttributeType as A;
    let name = (A::USER_NAME, b"alice".as_slice());
    let (pap, chap) = ((A::USER_PASSWORD, [9; 16].as_slice()), (A::CHAP_PASSWORD, [9; 17].as_slice()));
    let mac = (A::USER_NAME, PRINTER.as_bytes());
    let same_mac = (A::CALLING_STATION_ID, PRINTER.as_bytes());
    let other_mac = (A::CALLING_STATION_ID, b"02-00-00-00-00-98".as_slice());
    let mut world = World::new();
    let mut session = Session::on(1);
    for (attributes, cause, said) in [
        (vec![name, pap, chap], "password_method_refused", "both User-Password and CHAP-Password"),
        (vec![mac, pap, chap], "password_method_refused", "both User-Password and CHAP-Password"),
        (vec![name, pap], "password_method_refused", "a password login"),
        (vec![name, chap], "password_method_refused", "a password login"),
        (vec![name], "password_method_refused", "a password login"),
        (vec![mac, same_mac], "password_method_refused", "neither EAP nor a password"),
        (vec![mac, pap], "password_method_refused", "without the same address"),
        (vec![mac, pap, other_mac], "password_method_refused", "without the same address"),
        (vec![pap], "identity_missing", "no User-Name"),
    ] {
        let asked = request_with(&mut session, &attributes);
        assert!(session.answer(&mut world, &asked).unwrap().is_reject());
        let event = world.event();
        assert_eq!((event["cause"].as_str(), event["result"].as_str()), (Some(cause), Some("reject")));
        assert!(event["detail"].as_str().unwrap().contains(said), "{event:#}");
    }
}

#[test]
fn rfc2865_5_33_proxy_states_come_back_in_order_in_every_reply() {
    let mut world = World::new();
    let states: Vec<Vec<u8>> = vec![vec![1; 253], vec![0], b"second hop".to_vec(), vec![0]];
    let also: Vec<_> = states.iter().map(|state| (AttributeType::PROXY_STATE, state.clone())).collect();
    let mut session = Session { also, ..Session::on(1) };
    let mut supplicant = world.laptop().supplicant();
    let challenge = session.exchange(&mut world, &[]);
    assert_eq!(challenge.all(AttributeType::PROXY_STATE), states);
    let accept = login(&mut world, &mut Session { state: None, ..session.clone() }, &mut supplicant);
    assert!(accept.is_accept());
    assert_eq!(accept.all(AttributeType::PROXY_STATE), states);
    let asked = mab(&mut session, "02-00-00-00-00-77");
    let reject = session.answer(&mut world, &asked).unwrap();
    assert!(reject.is_reject());
    assert_eq!(reject.all(AttributeType::PROXY_STATE), states);
}

#[test]
fn rfc2865_3_an_answer_that_does_not_fit_is_a_named_discard() {
    let mut world = World::new();
    let mut session = Session::on(1);
    session.also = (0..15).map(|_| (AttributeType::PROXY_STATE, vec![1; 253])).collect();
    let identity = world.laptop().supplicant().identity_response();
    let first = session.exchange(&mut world, &identity);
    assert_eq!(first.code, Code::ACCESS_CHALLENGE, "a small answer fits");
    let mut supplicant = world.laptop().supplicant();
    let PeerStep::Respond(hello) = supplicant.receive(first.eap()).unwrap() else { panic!() };
    session.also.truncate(14);
    let asked = session.ask(&hello);
    discarded(&mut world, &session, &asked.octets, "reply_too_long");
    assert!(world.conversations.is_empty());
    assert_eq!(world.event()["reason"], "reply_too_long");
}

#[test]
fn rfc2865_5_26_bad_vendor_attributes_are_opaque() {
    let mut world = World::new();
    let mut session = Session::on(1);
    for value in [vec![0, 0, 0], vec![0, 0, 1, 55, 16, 200], vec![0, 0, 1, 55, 16, 0], vec![0, 0, 0, 9, 1, 1]] {
        session.also.push((AttributeType::VENDOR_SPECIFIC, value));
    }
    assert!(enter(&mut world, &mut session).is_accept());
}

#[test]
fn rfc6929_2_8_bad_extended_attributes_are_carried_past() {
    let mut world = World::new();
    let mut session = Session::on(1);
    session.also =
        vec![(AttributeType(241), vec![]), (AttributeType(245), vec![1]), (AttributeType(246), vec![26, 0x80])]
            .into_iter()
            .map(|(ty, value)| (ty, if value.is_empty() { vec![0] } else { value }))
            .collect();
    assert!(enter(&mut world, &mut session).is_accept());
}

#[test]
fn rfc3580_3_31_the_accept_carries_the_decision() {
    let mut world = World::new();
    let reply = enter(&mut world, &mut Session::on(1));
    assert_eq!(reply.one(AttributeType::TUNNEL_TYPE), [0, 0, 0, 13]);
    assert_eq!(reply.one(AttributeType::TUNNEL_MEDIUM_TYPE), [0, 0, 0, 6]);
    assert_eq!(reply.one(AttributeType::TUNNEL_PRIVATE_GROUP_ID), b"120");
    let rules = reply.all(AttributeType::NAS_FILTER_RULE);
    assert_eq!(rules, [&b"permit in ip from any to 198.51.100.0/24"[..], b"deny in ip from any to any"]);
    assert_eq!(reply.one(AttributeType::SESSION_TIMEOUT), SESSION_TIMEOUT.to_be_bytes());
    assert_eq!(reply.one(AttributeType::TERMINATION_ACTION), [0, 0, 0, 1], "RFC 2865 section 5.29");
    let class = String::from_utf8(reply.one(AttributeType::CLASS).to_vec()).unwrap();
    assert_eq!(world.event()["id"], class, "Class leads from accounting to the decision");
    assert!(reply.all(AttributeType::STATE).is_empty());
}

#[test]
fn rfc3579_3_user_name_in_the_accept_is_the_authenticated_name() {
    let mut world = World::new();
    let reply = enter(&mut world, &mut Session::on(1));
    assert_eq!(reply.one(AttributeType::USER_NAME), b"alice@corp.example");
    let mut silent = Session { user_name: None, ..Session::on(2) };
    let reply = enter(&mut world, &mut silent);
    assert!(reply.all(AttributeType::USER_NAME).is_empty());
}

#[test]
fn rfc3580_3_20_a_printer_is_known_by_its_mac_address_in_any_notation() {
    let mut world = World::new();
    let mut session = Session::on(1);
    for mac in [PRINTER, "02:00:00:00:00:99", "0200.0000.0099", "020000000099", "02-00-00-00-00-99"] {
        let asked = mab(&mut session, mac);
        let reply = session.answer(&mut world, &asked).unwrap();
        assert!(reply.is_accept(), "{mac}");
        assert_eq!(reply.one(AttributeType::TUNNEL_PRIVATE_GROUP_ID), b"30");
        assert!(reply.eap().is_empty());
        let vendors = reply.all(AttributeType::VENDOR_SPECIFIC);
        assert!(vendors.is_empty(), "RFC 3580 section 3.16: keys come from EAP only");
    }
    let asked = mab(&mut session, "02-00-00-00-00-98");
    assert!(session.answer(&mut world, &asked).unwrap().is_reject());
    assert_eq!(world.events().last().unwrap()["cause"], "unknown_mac");
}

#[test]
fn clients_may_have_two_live_secrets() {
    let new: &[u8] = b"the secret that will come after";
    let mut world = World::with(|estate| estate.clients[0].secrets.push(Zeroizing::new(new.to_vec())));
    let mut old = Session::on(1);
    assert!(enter(&mut world, &mut old).is_accept());
    let mut rotated = Session::on(2);
    rotated.secret = nac_protocol::radius::Secret::new(new).unwrap();
    assert!(enter(&mut world, &mut rotated).is_accept());
    assert!(world.client_counter("switch-1", "second_secret") > 0);
    world.estate.clients[0].secrets.remove(0);
    world.publish();
    let asked = old.ask(&[]);
    assert!(world.send(&asked.octets, old.source).is_none());
    assert!(enter(&mut world, &mut Session { state: None, ..rotated }).is_accept());
}

#[test]
fn rfc2865_3_the_longest_prefix_of_the_source_decides() {
    let mut world = World::with(|estate| {
        let mut all = switch("everywhere", 0);
        all.prefix_length = 0;
        all.message_authenticator = MessageAuthenticatorMode::Observe;
        estate.clients.push(all);
    });
    assert_eq!(Session::at([203, 0, 113, 9], 7).exchange(&mut world, &[]).code, Code::ACCESS_CHALLENGE);
    assert_eq!(Session::on(7).exchange(&mut world, &[]).code, Code::ACCESS_CHALLENGE);
    assert_eq!(world.client_counter("everywhere", "requests"), 1);
    assert_eq!(world.client_counter("switch-1", "requests"), 1);
}

#[test]
fn rfc2865_5_6_a_mac_address_opens_a_port_and_no_login() {
    let mut world = World::new();
    for service in [1_u32, 6, 7, 9] {
        let mut session = Session::on(1);
        session.also.push((AttributeType::SERVICE_TYPE, service.to_be_bytes().to_vec()));
        let asked = mab(&mut session, PRINTER);
        assert!(session.answer(&mut world, &asked).unwrap().is_reject(), "Service-Type {service}");
        assert_eq!(world.event()["cause"], "password_method_refused");
    }
    let mut session = Session::on(1);
    let (secret, name) = (session.secret.clone(), PRINTER);
    let asked = session.bare(Code::ACCESS_REQUEST, |request| {
        request.text(AttributeType::USER_NAME, name)?.user_password(&secret, b"anything")?;
        request.text(AttributeType::NAS_IDENTIFIER, "vpn")?.text(AttributeType::CALLING_STATION_ID, "198.51.100.7")?;
        Ok(())
    });
    assert!(session.answer(&mut world, &asked).unwrap().is_reject());
}

#![allow(clippy::unwrap_used, reason = "tests fail loudly")]

use std::sync::{Arc, mpsc};

use nac_protocol::radius::{RequestBuilder, ResponseError, verify_response};

use super::super::seats::Place;
use super::*;
use crate::supplicant::{Commitment, EapSettings};

const SECRET: &[u8] = b"only for this test";
const SWITCH: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 9, 0, 1));

fn switches() -> Switches {
    let eap = EapSettings { identity: Vec::new(), fragment_size: 1024, commitment: Commitment::Required };
    Switches::of(60, super::super::Profile::MorningRush, vec![SWITCH], Arc::new(eap), 0xab)
}

fn request(code: Code, session: &str, secret: &[u8]) -> Vec<u8> {
    naming(code, &[(AttributeType::ACCT_SESSION_ID, session)], secret)
}

fn naming(code: Code, names: &[(AttributeType, &str)], secret: &[u8]) -> Vec<u8> {
    let mut request = RequestBuilder::new(code, 9, [0; 16]);
    for (ty, name) in names {
        request.text(*ty, name).unwrap();
    }
    request.tagged_text(AttributeType::TUNNEL_PRIVATE_GROUP_ID, 1, "66").unwrap();
    request.finish(&Secret::new(secret).unwrap())
}

#[test]
fn rfc5176_2_what_is_asked_of_a_live_session_is_done_and_nothing_else() {
    let (switches, seats, now) = (switches(), Seats::new(60), Instant::now());
    let secret = Secret::new(SECRET).unwrap();
    let (workers, put_off): (Vec<_>, Vec<_>) = (0..4).map(|_| mpsc::channel()).unzip();
    let das = DynamicAuthorization {
        sockets: Vec::new(),
        secret: secret.clone(),
        switches: &switches,
        seats: &seats,
        workers,
    };
    seats.take(Place { number: 50, login: 0, switch: Some(SWITCH) }, Some("120".to_owned()));
    let mut tally = ChangeTally::default();
    let mut asked = |octets: &[u8], at: IpAddr| -> Option<(Code, Option<u32>)> {
        let reply = das.answer(octets, at, now, &mut tally)?;
        let packet = Packet::parse(&reply).unwrap();
        let authenticator = *Packet::parse(octets).unwrap().authenticator();
        let presence: Result<Presence, ResponseError> = verify_response(&packet, &authenticator, &secret);
        assert_eq!(presence, Ok(Presence::Valid));
        let cause = packet.first(AttributeType::ERROR_CAUSE).map(|value| u32::from_be_bytes(value.try_into().unwrap()));
        Some((packet.code(), cause))
    };
    let change = |session: &str| request(Code::COA_REQUEST, session, SECRET);
    let elsewhere = IpAddr::from([127, 9, 0, 2]);
    assert_eq!(asked(&change("000000ab-32-0"), SWITCH), Some((Code::COA_ACK, None)));
    for (session, at) in
        [("000000ab-32-1", SWITCH), ("000000ac-32-0", SWITCH), ("32", SWITCH), ("000000ab-32-0", elsewhere)]
    {
        assert_eq!(asked(&change(session), at), Some((Code::COA_NAK, Some(503))), "{session} at {at}");
    }
    let [session, station] = [AttributeType::ACCT_SESSION_ID, AttributeType::CALLING_STATION_ID];
    let live = (session, "000000ab-32-0");
    for names in [vec![(station, "02-00-00-00-00-32")], vec![live, (station, "02-00-00-00-00-32")]] {
        assert_eq!(asked(&naming(Code::COA_REQUEST, &names, SECRET), SWITCH), Some((Code::COA_ACK, None)));
    }
    for names in [vec![], vec![live, (station, "02-00-00-00-00-33")], vec![(station, "02-5A-00-00-00-32")]] {
        let refused = asked(&naming(Code::COA_REQUEST, &names, SECRET), SWITCH);
        assert_eq!(refused, Some((Code::COA_NAK, Some(503))), "{names:?}");
    }
    assert_eq!(asked(&request(Code::COA_REQUEST, "000000ab-32-0", b"another secret"), SWITCH), None);
    assert_eq!(asked(&request(Code::ACCOUNTING_REQUEST, "000000ab-32-0", SECRET), SWITCH), None);
    assert_eq!(seats.leave(50), Some(Some("66".to_owned())));
    seats.take(Place { number: 50, login: 1, switch: Some(SWITCH) }, Some("120".to_owned()));
    let disconnect = |session: &str| request(Code::DISCONNECT_REQUEST, session, SECRET);
    assert_eq!(asked(&disconnect("000000ab-32-0"), SWITCH), Some((Code::DISCONNECT_NAK, Some(503))));
    assert_eq!(asked(&disconnect("000000ab-32-1"), SWITCH), Some((Code::DISCONNECT_ACK, None)));
    assert_eq!(asked(&disconnect("000000ab-32-1"), SWITCH), Some((Code::DISCONNECT_NAK, Some(503))));
    assert_eq!((tally.acked, tally.ended, tally.not_known, tally.forged), (3, 1, 9, 2));
    let told: Vec<Vec<PutOff>> = put_off.iter().map(|worker| worker.try_iter().collect()).collect();
    assert_eq!(told, [vec![], vec![], vec![PutOff { index: 12, login: 1 }], vec![]]);
}

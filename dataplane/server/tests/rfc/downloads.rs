//! Access lists that a switch fetches by name (`nac/enforcement/download.py`).

use nac_policy::Effect;
use nac_protocol::radius::{AttributeType, Code, VendorId, VendorSpecific, put_vendor};

use crate::world::nas::{Asked, Reply, Session, mab, without_message_authenticator};
use crate::world::server::{PRINTER, World};

const REFERENCE: &str = "ACS:CiscoSecure-Defined-ACL=";

fn pair(text: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    put_vendor(&mut octets, VendorId::CISCO, 1, text.as_bytes()).unwrap();
    octets
}

fn line(number: usize) -> String {
    format!("ip:inacl#{number}=permit tcp any host 198.51.100.{} eq {}", number % 250, 1000 + number)
}

/// switch-1 takes lists in line, switch-2 fetches them; the printer's has `lines` lines and a closing one.
fn world(lines: usize) -> World {
    World::with(|estate| {
        let policy = &mut estate.policy;
        let fetching = "fetching".to_string();
        let mut dialect = policy.dialects[0].clone();
        (dialect.name, dialect.downloads) = (fetching.clone(), true);
        dialect.after = pair("ip:inacl#9999=deny ip any any");
        policy.dialects.push(dialect);
        for segment in &mut policy.segments {
            let reply = segment.replies[0].1.clone();
            segment.replies.push((fetching.clone(), reply));
        }
        let list: Vec<u8> = (1..=lines).flat_map(|number| pair(&line(number))).collect();
        policy.resources[0].access_list.push((fetching.clone(), list));
        let allow = policy.rules.iter_mut().find(|rule| rule.effect == Effect::Allow).unwrap();
        allow.condition = nac_policy::Condition::always();
        let client = estate.clients.iter_mut().find(|client| client.name == "switch-2").unwrap();
        client.dialect = fetching;
    })
}

/// Packets that these texts take, whole attributes of eight octets and the text in 3,760 octets each.
fn pages_of(texts: &[String]) -> u64 {
    let (pages, _) =
        texts.iter().map(|text| text.len() + 8).fold((1, 0), |(pages, used), octets| match used + octets {
            more if more > 3_760 => (pages + 1, octets),
            fits => (pages, fits),
        });
    pages
}

fn pairs(reply: &Reply) -> Vec<String> {
    let vendors = reply.all(AttributeType::VENDOR_SPECIFIC);
    let parsed = vendors.iter().map(|value| VendorSpecific::parse(value).unwrap());
    let attributes = parsed.flat_map(|specific| specific.attributes().unwrap());
    attributes.map(|attribute| String::from_utf8(attribute.value.to_vec()).unwrap()).collect()
}

/// The name of the list that the printer's Access-Accept tells.
fn named(world: &mut World, session: &mut Session) -> String {
    let asked = mab(session, PRINTER);
    let reply = session.answer(world, &asked).unwrap();
    assert!(reply.is_accept());
    let told = pairs(&reply);
    assert_eq!(told.len(), 1, "the name, and no line: {told:?}");
    told[0].strip_prefix(REFERENCE).unwrap().to_string()
}

fn fetch(session: &mut Session, name: &str, state: Option<&[u8]>) -> Asked {
    session.bare(Code::ACCESS_REQUEST, |request| {
        request.text(AttributeType::USER_NAME, name)?.text(AttributeType::NAS_IDENTIFIER, "access-switch")?;
        request.vendor(VendorId::CISCO, 1, b"aaa:service=ip_admission")?;
        request.vendor(VendorId::CISCO, 1, b"aaa:event=acl-download")?;
        if let Some(state) = state {
            request.attribute(AttributeType::STATE, state)?;
        }
        Ok(())
    })
}

#[test]
fn a_list_is_fetched_in_pages_whole_and_in_order() {
    for lines in [0, 1, 60, 61, 62, 63, 64, 200] {
        let mut world = world(lines);
        let mut session = Session::at([192, 0, 2, 2], 1);
        let name = named(&mut world, &mut session);
        let (mut got, mut state, mut pages) = (Vec::new(), None::<Vec<u8>>, 0);
        loop {
            let asked = fetch(&mut session, &name, state.as_deref());
            let reply = session.answer(&mut world, &asked).unwrap();
            got.extend(pairs(&reply));
            pages += 1;
            if reply.is_accept() {
                break;
            }
            state = Some(reply.one(AttributeType::STATE).to_vec());
        }
        let mut expected: Vec<_> = (1..=lines).map(line).collect();
        expected.push("ip:inacl#9999=deny ip any any".into());
        assert_eq!(got, expected);
        assert_eq!(pages, pages_of(&expected), "{lines} lines");
        assert_eq!(world.core.counters.downloads.get(), pages);
    }
}

#[test]
fn a_changed_list_has_another_name_and_the_old_one_is_still_there() {
    let mut first = world(3);
    let mut session = Session::at([192, 0, 2, 2], 1);
    let before = named(&mut first, &mut session);
    assert_eq!(before, named(&mut first, &mut session), "equal lists share a name");
    first.estate.policy.resources[0].access_list.last_mut().unwrap().1 = pair("ip:inacl#1=permit ip any host 10.9.9.9");
    first.publish();
    assert_ne!(before, named(&mut first, &mut session));
    let asked = fetch(&mut session, &before, None);
    assert!(session.answer(&mut first, &asked).unwrap().is_accept());
}

#[test]
fn what_may_not_be_fetched_is_refused() {
    let mut world = world(100);
    let mut session = Session::at([192, 0, 2, 2], 1);
    let name = named(&mut world, &mut session);
    world.events();
    let first = fetch(&mut session, &name, None);
    let state = session.answer(&mut world, &first).unwrap().one(AttributeType::STATE).to_vec();
    let last = [&state[..16], &[0xff, 0xff]].concat();
    let other = [b"nac-list", &[7; 8][..], &[0, 1]].concat();
    let unknown = format!("{}0000000000000000", &name[..name.len() - 16]);
    for (name, state) in [(&unknown, None), (&name, Some(&last)), (&name, Some(&other)), (&name, Some(&b"x".to_vec()))]
    {
        let asked = fetch(&mut session, name, state.map(Vec::as_slice));
        assert!(session.answer(&mut world, &asked).unwrap().is_reject());
        assert_eq!(world.event()["cause"], "unknown_access_list");
    }
    let mut in_line = Session::at([192, 0, 2, 1], 1);
    let asked = fetch(&mut in_line, &name, None);
    assert!(in_line.answer(&mut world, &asked).unwrap().is_reject(), "a client that is sent its lists fetches none");
    let unproven = without_message_authenticator(&fetch(&mut session, &name, None));
    assert!(session.answer(&mut world, &unproven).is_none());
}

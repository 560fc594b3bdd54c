#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail loudly")]

use std::time::Duration;

use super::*;
use crate::limits::{CONVERSATION_IDLE, MAX_CONVERSATIONS, MAX_HANDSHAKES};
use crate::world::device::{begin, enter};
use crate::world::eap::{identity, response};
use crate::world::nas::Session;
use crate::world::server::World;

#[test]
fn the_memory_of_a_flood_is_returned() {
    let mut world = World::new();
    let part = [&[0x40][..], &[7; 300]].concat();
    for number in 0..MAX_CONVERSATIONS {
        let mut session = Session::on(u16::try_from(number).unwrap());
        let start = session.exchange(&mut world, &identity(1, b"flood"));
        if number < MAX_HANDSHAKES + 100 {
            session.exchange(&mut world, &response(start.eap()[1], 13, &part));
        }
    }
    assert_eq!(world.conversations.table.handshakes, MAX_HANDSHAKES);
    assert_eq!(world.conversations.table.fragment_octets, MAX_HANDSHAKES * 300);
    assert_eq!(world.conversations.len(), MAX_CONVERSATIONS - 100);
    assert_eq!(world.events().len(), 100);
    world.pass(CONVERSATION_IDLE);
    assert_eq!(world.events().len(), MAX_CONVERSATIONS - 100);
    let Table { open, order, handshaking, handshakes, fragment_octets } = &world.conversations.table;
    assert_eq!((open.capacity(), order.capacity(), handshaking.capacity()), (0, 0, 0));
    assert_eq!((*handshakes, *fragment_octets), (0, 0));
    assert!(world.core.duplicates.is_empty());
    assert!(enter(&mut world, &mut Session::on(1)).is_accept());
    assert_eq!(world.conversations.table.handshakes, 0);
}

#[test]
fn the_order_of_opening_is_bounded_by_what_is_open() {
    let mut world = World::new();
    for number in 0..2 * MAX_CONVERSATIONS + 500 {
        let mut session = Session::on(u16::try_from(number).unwrap());
        let start = session.exchange(&mut world, &identity(1, b"short"));
        assert!(session.exchange(&mut world, &response(start.eap()[1], 3, &[25])).is_reject());
        world.now.monotonic += Duration::from_millis(1);
    }
    assert!(world.conversations.table.order.len() <= 2 * MAX_CONVERSATIONS + 1);
    assert_eq!((world.conversations.table.handshakes, world.conversations.table.fragment_octets), (0, 0));
}

#[test]
fn a_panic_costs_one_conversation_and_leaves_the_books_right() {
    let mut world = World::new();
    let mut bystander = Session::on(1);
    let mut other = world.laptop().supplicant();
    let eap = begin(&mut world, &mut bystander, &mut other, 2);
    let mut session = Session::on(2);
    let start = session.exchange(&mut world, &identity(1, b"victim"));
    let part = session.exchange(&mut world, &response(start.eap()[1], 13, &[0x40, 7, 7, 7]));
    assert_eq!((world.conversations.len(), world.conversations.table.fragment_octets), (2, 3));
    let (_, id) = world.core.states.open(session.state.as_ref().unwrap()).unwrap();
    crate::fault::arm(id);
    let asked = session.ask(&response(part.eap()[1], 13, &[0x40, 7]));
    let struck = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| world.send(&asked.octets, session.source)));
    assert!(struck.is_err());
    assert_eq!((world.conversations.len(), world.conversations.table.fragment_octets), (1, 0));
    assert!(crate::world::device::finish(&mut world, &mut bystander, &mut other, eap).is_accept());
}

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail loudly")]

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
    assert_eq!(world.conversations.table.held(), (MAX_HANDSHAKES, MAX_HANDSHAKES * 300));
    assert_eq!(world.conversations.len(), MAX_CONVERSATIONS - 100);
    assert_eq!(world.events().len(), 100);
    world.pass(CONVERSATION_IDLE);
    assert_eq!(world.events().len(), MAX_CONVERSATIONS - 100);
    assert_eq!((world.conversations.table.sizes(), world.conversations.table.held()), ((0, 0), (0, 0)));
    assert!(world.core.duplicates.is_empty());
    assert!(enter(&mut world, &mut Session::on(1)).is_accept());
    assert_eq!((world.conversations.table.sizes().0, world.conversations.table.held()), (0, (0, 0)));
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
    assert_eq!((world.conversations.len(), world.conversations.table.held()), (2, (2, 3)));
    let (_, id) = world.core.states.open(session.state.as_ref().unwrap()).unwrap();
    crate::fault::arm(id);
    let asked = session.ask(&response(part.eap()[1], 13, &[0x40, 7]));
    let struck = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| world.send(&asked.octets, session.source)));
    assert!(struck.is_err());
    assert_eq!((world.conversations.len(), world.conversations.table.held()), (1, (1, 0)));
    assert!(crate::world::device::finish(&mut world, &mut bystander, &mut other, eap).is_accept());
}

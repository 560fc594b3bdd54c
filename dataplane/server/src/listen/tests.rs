#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests fail loudly")]

use std::net::{IpAddr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use nac_bench::supplicant::Supplicant;
use nac_journal::{Journal, NodeId};
use nac_policy::{Condition, FactName, Operand, Operator, RuleSpec};
use nac_protocol::radius::{AttributeType, Code};
use serde_json::Value;

use super::lanes::Job;
use super::outbox::{Answer, Outbox};
use super::shard::ShardQueue;
use super::socket::{BATCH, Buffers, Socket, Wait};
use super::*;
use crate::client::ClientSpec;
use crate::core::Core;
use crate::counters::Counters;
use crate::limits::MAX_SHARD_QUEUE;
use crate::pipeline::{Admission, Datagram, Route, admit};
use crate::sessions;
use crate::state_token::ConversationId;
use crate::world::device::PeerStep;
use crate::world::estate::switch;
use crate::world::nas::{Asked, Reply, Session, describe_port, mab};
use crate::world::server::{PRINTER, World};

/// Longer than any answer takes; only a failure waits for it.
const PATIENCE: Duration = Duration::from_secs(30);

/// The world's server on real sockets of the loopback interface.
struct Live {
    world: World,
    running: Running,
}

impl Live {
    fn start(listen: &[SocketAddr], shards: usize) -> Self {
        let world = World::with(|estate| {
            let loopback = |name: &str, network: IpAddr, prefix_length| {
                let spec = switch(name, 0);
                crate::client::ClientSpec { network, prefix_length, ..spec }
            };
            estate.clients.push(loopback("loopback", [127, 0, 0, 0].into(), 8));
            estate.clients.push(loopback("loopback6", Ipv6Addr::LOCALHOST.into(), 128));
        });
        let running =
            Running::start(&world.core, &Sockets { listen, receivers: 1, accounting: &[] }, shards, Clock::start())
                .unwrap();
        Self { world, running }
    }

    fn nas(&self) -> UdpSocket {
        let server = *self.running.addresses().first().unwrap();
        let any: SocketAddr =
            if server.is_ipv4() { ([127, 0, 0, 1], 0).into() } else { (Ipv6Addr::LOCALHOST, 0).into() };
        let socket = UdpSocket::bind(any).unwrap();
        socket.connect(server).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket
    }
}

fn exchange(socket: &UdpSocket, session: &mut Session, asked: &Asked) -> Reply {
    socket.send(&asked.octets).unwrap();
    let mut octets = [0; 4096];
    let length = socket.recv(&mut octets).unwrap();
    let reply = Reply::of(octets.get(..length).unwrap().into(), asked, &session.secret);
    if reply.code == Code::ACCESS_CHALLENGE {
        session.state = Some(reply.one(AttributeType::STATE).to_vec());
    }
    reply
}

/// A conversation over the network: until it ends, or until `rounds` challenges have come.
fn converse(
    socket: &UdpSocket,
    session: &mut Session,
    supplicant: &mut Supplicant,
    rounds: usize,
) -> Result<Reply, Vec<u8>> {
    let mut eap = supplicant.identity_response();
    for _ in 0..rounds {
        let asked = session.ask(&eap);
        let reply = exchange(socket, session, &asked);
        match supplicant.receive(reply.eap()).unwrap() {
            PeerStep::Respond(next) => eap = next,
            _ => return Ok(reply),
        }
    }
    Err(eap)
}

#[test]
fn answers_leave_together_and_one_that_the_kernel_refuses_holds_up_no_other() {
    let v6 = IpAddr::from(Ipv6Addr::LOCALHOST);
    for (local, nas_at) in
        [(None, [127, 0, 0, 1].into()), (Some([127, 1, 2, 3].into()), [127, 0, 0, 1].into()), (Some(v6), v6)]
    {
        let wildcard: IpAddr = if nas_at == v6 { Ipv6Addr::UNSPECIFIED.into() } else { [0, 0, 0, 0].into() };
        let socket = Arc::new(Socket::bind((wildcard, 0).into(), false).unwrap());
        let nases: Vec<_> = (0..40).map(|_| UdpSocket::bind((nas_at, 0)).unwrap()).collect();
        let (mut outbox, counters) = (Outbox::default(), Counters::default());
        for (nas, number) in nases.iter().zip(0_u8..) {
            let length = if number % 10 == 3 { 65_536 } else { 20 };
            let (octets, to) = (vec![number; length].into(), nas.local_addr().unwrap());
            outbox.put(Answer { socket: Arc::clone(&socket), octets, to, local }, &counters);
        }
        outbox.send(&counters);
        assert_eq!(counters.send_failures.get(), 4);
        for (nas, number) in nases.iter().zip(0_u8..).filter(|(_, number)| number % 10 != 3) {
            let mut octets = [0; 64];
            nas.set_read_timeout(Some(PATIENCE)).unwrap();
            let (length, from) = nas.recv_from(&mut octets).unwrap();
            assert_eq!(octets[..length], [number; 20]);
            assert!(local.is_none_or(|local| local == from.ip()));
        }
    }
}

#[test]
fn rfc2865_3_the_address_that_was_asked_answers() {
    let wildcards: [SocketAddr; 2] = [([0, 0, 0, 0], 0).into(), (Ipv6Addr::UNSPECIFIED, 0).into()];
    for (wildcard, asked_at) in wildcards.into_iter().zip([IpAddr::from([127, 1, 2, 3]), Ipv6Addr::LOCALHOST.into()]) {
        let live = Live::start(&[wildcard], 1);
        let port = live.running.addresses().first().unwrap().port();
        let socket = UdpSocket::bind((if asked_at.is_ipv4() { "127.0.0.1" } else { "::1" }, 0)).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut session = Session::on(1);
        let asked = session.bare(Code::STATUS_SERVER, describe_port);
        socket.send_to(&asked.octets, (asked_at, port)).unwrap();
        let mut octets = [0; 4096];
        let (_, from) = socket.recv_from(&mut octets).unwrap();
        assert_eq!((from.ip(), from.port()), (asked_at, port));
    }
}

#[test]
fn conversations_stay_with_their_shard() {
    let live = Live::start(&[([127, 0, 0, 1], 0).into()], 4);
    let socket = live.nas();
    for port in 0..12 {
        let mut supplicant = live.world.laptop().supplicant();
        let reply = converse(&socket, &mut Session::on(port), &mut supplicant, 20);
        assert!(reply.is_ok_and(|reply| reply.is_accept()));
    }
    assert_eq!(live.world.counter("accepts"), 12);
    assert_eq!(live.world.counter("rejects"), 0);
}

#[test]
fn a_conversation_may_go_on_at_another_address_of_the_server() {
    for shards in [1, 2] {
        let listen = [([127, 0, 0, 1], 0).into(), ([127, 0, 0, 2], 0).into(), (Ipv6Addr::LOCALHOST, 0).into()];
        let live = Live::start(&listen, shards);
        let [first, second, _] = live.running.addresses() else { panic!("three addresses") };
        let socket = live.nas();
        let (mut session, mut supplicant) = (Session::on(1), live.world.laptop().supplicant());
        let Err(mut eap) = converse(&socket, &mut session, &mut supplicant, 2) else { panic!("over too soon") };
        assert_eq!(socket.peer_addr().unwrap(), *first);
        socket.connect(second).unwrap();
        let reply = loop {
            let asked = session.ask(&eap);
            let reply = exchange(&socket, &mut session, &asked);
            match supplicant.receive(reply.eap()).unwrap() {
                PeerStep::Respond(next) => eap = next,
                _ => break reply,
            }
        };
        assert!(reply.is_accept());
    }
}

#[test]
fn a_panic_in_one_request_costs_that_conversation_alone() {
    let live = Live::start(&[([127, 0, 0, 1], 0).into()], 1);
    let socket = live.nas();
    let mut bystander = Session::on(1);
    let mut other = live.world.laptop().supplicant();
    let Err(mut eap) = converse(&socket, &mut bystander, &mut other, 2) else { panic!("over too soon") };
    let mut victim = Session::on(2);
    let Err(struck) = converse(&socket, &mut victim, &mut live.world.laptop().supplicant(), 2) else { panic!() };
    let (_, id) = live.world.core.states.open(victim.state.as_ref().unwrap()).unwrap();
    crate::fault::arm(id);
    let asked = victim.ask(&struck);
    socket.send(&asked.octets).unwrap();
    // One shard, one queue: the bystander's answer comes after the fault, and it is the next datagram.
    let reply = loop {
        let asked = bystander.ask(&eap);
        let reply = exchange(&socket, &mut bystander, &asked);
        match other.receive(reply.eap()).unwrap() {
            PeerStep::Respond(next) => eap = next,
            _ => break reply,
        }
    };
    assert!(reply.is_accept());
    assert_eq!((live.world.counter("panics"), live.world.counter("discard.internal")), (1, 1));
    assert!(exchange(&socket, &mut victim, &asked).is_reject(), "its retransmission starts over");
    victim.state = None;
    assert!(converse(&socket, &mut victim, &mut live.world.laptop().supplicant(), 20).unwrap().is_accept());
}

fn start(core: &Arc<Core>, listen: SocketAddr) -> Result<Running, StartError> {
    let sockets = Sockets { listen: &[listen], receivers: 1, accounting: &[] };
    Running::start(core, &sockets, 1, Clock::start())
}

#[test]
fn an_address_that_is_taken_is_named() {
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let world = World::new();
    let first = start(&world.core, taken).unwrap();
    let error = start(&world.core, taken).err().unwrap().to_string();
    assert!(error.contains(&taken.to_string()), "{error}");
    drop(first);
    let mut again = start(&world.core, taken).unwrap();
    again.stop();
    again.stop();
}

/// A request on its way to a shard.
fn job(core: &Core, socket: &Arc<Socket>, session: &mut Session) -> Job {
    let asked = session.ask(&[]);
    let datagram = Datagram { octets: &asked.octets, source: session.source, socket: 0, local: None };
    match admit(core, datagram, crate::clock::Now::default()) {
        Admission::Dispatch(request, route) => Job { request, route, socket: Arc::clone(socket) },
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_full_lane_refuses_and_the_other_lane_stays_open() {
    let world = World::new();
    let socket = Arc::new(Socket::bind(([127, 0, 0, 1], 0).into(), false).unwrap());
    let queue = ShardQueue::default();
    for number in 0..MAX_SHARD_QUEUE {
        let mut session = Session::on(u16::try_from(number).unwrap());
        assert!(queue.push(job(&world.core, &socket, &mut session)).is_ok());
    }
    let mut late = Session::on(60_000);
    assert!(queue.push(job(&world.core, &socket, &mut late)).is_err());
    late.state = Some(world.core.states.seal(0, ConversationId([1; 16])));
    assert!(queue.push(job(&world.core, &socket, &mut late)).is_ok());
    assert!(matches!(queue.next(Duration::ZERO).unwrap().route, Route::Known(..)), "what is under way comes first");
    assert_eq!(queue.next(Duration::ZERO).unwrap().route, Route::New);
}

#[test]
fn a_socket_hears_again_after_the_kernel_dropped_datagrams() {
    for address in ["127.0.0.1:0", "0.0.0.0:0", "[::1]:0", "[::]:0"] {
        let socket = Socket::bind(address.parse().unwrap(), false).unwrap();
        let bound = socket.address().unwrap();
        let loopback: IpAddr = if bound.is_ipv4() { [127, 0, 0, 1].into() } else { Ipv6Addr::LOCALHOST.into() };
        let sender = UdpSocket::bind((loopback, 0)).unwrap();
        sender.connect((loopback, bound.port())).unwrap();
        let (mut buffers, mut received) = (Buffers::new(BATCH), Vec::new());
        let mut dropped = None;
        while dropped.is_none_or(|dropped| dropped == 0) {
            (0..20_000).for_each(|_| drop(sender.send(&[7; 1_000])));
            while let Ok(count) = socket.receive(&mut buffers, &mut received, Wait::Awhile) {
                dropped = dropped.max(count);
            }
        }
        for _ in 0..3 {
            sender.send(b"after the flood").unwrap();
            socket.receive(&mut buffers, &mut received, Wait::Awhile).unwrap();
            let heard = received.first().unwrap().unwrap();
            assert_eq!(buffers.datagram(0, heard.length), b"after the flood", "{address}");
            assert_eq!(heard.local, bound.ip().is_unspecified().then_some(loopback));
        }
    }
}

#[test]
fn rfc2866_4_1_what_is_answered_is_in_the_journal_and_the_rest_is_silent() {
    let folder = tempfile::TempDir::new().unwrap();
    let mut world = World::new();
    world.estate.clients.push(ClientSpec { network: [127, 0, 0, 0].into(), prefix_length: 8, ..switch("loopback", 0) });
    let journal = Journal::open(folder.path(), NodeId([7; 16]), 1 << 20).unwrap();
    let clock = Clock::start();
    let core = Arc::new(Core::new(world.estate.compile(), 64).unwrap().with_journal(journal, clock.now()));
    let any: SocketAddr = ([0, 0, 0, 0], 0).into();
    let sockets = Sockets { listen: &[any], receivers: 1, accounting: &[any] };
    let mut running = Running::start(&core, &sockets, 1, clock).unwrap();
    let port = running.accounting_addresses().first().unwrap().port();
    let nas = UdpSocket::bind("127.0.0.1:0").unwrap();
    nas.connect(("127.4.5.6", port)).unwrap();
    nas.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut session = Session::on(1);
    let mut ask = |forged: bool| {
        let asked = session.bare(Code::ACCOUNTING_REQUEST, |request| {
            request.integer(AttributeType::ACCT_STATUS_TYPE, 1).map(|_| ())?;
            describe_port(request)
        });
        let mut octets = asked.octets;
        *octets.get_mut(4).unwrap() ^= u8::from(forged);
        octets
    };
    let asked: Vec<_> = (0..200).map(|number| ask(number % 10 == 0)).collect();
    for octets in &asked {
        nas.send(octets).unwrap();
    }
    let mut answered: Vec<u8> = (0..180)
        .map(|_| {
            let mut octets = [0; 4096];
            assert_eq!(nas.recv(&mut octets).unwrap(), 20);
            octets[1]
        })
        .collect();
    answered.sort_unstable();
    answered.dedup();
    assert_eq!(answered.len(), 180);
    running.stop();
    let counter = |name: &str| core.counters.read().into_iter().find(|(known, _)| known == name).unwrap().1;
    assert_eq!(counter("accounting.responses"), 180);
    assert_eq!(counter("discard.bad_request_authenticator"), 20);
    let records = core.journal.as_ref().unwrap().read(0, usize::MAX, Duration::ZERO).unwrap();
    let accounting = records.iter().filter(|record| record.kind == crate::accounting::ACCOUNTING).count();
    let events = records.iter().filter(|record| record.kind == crate::accounting::EVENT).count();
    assert_eq!((accounting, events), (180, 1), "and the discard is told there, once");
}

#[test]
fn a_moment_of_a_schedule_is_told_when_it_comes() {
    let unix = i64::try_from(Clock::start().now().unix()).unwrap();
    let world = World::with(|estate| {
        estate.clients.push(ClientSpec { network: [127, 0, 0, 0].into(), prefix_length: 8, ..switch("loopback", 0) });
        let closing = Condition::during(vec![(unix + 2, unix + 9_999)], (0, unix + 99_999)).unwrap();
        let known = Condition::compare(FactName::DeviceKnown, Operator::Equal, Operand::Boolean(true)).unwrap();
        let condition = Condition::all(vec![closing, known]).unwrap();
        let first = estate.policy.rules.first().cloned().unwrap();
        estate.policy.rules.insert(0, RuleSpec { condition, location: "closing.policy:1".into(), ..first });
    });
    let clock = Clock::start();
    let sockets = Sockets { listen: &[([127, 0, 0, 1], 0).into()], receivers: 1, accounting: &[] };
    let live = Live { running: Running::start(&world.core, &sockets, 1, clock).unwrap(), world };
    let mut session = Session::on(1);
    let asked = mab(&mut session, PRINTER);
    assert!(exchange(&live.nas(), &mut session, &asked).is_accept());
    let notes = sessions::notes(&live.world.core, 1, PATIENCE, || clock.now());
    let note: Value = serde_json::from_slice(notes.first().unwrap()).unwrap();
    assert_eq!((&note["note"], &note["why"]), (&"differs".into(), &"time".into()));
    assert_eq!(note["due_at"].as_u64(), u64::try_from((unix + 2) * 1_000_000).ok());
    assert_eq!(note["wanted"]["rule"], "closing.policy:1");
}

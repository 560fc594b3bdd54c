//! One EAP-TLS conversation, server side (RFC 3748 section 4, RFC 5216 section 2, RFC 9190 section 2): EAP packets in,
//! EAP packets out, in lock step. No RADIUS, no clock.
//!
//! ```text
//! Identity ─▶ Start ─▶ Receiving ⇄ Sending ─▶ (established, the caller decides) ─▶ Committed ─▶ success
//!                          └──────────┴─▶ Refusing (our alert is out) ─▶ failure
//! ```

use nac_protocol::eap::tls::{Fragment, Outgoing, Reassembled, Reassembly, START};
use nac_protocol::eap::{EapCode, EapPacket, EapType, request};

use crate::cause::Cause;
use crate::limits::{MAX_FLIGHT, MAX_HANDSHAKE, MAX_IDENTITY, MAX_ROUNDS};
use crate::tls::{Acceptor, Established, MaximumVersion, PeerCertificate, TlsEngine, TlsFault};

/// What the snapshot and the RADIUS client say about how to talk.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// Where handshakes come from.
    pub acceptor: &'a Acceptor,
    /// TLS version cap.
    pub maximum: MaximumVersion,
    /// Octets that an EAP packet may have (RFC 3579 section 2.4).
    pub fragment: usize,
}

/// What to do after a packet.
#[derive(Debug)]
pub enum Step {
    /// Send this EAP-Request.
    Challenge(Vec<u8>),
    /// The answer does not fit the last request: send that again, with Error-Cause 202 (RFC 3579 section 2.2).
    Again(Vec<u8>),
    /// The handshake is complete: decide, then call [`EapTls::admit`] or send EAP-Failure.
    Established(Box<Established>),
    /// Send EAP-Success.
    Success,
    /// Send EAP-Failure.
    Failure(Cause),
}

/// What is known of the TLS session, for the record.
#[derive(Clone, Default, Debug)]
pub struct TlsSummary {
    /// `1.2` or `1.3`.
    pub version: Option<&'static str>,
    /// Cipher suite.
    pub cipher_suite: Option<&'static str>,
    /// TLS octets received and sent.
    pub octets: (usize, usize),
    /// The certificate that was refused.
    pub refused: Option<PeerCertificate>,
}

#[derive(Debug)]
enum State {
    /// EAP-Request/Identity is out.
    Identity,
    /// EAP-TLS Start is out.
    Start,
    /// A fragment of the peer's is acknowledged, more will come.
    Receiving { engine: Box<TlsEngine>, reassembly: Reassembly },
    /// A fragment of our flight is out.
    Sending { engine: Box<TlsEngine>, outgoing: Outgoing },
    /// The last flight is out; the peer's empty answer makes it a success.
    Committed { engine: Box<TlsEngine>, outgoing: Outgoing },
    /// Our alert is out; whatever the peer says, it is a failure.
    Refusing { cause: Cause, outgoing: Outgoing },
    /// The caller decides, or all is said.
    Ended { engine: Option<Box<TlsEngine>> },
}

/// A conversation. `identifier` is that of the last request.
#[derive(Debug)]
pub struct EapTls {
    state: State,
    identifier: u8,
    rounds: u16,
    identity: Vec<u8>,
    tls: Option<TlsSummary>,
}

impl EapTls {
    /// Begin with the first EAP packet of a conversation, `None` for an EAP-Start (RFC 3579 section 2.1).
    pub fn open(first: Option<&EapPacket<'_>>) -> (Self, Step) {
        let mut conversation =
            Self { state: State::Identity, identifier: 1, rounds: 1, identity: Vec::new(), tls: None };
        let step = match first {
            None => Step::Challenge(conversation.again()),
            Some(packet) => conversation.first(packet),
        };
        (conversation, step)
    }

    fn first(&mut self, packet: &EapPacket<'_>) -> Step {
        match (packet.code(), packet.ty()) {
            (EapCode::RESPONSE, Some(EapType::IDENTITY)) => {
                self.identifier = packet.identifier();
                self.start(packet.data())
            }
            (EapCode::RESPONSE, _) => self.fail(Cause::new(
                "state_unknown",
                "the client continues a conversation that this server does not know",
                "none needed: the supplicant starts again; happens after a restart or a failed-over server",
            )),
            _ => self.fail(malformed("an EAP packet that is not a response")),
        }
    }

    /// Go on with the peer's answer.
    pub fn respond(&mut self, packet: &EapPacket<'_>, terms: Terms<'_>) -> Step {
        if let Some(over) = self.count_round() {
            return over;
        }
        if packet.code() == EapCode::REQUEST {
            // RFC 3579 section 2.6.2: no role reversal, and such a packet is rejected.
            return self.fail(malformed("an EAP-Request: this server does not authenticate itself to a NAS"));
        }
        if packet.code() != EapCode::RESPONSE || packet.identifier() != self.identifier {
            return Step::Again(self.again());
        }
        match packet.ty() {
            Some(EapType::NAK) => self.nak(packet),
            Some(EapType::IDENTITY) if matches!(self.state, State::Identity) => self.start(packet.data()),
            Some(EapType::TLS) => match Fragment::parse(packet.data()) {
                Ok(fragment) => self.fragment(&fragment, terms),
                Err(_) => Step::Again(self.again()),
            },
            _ => Step::Again(self.again()),
        }
    }

    /// Go on after octets that are not an EAP packet: not fatal (RFC 3579 section 2.2).
    pub fn unreadable(&mut self) -> Step {
        self.count_round().unwrap_or_else(|| Step::Again(self.again()))
    }

    /// One round more; the failure, when that is too many.
    fn count_round(&mut self) -> Option<Step> {
        self.rounds = self.rounds.saturating_add(1);
        (self.rounds > MAX_ROUNDS).then(|| self.fail(too_large("more rounds than any real handshake takes")))
    }

    fn start(&mut self, identity: &[u8]) -> Step {
        self.identity = identity.get(..MAX_IDENTITY).unwrap_or(identity).to_vec();
        self.state = State::Start;
        self.challenge()
    }

    fn nak(&mut self, packet: &EapPacket<'_>) -> Step {
        let desired: Vec<_> = packet.nak().into_iter().flat_map(|nak| nak.desired()).take(16).collect();
        if !matches!(self.state, State::Start) {
            return self.fail(malformed("a Nak in the middle of a handshake"));
        }
        if desired.contains(&EapType::TLS) {
            return self.challenge();
        }
        let names: Vec<_> = desired.into_iter().map(EapType::name).collect();
        self.fail(Cause::no_common_method(if names.is_empty() { "nothing".into() } else { names.join(", ") }.as_str()))
    }

    /// The transition on an EAP-TLS fragment.
    fn fragment(&mut self, fragment: &Fragment<'_>, terms: Terms<'_>) -> Step {
        match std::mem::replace(&mut self.state, State::Ended { engine: None }) {
            State::Start => match terms.acceptor.accept(terms.maximum) {
                Ok(engine) => self.receive(Box::new(engine), Reassembly::default(), fragment, terms),
                Err(fault) => self.fail(Cause::tls(&fault)),
            },
            State::Receiving { engine, reassembly } => self.receive(engine, reassembly, fragment, terms),
            State::Sending { engine, outgoing } if fragment.is_acknowledgement() => {
                self.acknowledged(outgoing, terms, |outgoing| State::Sending { engine, outgoing })
            }
            State::Sending { engine, .. } => self.receive(engine, Reassembly::default(), fragment, terms),
            State::Committed { engine, outgoing } if fragment.is_acknowledgement() => {
                if outgoing.more() {
                    self.acknowledged(outgoing, terms, |outgoing| State::Committed { engine, outgoing })
                } else {
                    Step::Success
                }
            }
            State::Committed { mut engine, .. } => match engine.input(fragment.data()) {
                Err(fault) => self.fail(Cause::tls(&fault)),
                Ok(()) => self.fail(protocol("the client sends data after the handshake")),
            },
            State::Refusing { cause, outgoing } => {
                if outgoing.more() {
                    self.acknowledged(outgoing, terms, |outgoing| State::Refusing { cause, outgoing })
                } else {
                    self.fail(cause)
                }
            }
            State::Identity | State::Ended { .. } => self.fail(malformed("EAP-TLS data before EAP-TLS was started")),
        }
    }

    /// The peer acknowledged a fragment of ours: the next one, or it should have had something to say.
    fn acknowledged(
        &mut self,
        mut outgoing: Outgoing,
        terms: Terms<'_>,
        state: impl FnOnce(Outgoing) -> State,
    ) -> Step {
        self.identifier = self.identifier.wrapping_add(1);
        match outgoing.next(self.identifier, terms.fragment) {
            Some(packet) => {
                self.state = state(outgoing);
                Step::Challenge(packet)
            }
            None => self.fail(protocol("the client answers the whole flight with nothing")),
        }
    }

    fn receive(
        &mut self,
        engine: Box<TlsEngine>,
        mut reassembly: Reassembly,
        fragment: &Fragment<'_>,
        terms: Terms<'_>,
    ) -> Step {
        if engine.octets().0 + reassembly.held() + fragment.data().len() > MAX_HANDSHAKE {
            return self.fail(too_large("more TLS data than a handshake may have"));
        }
        match reassembly.add(fragment, MAX_FLIGHT) {
            Ok(Reassembled::More) => {
                self.state = State::Receiving { engine, reassembly };
                self.challenge()
            }
            Ok(Reassembled::Flight(flight)) => self.flight(engine, &flight, terms),
            Err(why) => self.fail(too_large(&format!("EAP-TLS fragments do not join: {why:?}"))),
        }
    }

    fn flight(&mut self, mut engine: Box<TlsEngine>, flight: &[u8], terms: Terms<'_>) -> Step {
        let taken = engine.input(flight);
        let summary = TlsSummary { refused: engine.refused_certificate(), ..self.summarize(&engine) };
        self.tls = Some(summary);
        if let Err(fault) = taken {
            return self.refuse(&fault, engine.output(), terms);
        }
        if !engine.is_handshaking() {
            return match engine.established() {
                Some(established) => {
                    self.state = State::Ended { engine: Some(engine) };
                    Step::Established(Box::new(established))
                }
                None => self.fail(Cause::tls(&TlsFault::NoCertificate)),
            };
        }
        let records = engine.output();
        self.tls = Some(self.summarize(&engine));
        if records.is_empty() {
            return self.fail(protocol("the client's flight ends inside a message"));
        }
        self.send(records, terms, |outgoing| State::Sending { engine, outgoing })
    }

    fn summarize(&self, engine: &TlsEngine) -> TlsSummary {
        TlsSummary {
            version: engine.version(),
            cipher_suite: engine.cipher_suite(),
            octets: engine.octets(),
            refused: None,
        }
    }

    /// Deliver our alert first, then fail (RFC 5216 section 2.1.3); a client that alerted us gets none.
    fn refuse(&mut self, fault: &TlsFault, alert: Vec<u8>, terms: Terms<'_>) -> Step {
        let cause = Cause::tls(fault);
        if alert.is_empty() || matches!(fault, TlsFault::ClientAlert(_)) {
            return self.fail(cause);
        }
        self.send(alert, terms, |outgoing| State::Refusing { cause, outgoing })
    }

    /// The caller accepts what [`Step::Established`] showed: send the rest of the handshake and the commitment message.
    pub fn admit(&mut self, terms: Terms<'_>) -> Step {
        let State::Ended { engine: Some(mut engine) } =
            std::mem::replace(&mut self.state, State::Ended { engine: None })
        else {
            return self.fail(malformed("an acceptance without a handshake"));
        };
        engine.commit();
        let records = engine.output();
        self.tls = Some(self.summarize(&engine));
        if records.is_empty() {
            return Step::Success;
        }
        self.send(records, terms, |outgoing| State::Committed { engine, outgoing })
    }

    fn send(&mut self, records: Vec<u8>, terms: Terms<'_>, state: impl FnOnce(Outgoing) -> State) -> Step {
        self.acknowledged(Outgoing::new(records), terms, state)
    }

    fn fail(&mut self, cause: Cause) -> Step {
        self.state = State::Ended { engine: None };
        Step::Failure(cause)
    }

    /// The next request of the present state.
    fn challenge(&mut self) -> Step {
        self.identifier = self.identifier.wrapping_add(1);
        Step::Challenge(self.again())
    }

    /// The last request, octet for octet.
    fn again(&self) -> Vec<u8> {
        match &self.state {
            State::Identity => request(self.identifier, EapType::IDENTITY, &[]),
            State::Start => request(self.identifier, EapType::TLS, &START),
            State::Receiving { .. } | State::Ended { .. } => request(self.identifier, EapType::TLS, &[0]),
            State::Sending { outgoing, .. } | State::Committed { outgoing, .. } | State::Refusing { outgoing, .. } => {
                outgoing.again(self.identifier)
            }
        }
    }

    /// The identifier that EAP-Success or EAP-Failure carries: that of the last request (RFC 3748 section 4.2).
    #[must_use]
    pub fn identifier(&self) -> u8 {
        self.identifier
    }

    /// Rounds so far.
    #[must_use]
    pub fn rounds(&self) -> u16 {
        self.rounds
    }

    /// What the peer called itself; not authenticated.
    #[must_use]
    pub fn identity(&self) -> &[u8] {
        &self.identity
    }

    /// The TLS session as far as it got.
    #[must_use]
    pub fn tls(&self) -> Option<&TlsSummary> {
        self.tls.as_ref()
    }

    /// True while a TLS engine is held, with what it takes of memory.
    #[must_use]
    pub fn is_handshaking(&self) -> bool {
        matches!(self.state, State::Receiving { .. } | State::Sending { .. } | State::Committed { .. })
    }

    /// Octets of incomplete flights held.
    #[must_use]
    pub fn fragment_octets(&self) -> usize {
        match &self.state {
            State::Receiving { reassembly, .. } => reassembly.held(),
            _ => 0,
        }
    }

    /// What a conversation that simply stopped died of, as far as can be told.
    #[must_use]
    pub fn silence(&self) -> Cause {
        match &self.state {
            State::Refusing { cause, .. } => cause.clone(),
            State::Sending { .. } => Cause::new(
                "client_stopped_after_server_certificate",
                "the client fell silent after it got this server's certificate",
                "supplicants that do not trust the server often just stop: deploy the server's root CA and check the \
                 server name in the profile; if fragments get lost on the way, try a smaller fragment_size",
            ),
            State::Identity => stopped("before it said its identity"),
            State::Start => stopped("when EAP-TLS was offered"),
            State::Receiving { .. } => stopped("in the middle of its own fragments"),
            State::Committed { .. } | State::Ended { .. } => stopped("just before the end"),
        }
    }
}

fn stopped(when: &str) -> Cause {
    Cause::new(
        "client_stopped",
        format!("the client fell silent {when}"),
        "look at the port and the supplicant: unplugged, roamed, asleep, or waiting for its user",
    )
}

fn malformed(what: &str) -> Cause {
    Cause::new("eap_malformed", format!("the client sent {what}"), "update the supplicant or the NAS firmware")
}

fn protocol(what: &str) -> Cause {
    Cause::tls(&TlsFault::Protocol(what.into()))
}

fn too_large(what: &str) -> Cause {
    Cause::new(
        "handshake_too_large",
        what,
        "shorten the client's certificate chain; roots need not be sent, 64 KiB is the limit",
    )
}

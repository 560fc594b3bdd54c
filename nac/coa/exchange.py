"""Requests until they are answered (RFC 5080 2.2.1), a few at a time for each switch. No socket and no clock: `now` is
monotonic seconds, and what is to be sent is returned.
"""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from nac.clients.secret import SharedSecret
from nac.coa.message import Answer, AnswerError, Message, read_answer, sign

IDENTIFIERS: Final = 256

AFTER_SILENCE_S: Final = 1.0
"""What waits for a switch that did not answer goes this much later, so that the caller may take it back."""


class Target(NamedTuple):
    """Where a switch listens. `address`: an IP address."""

    address: str
    port: int


@dataclass(frozen=True, slots=True)
class Peer:
    """A switch with its live secrets, the newest first: while two are live, the older is tried when the newer is not
    answered."""

    target: Target
    secrets: tuple[SharedSecret, ...]


@dataclass(frozen=True, slots=True)
class Retransmission:
    """RFC 5080 2.2.1: first interval, longest interval, most retransmissions, longest time in all; seconds."""

    irt: float = 2.0
    mrt: float = 16.0
    mrc: int = 5
    mrd: float = 30.0


@dataclass(frozen=True, slots=True)
class Pace:
    """For each switch: new requests a second in the long run, and how many may wait for an answer at once - so many may
    also go at once after a rest."""

    per_second: float = 100.0
    in_flight: int = 32


class Datagram(NamedTuple):
    """Octets for a target."""

    target: Target
    octets: bytes


@dataclass(frozen=True, slots=True)
class Progress:
    """What `Exchange.poll` found: what to send, which requests went out for the first time, which got no answer."""

    datagrams: list[Datagram] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Flight:
    """A request under way. The same octets, and so the same identifier, are sent again."""

    ticket: str
    peer: Peer
    message: Message
    octets: bytes = b""
    started_at: float = 0.0
    interval: float = 0.0
    count: int = 0
    announced: bool = False
    cancelled: bool = False


@dataclass(slots=True)
class _Lane:
    """What goes to one target. `free_at`: when a steady pace would let the next request go."""

    waiting: deque[_Flight] = field(default_factory=deque)
    flying: dict[int, _Flight] = field(default_factory=dict)
    identifiers: itertools.cycle[int] = field(default_factory=lambda: itertools.cycle(range(IDENTIFIERS)))
    free_at: float = 0.0
    due: bool = False


class Exchange:
    """`jitter`: -0.1 to 0.1, anew at each call. Tickets are the caller's names of requests."""

    def __init__(self, pace: Pace, retransmission: Retransmission, jitter: Callable[[], float]) -> None:
        self._pace = pace
        self._retransmission = retransmission
        self._jitter = jitter
        self._lanes: dict[Target, _Lane] = {}
        self._flights: dict[str, _Flight] = {}
        self._timers: list[tuple[float, int, _Flight]] = []
        self._turns: list[tuple[float, int, Target]] = []
        self._order = itertools.count()
        self.dropped: dict[str, int] = {}
        """Datagrams that answered nothing, by reason."""

    def submit(self, ticket: str, peer: Peer, message: Message, now: float) -> None:
        """Take a request; the next `poll` sends it if it is its turn. Raises `ValueError` when it is too long."""
        sign(message, 0, peer.secrets[0])
        flight = _Flight(ticket, peer, message)
        self._flights[ticket] = flight
        self._enqueue(flight, now)

    def cancel(self, ticket: str, now: float) -> None:
        """Forget a request: it is not sent again, and its answer is not waited for."""
        flight = self._flights.pop(ticket, None)
        if flight is not None:
            flight.cancelled = True
            self._land(flight)
            self._schedule(flight.peer.target, now)

    def poll(self, now: float) -> Progress:
        """What is due at `now`."""
        progress = Progress()
        while self._timers and self._timers[0][0] <= now:
            self._again(heapq.heappop(self._timers)[2], now, progress)
        while self._turns and self._turns[0][0] <= now:
            target = heapq.heappop(self._turns)[2]
            self._lanes[target].due = False
            self._depart(target, now, progress)
        return progress

    def receive(self, octets: bytes, source: Target, now: float, *, unix: int) -> tuple[str, Answer] | None:
        """Whose answer a datagram is. None for what answers nothing: it is counted, and waiting goes on."""
        lane = self._lanes.get(source)
        flight = lane.flying.get(octets[1]) if lane and len(octets) > 1 else None
        if lane is None or flight is None:
            self._drop("unexpected")
            return None
        try:
            answer = read_answer(octets, flight.octets, flight.peer.secrets[0], now=unix)
        except AnswerError as error:
            self._drop(error.reason)
            return None
        self._flights.pop(flight.ticket, None)
        flight.cancelled = True
        self._land(flight)
        self._schedule(source, now)
        return flight.ticket, answer

    def next_at(self) -> float | None:
        """When `poll` has something to do."""
        return min((queue[0][0] for queue in (self._timers, self._turns) if queue), default=None)

    def _drop(self, reason: str) -> None:
        self.dropped[reason] = self.dropped.get(reason, 0) + 1

    def _enqueue(self, flight: _Flight, now: float) -> None:
        target = flight.peer.target
        self._lanes.setdefault(target, _Lane()).waiting.append(flight)
        self._schedule(target, now)

    def _schedule(self, target: Target, now: float) -> None:
        """A turn for a lane that waits and has room; one at a time."""
        lane = self._lanes[target]
        pace = self._pace
        if lane.waiting and not lane.due and len(lane.flying) < min(pace.in_flight, IDENTIFIERS):
            lane.due = True
            saved = (pace.in_flight - 1) / pace.per_second
            heapq.heappush(self._turns, (max(now, lane.free_at - saved), next(self._order), target))
        if not lane.waiting and not lane.flying and lane.free_at <= now:
            del self._lanes[target]

    def _depart(self, target: Target, now: float, progress: Progress) -> None:
        lane = self._lanes[target]
        while lane.waiting and lane.waiting[0].cancelled:
            lane.waiting.popleft()
        if lane.waiting:
            flight = lane.waiting.popleft()
            self._start(flight, lane, now, progress)
            lane.free_at = max(now, lane.free_at) + 1 / self._pace.per_second
        self._schedule(target, now)

    def _start(self, flight: _Flight, lane: _Lane, now: float, progress: Progress) -> None:
        identifier = next(free for free in lane.identifiers if free not in lane.flying)
        flight.octets = sign(flight.message, identifier, flight.peer.secrets[0])
        flight.started_at, flight.count = now, 0
        flight.interval = self._retransmission.irt * (1 + self._jitter())
        lane.flying[identifier] = flight
        progress.datagrams.append(Datagram(flight.peer.target, flight.octets))
        if not flight.announced:
            flight.announced = True
            progress.sent.append(flight.ticket)
        self._set_timer(flight, now)

    def _set_timer(self, flight: _Flight, now: float) -> None:
        end = flight.started_at + self._retransmission.mrd
        heapq.heappush(self._timers, (min(now + flight.interval, end), next(self._order), flight))

    def _again(self, flight: _Flight, now: float, progress: Progress) -> None:
        """The timer of a flight: the same octets, or the end of waiting."""
        if flight.cancelled:
            return
        rule = self._retransmission
        if flight.count >= rule.mrc or now >= flight.started_at + rule.mrd:
            self._give_up(flight, now, progress)
            return
        flight.count += 1
        doubled = flight.interval * (2 + self._jitter())
        flight.interval = doubled if doubled <= rule.mrt else rule.mrt * (1 + self._jitter())
        progress.datagrams.append(Datagram(flight.peer.target, flight.octets))
        self._set_timer(flight, now)

    def _give_up(self, flight: _Flight, now: float, progress: Progress) -> None:
        self._land(flight)
        if len(flight.peer.secrets) > 1:
            flight.peer = replace(flight.peer, secrets=flight.peer.secrets[1:])
            self._enqueue(flight, now)
            return
        self._flights.pop(flight.ticket, None)
        flight.cancelled = True
        progress.silent.append(flight.ticket)
        self._schedule(flight.peer.target, now + AFTER_SILENCE_S)

    def _land(self, flight: _Flight) -> None:
        """Its identifier is free again."""
        lane = self._lanes.get(flight.peer.target)
        if lane is not None and flight.octets and lane.flying.get(flight.octets[1]) is flight:
            del lane.flying[flight.octets[1]]

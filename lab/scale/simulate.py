"""A discrete simulation of one node while devices log in: queues, processor cores, retransmissions, token buckets.

Each login is a number of requests, one after the other. A request waits in one of two queues, those of logins under way
first, is worked on by one of the cores, and its answer goes back to the device, which sends the next request. A request
that waits for too long is sent again after 2, 4 and 8 seconds; as nac does, the node ignores it while the first is in
work. Who was not answered in all that time begins again. A beginning that finds its client's token bucket empty, or the
queue of beginnings full, is not answered. A shard holds a bounded number of handshakes; beyond that the oldest is given
up.
"""

from __future__ import annotations

import heapq
import random
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

HANDSHAKES_PER_SHARD = 1_024
"""MAX_HANDSHAKES of dataplane/server/src/limits.rs: handshakes under way that one shard holds."""

RETRANSMISSIONS_S = (2.0, 4.0, 8.0)
"""How long each transmission of a request is waited for."""

RESTART_S = 5.0
"""After which a device that was not answered begins again."""

HEAVY_ROUND = 1
"""The request that brings the ClientHello: key agreement and signature; the few verifications later count here too."""

QUEUE_PER_SHARD = 8_192
"""MAX_SHARD_QUEUE of dataplane/server/src/limits.rs: requests that wait in one lane of a shard."""


@dataclass(frozen=True)
class Work:
    """What a login costs the threads that answer: `rounds` requests, all but one of `cheap_us`, `total_us` together."""

    rounds: int
    cheap_us: float
    total_us: float

    def of(self, round_number: int) -> float:
        """Seconds of processor time of one request."""
        heavy_us = self.total_us - (self.rounds - 1) * self.cheap_us
        return (heavy_us if round_number == HEAVY_ROUND else self.cheap_us) / 1e6


@dataclass(frozen=True)
class Node:
    """`cores` that answer; a round trip to a device takes `round_trip_s`.

    `rate` and `burst`: logins a second that each client may begin, and at once; nac's defaults.
    """

    cores: int
    round_trip_s: float = 0.030
    rate: float = 500.0
    burst: float = 2_000.0


@dataclass(frozen=True)
class Arrival:
    """A device of a client comes at a time, in seconds."""

    at: float
    client: int


@dataclass
class Outcome:
    """What became of the devices. Times in seconds."""

    admissions: list[float] = field(default_factory=list)
    last_at: float = 0.0
    busy_s: float = 0.0
    handshakes: int = 0
    retransmissions: int = 0
    shed: int = 0
    restarts: int = 0
    evicted: int = 0
    longest_queue: int = 0

    def percentile(self, share: float) -> float:
        """By nearest rank, of the time from arrival to admission."""
        ranked = sorted(self.admissions)
        return ranked[max(0, -(-len(ranked) * round(share * 1000) // 1000) - 1)]


@dataclass
class _Bucket:
    tokens: float
    filled: float

    def take(self, now: float, rate: float, burst: float) -> bool:
        self.tokens = min(self.tokens + (now - self.filled) * rate, burst)
        self.filled = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


@dataclass(eq=False)
class _Device:
    arrival: Arrival
    request: _Request | None = None
    """The one that it waits for; what is about an older one is void."""
    evicted: bool = False


@dataclass(eq=False)
class _Request:
    device: _Device
    round: int
    transmission: int = 0
    in_work: bool = False

    @property
    def is_void(self) -> bool:
        return self.device.request is not self


class Simulation:
    """One node and its devices. `run` once."""

    def __init__(self, node: Node, work: Work) -> None:
        self._node = node
        self._work = work
        self._now = 0.0
        self._order = 0
        self._events: list[tuple[float, int, Callable[[_Request], None], _Request]] = []
        self._under_way: deque[_Request] = deque()
        self._beginnings: deque[_Request] = deque()
        self._handshakes: OrderedDict[int, _Device] = OrderedDict()
        self._free = node.cores
        self._buckets: dict[int, _Bucket] = {}
        self._outcome = Outcome()

    def run(self, arrivals: Iterable[Arrival]) -> Outcome:
        """Until everybody is in."""
        for arrival in arrivals:
            self._ask(_Device(arrival), arrival.at, round_number=0)
        while self._events:
            self._now, _, step, request = heapq.heappop(self._events)
            step(request)
            self._serve()
        return self._outcome

    def _schedule(self, at: float, step: Callable[[_Request], None], request: _Request) -> None:
        self._order += 1
        heapq.heappush(self._events, (at, self._order, step, request))

    def _ask(self, device: _Device, at: float, *, round_number: int) -> None:
        device.request = _Request(device, round_number)
        self._schedule(at, self._send, device.request)

    def _send(self, request: _Request) -> None:
        self._schedule(self._now + self._node.round_trip_s / 2, self._arrive, request)
        self._schedule(self._now + RETRANSMISSIONS_S[request.transmission], self._silence, request)

    def _silence(self, request: _Request) -> None:
        """A transmission was waited for in vain, unless the answer has come."""
        if request.is_void:
            return
        request.transmission += 1
        if request.transmission < len(RETRANSMISSIONS_S):
            self._outcome.retransmissions += 1
            self._send(request)
        else:
            self._begin_again(request.device, self._now)

    def _begin_again(self, device: _Device, now: float) -> None:
        self._outcome.restarts += 1
        self._handshakes.pop(id(device), None)
        device.evicted = False
        self._ask(device, now + RESTART_S, round_number=0)

    def _hold(self, device: _Device) -> None:
        """A handshake is under way; without room for it the oldest makes some, and is rejected when it asks."""
        self._handshakes[id(device)] = device
        if len(self._handshakes) > HANDSHAKES_PER_SHARD * self._node.cores:
            _, oldest = self._handshakes.popitem(last=False)
            oldest.evicted = True
            self._outcome.evicted += 1

    def _arrive(self, request: _Request) -> None:
        if request.is_void or request.in_work:
            return
        if request.round > 0:
            self._under_way.append(request)
        elif self._may_begin(request.device):
            self._beginnings.append(request)
        else:
            self._outcome.shed += 1
            return
        request.in_work = True
        self._outcome.longest_queue = max(self._outcome.longest_queue, len(self._under_way) + len(self._beginnings))

    def _may_begin(self, device: _Device) -> bool:
        if len(self._beginnings) >= QUEUE_PER_SHARD * self._node.cores:
            return False
        bucket = self._buckets.setdefault(device.arrival.client, _Bucket(self._node.burst, self._now))
        return bucket.take(self._now, self._node.rate, self._node.burst)

    def _serve(self) -> None:
        while self._free and (self._under_way or self._beginnings):
            request = (self._under_way or self._beginnings).popleft()
            cost = self._work.of(request.round)
            self._free -= 1
            self._outcome.busy_s += cost
            self._outcome.handshakes += request.round == HEAVY_ROUND
            self._schedule(self._now + cost, self._done, request)

    def _done(self, request: _Request) -> None:
        self._free += 1
        if request.is_void:
            return
        answered_at = self._now + self._node.round_trip_s / 2
        device = request.device
        if device.evicted:
            self._begin_again(device, answered_at)
            return
        if request.round == HEAVY_ROUND:
            self._hold(device)
        if request.round + 1 < self._work.rounds:
            self._ask(device, answered_at, round_number=request.round + 1)
            return
        device.request = None
        self._handshakes.pop(id(device), None)
        self._outcome.admissions.append(answered_at - device.arrival.at)
        self._outcome.last_at = max(self._outcome.last_at, answered_at)


def all_at_once(devices: int, clients: int, *, within_s: float = 0.5) -> list[Arrival]:
    """A power cut ends: switches are ready within a moment, the devices on each together."""
    chance = random.Random(1812)
    ready = [chance.uniform(0, within_s) for _ in range(clients)]
    return [Arrival(ready[number % clients], number % clients) for number in range(devices)]


def rush(rate: float, seconds: float, clients: int) -> list[Arrival]:
    """A Poisson process of that mean rate over the clients."""
    chance = random.Random(2869)
    arrivals, now = [], 0.0
    while (now := now + chance.expovariate(rate)) < seconds:
        arrivals.append(Arrival(now, chance.randrange(clients)))
    return arrivals

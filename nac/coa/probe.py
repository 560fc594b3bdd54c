"""Whether a switch takes requests at all: a Disconnect-Request for a session that cannot exist. Any verified answer
means that port and secret are right; 503 is the one that is hoped for.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from nac.coa.client import CoaClient
from nac.coa.exchange import Exchange, Pace, Retransmission, Target
from nac.coa.line import Line
from nac.coa.message import Answer
from nac.coa.moment import Moment
from nac.coa.recipe import Verb
from nac.coa.request import message
from nac.config.address import SourceAddress
from nac.enforcement.layout import Encoder
from nac.events.types import NasPort, Session

PATIENCE: Final = Retransmission(irt=1.0, mrc=2, mrd=5.0)
"""Somebody waits for it: shorter than RFC 5080 asks for."""

_TICKET: Final = "probe"


@dataclass(frozen=True)
class Probed:
    """`answer`: None when there was none. `dropped`: datagrams that answered nothing, by reason."""

    target: Target
    answer: Answer | None
    dropped: dict[str, int]


def probe(client: CoaClient, address: str, encoder: Encoder, source: Iterable[SourceAddress] = ()) -> Probed:
    """Ask the switch of this client at `address`, from `source`; blocks for at most six seconds for each live secret.
    Raises `ConflictError` when requests cannot come from there."""
    exchange = Exchange(Pace(), PATIENCE, lambda: random.SystemRandom().uniform(-0.1, 0.1))
    now = Moment.now()
    asked = message(client.recipe, _nobody(client.name, address), Verb.DISCONNECT, None, encoder, now=now.unix)
    peer = client.peer(address)
    exchange.submit(_TICKET, peer, asked, now.monotonic)
    with Line(source) as line:
        while True:
            now = Moment.now()
            progress = exchange.poll(now.monotonic)
            if progress.silent:
                return Probed(peer.target, None, exchange.dropped)
            line.send(progress.datagrams)
            for octets, sender in line.wait((exchange.next_at() or now.monotonic) - now.monotonic):
                now = Moment.now()
                found = exchange.receive(octets, sender, now.monotonic, unix=now.unix)
                if found is not None:
                    return Probed(peer.target, found[1], exchange.dropped)


def _nobody(client: str, address: str) -> Session:
    """A session with a random name and a made-up MAC address that no device has."""
    name = f"nac-probe-{secrets.token_hex(8)}"
    return Session(
        session=secrets.token_hex(16),
        state="active",
        client=client,
        source=address,
        nas=NasPort(
            identifier=None,
            address=None,
            port=None,
            port_id=None,
            port_type=None,
            called_station=None,
            ssid=None,
        ),
        user_name=None,
        calling_station="02-00-5E-00-00-00",
        mac=None,
        acct_session_id=name,
        acct_multi_session_id=None,
        audit_session_id=secrets.token_hex(12),
        addresses=[],
        method=None,
        identity_user=None,
        identity_device=None,
        certificate=None,
        tls=None,
        decision=None,
        generation=None,
        segment=None,
        rule=None,
        authorization=None,
        session_timeout=None,
        opened_at=0,
        authorized_at=None,
        seen_at=0,
        closed_at=None,
        differs=False,
    )

"""Sessions as the data plane tells of them."""

from __future__ import annotations

from typing import Any

from nac.coa.session import Differs, Wanted
from nac.events.types import NasPort, Session

MAC = "00-1B-77-00-00-01"


def session(number: int = 1, **changes: Any) -> Session:
    """An open session of alice on a wired port; everything that names it is known."""
    nas: dict[str, Any] = {
        "identifier": "sw-1",
        "address": "192.0.2.1",
        "port": 17,
        "port_id": "Gi1/0/17",
        "port_type": "Ethernet",
        "called_station": None,
        "ssid": None,
        **changes.pop("nas", {}),
    }
    fields: dict[str, Any] = {
        "session": f"{number:032x}",
        "state": "active",
        "client": "switch",
        "source": "192.0.2.1",
        "nas": NasPort(**nas),
        "user_name": "alice@corp.example",
        "calling_station": MAC,
        "mac": MAC,
        "acct_session_id": f"{number:08X}",
        "acct_multi_session_id": None,
        "audit_session_id": "0A0000010000001D",
        "addresses": ["198.51.100.7"],
        "method": "eap-tls",
        "identity_user": "alice@corp.example",
        "identity_device": "laptop-1",
        "certificate": "ab" * 32,
        "tls": "1.3",
        "decision": f"{number + 1000:032x}",
        "generation": 1,
        "segment": "office",
        "rule": "office.policy:7",
        "authorization": "aa" * 16,
        "session_timeout": 3600,
        "opened_at": 1_900_000_000_000_000,
        "authorized_at": 1_900_000_000_000_000,
        "seen_at": 1_900_000_000_000_000,
        "closed_at": None,
        "differs": True,
    }
    return Session(**{**fields, **changes})


def wanted(
    segment: str | None = "remediation", *, encoded: bytes = b"", authorization: str = "bb" * 16, generation: int = 1
) -> Wanted:
    """Another segment; None wants the session to end."""
    reject = segment is None
    return Wanted(
        verdict="reject" if reject else "accept",
        cause="user_disabled" if reject else "ok",
        detail="",
        fix=None,
        generation=generation,
        segment=segment,
        rule=None,
        reasons=[],
        grants=[],
        attributes=[],
        encoded=encoded.hex(),
        session_timeout=None,
        authorization=None if reject else authorization,
    )


def differs(one: Session, what: Wanted, *, due_at: int = 1_900_000_000_000_000) -> Differs:
    return Differs(session=one, wanted=what, due_at=due_at, why="facts")

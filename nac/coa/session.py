"""What the data plane tells of live sessions (`DataPlane.wait_sessions`, `find_sessions`, `session`), typed."""

from __future__ import annotations

from typing import Literal

import msgspec

from nac.events.types import NasPort

SessionState = Literal["active", "accounted", "stale", "closed"]


class Session(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One session. `session`: its id, 32 hex digits, from opening to closing. `source`: the address that its requests
    come from. What the NAS said of it stands as it was said. Times are Unix microseconds, `session_timeout` seconds.

    `decision`: id of its newest authentication. `authorization`: digest of what was laid out for the port. `accounted`:
    known from accounting alone. `differs`: the port lacks what it should have.
    """

    session: str
    state: SessionState
    client: str
    source: str
    nas: NasPort
    user_name: str | None
    calling_station: str | None
    mac: str | None
    acct_session_id: str | None
    acct_multi_session_id: str | None
    audit_session_id: str | None
    addresses: list[str]
    method: Literal["eap-tls", "mab"] | None
    identity_user: str | None
    identity_device: str | None
    certificate: str | None
    tls: str | None
    decision: str | None
    generation: int | None
    segment: str | None
    rule: str | None
    authorization: str | None
    session_timeout: int | None
    opened_at: int
    authorized_at: int | None
    seen_at: int
    closed_at: int | None
    differs: bool


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a session should have. `encoded`: hex of the attributes of segment and access list. `reasons`: (file:line,
    what it did)."""

    verdict: Literal["accept", "reject"]
    cause: str
    detail: str
    fix: str | None
    generation: int
    segment: str | None
    rule: str | None
    reasons: list[tuple[str, str]]
    grants: list[str]
    attributes: list[tuple[str, str]]
    encoded: str
    session_timeout: int | None
    authorization: str | None

    @property
    def in_words(self) -> str:
        """For tables: `reject (user_disabled)`, `segment office`."""
        return f"reject ({self.cause})" if self.verdict == "reject" else f"segment {self.segment}"


class Differs(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="note", tag="differs"):
    """The port lacks what is `wanted` since `due_at` (Unix microseconds), and `why` that came to be wanted."""

    session: Session
    wanted: Wanted
    due_at: int
    why: Literal["policy", "facts", "time"]


class Settled(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="note", tag="settled"):
    """It has what it should have, logged in, ended, or fell silent. `by`: a word."""

    session: str
    by: str


class Seen(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="note", tag="seen"):
    """A sign of a session that is followed. `at`: Unix microseconds when it came, less its Acct-Delay-Time."""

    session: str
    by: Literal["start", "interim", "stop", "accept", "reject"]
    at: int


Note = Differs | Settled | Seen

_session: msgspec.json.Decoder[Session] = msgspec.json.Decoder(Session)
_note: msgspec.json.Decoder[Note] = msgspec.json.Decoder(Note)


def decode_session(raw: bytes) -> Session:
    """Raises `msgspec.ValidationError` when the two planes disagree."""
    return _session.decode(raw)


def decode_note(raw: bytes) -> Note:
    """Raises `msgspec.ValidationError` when the two planes disagree."""
    return _note.decode(raw)

"""What the data plane tells of live sessions (`DataPlane.wait_sessions`, `find_sessions`, `session`), typed."""

from __future__ import annotations

from typing import Literal

import msgspec

from nac.events.types import Session


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

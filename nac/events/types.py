"""The union of events: what the data plane tells, typed. Its counterpart in Rust is `dataplane/server/src/event.rs`;
`tests/events/test_types.py` decodes one of each from a running server, with unknown fields refused.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

Result = Literal["accept", "reject", "abandoned"]


class NasPort(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the device is plugged in, as the NAS said it (RFC 2865 5.4, 5.5, 5.30-5.32, RFC 2869 5.17)."""

    identifier: str | None
    address: str | None
    port: int | None
    port_id: str | None
    port_type: str | None
    called_station: str | None
    ssid: str | None


class TlsSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the handshake went. `version` is `1.2` or `1.3`."""

    version: str | None
    cipher_suite: str | None
    resumed: bool
    octets_in: int
    octets_out: int


class PeerCertificate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The client's certificate. `serial` and `fingerprint` (SHA-256) are lower-case hex; times are Unix seconds."""

    subject: str
    issuer: str
    serial: str
    fingerprint: str
    not_before: int
    not_after: int
    names: list[str]


class PolicyDecision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the policy said. `rule`: `file:line`, None when nothing matched. `reasons`: (file:line, what it did)."""

    generation: int
    digest: str
    verdict: Literal["accept", "reject"]
    segment: str | None
    rule: str | None
    grants: list[str]
    reasons: list[tuple[str, str]]


class Reply(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last answer, decoded from the octets that were sent. Keys and State are shown as their length only.

    `authorization`: digest of the attributes that the policy laid out, when there are any. They are long and the same
    for many devices, so an `AuthorizationEvent` tells them once, before; `nac.events.query` appends them here.
    """

    code: str
    attributes: list[tuple[str, str]]
    authorization: str | None = None


class AuthenticationEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="authentication"):
    """One conversation from its first packet to Accept, Reject or silence (`abandoned`).

    `id`: 32 hex digits, also the Class attribute. `at`: Unix microseconds of the first packet. `server_us`: time the
    server worked on it, all rounds. `cause`: a stable word (`docs/causes.md`), `ok` on accept; `detail` and `fix`: for
    people. `identity_user` and `identity_device` are authenticated; `user_name` is only what was said.
    """

    id: str
    sequence: int
    at: int
    ended_at: int
    server_us: int
    rounds: int
    client: str
    source: str
    nas: NasPort
    mac: str | None
    user_name: str | None
    method: Literal["eap-tls", "mab", "none"]
    result: Result
    cause: str
    detail: str
    fix: str | None
    tls: TlsSession | None
    certificate: PeerCertificate | None
    identity_user: str | None
    identity_device: str | None
    facts: dict[str, str | bool | int | list[str]]
    decision: PolicyDecision | None
    reply: Reply | None


class AuthorizationEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="authorization"):
    """What a policy laid out for replies: segment and access list. `digest`: 32 hex digits over the encoded octets."""

    digest: str
    attributes: list[tuple[str, str]]


class DiscardEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="discard"):
    """Packets that were not answered: at most one event a minute per reason and source. `count`: since the last one."""

    sequence: int
    at: int
    reason: str
    detail: str
    client: str | None
    source: str
    count: int


class CoaTry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What came of one verb. `at`: Unix microseconds. `error_cause`: of a NAK (RFC 5176 3.5)."""

    verb: str
    at: int
    answer: Literal["ack", "nak", "silence", "no-effect"]
    error_cause: int | None


class CoaEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="coa"):
    """A change of a live session, whole, after one of its steps (`nac.coa.job`); the control plane tells it.

    `node`, `sequence`: its place in a journal, as the database tells it; the journal itself does not repeat them.
    `generation`: of the policy that was in force at this step; None in what an older version wrote.
    `job`: 16 hex digits; `step` counts from 0. Times are Unix microseconds. `session`: its id; `decision`: id of the
    authentication that the session had then. `wanted`: in words, or the verb that an administrator ordered; `cause`: a
    cause word. `by`: what confirmed or withdrew it.
    """

    job: str
    step: int
    at: int
    session: str
    client: str
    mac: str | None
    user: str | None
    device: str | None
    decision: str | None
    reason: Literal["policy", "facts", "time", "administrator"]
    actor: str | None
    wanted: str
    cause: str | None
    authorization: str | None
    state: str
    verb: str | None
    tries: list[CoaTry]
    due_at: int
    decided_at: int
    sent_at: int | None
    acked_at: int | None
    ended_at: int | None
    by: str | None
    error_cause: int | None
    detail: str
    generation: int | None = None
    node: str = ""
    sequence: int = 0


class PostureRefusedEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="posture_refused"):
    """Posture reports that were refused; the control plane tells it, at most once a minute for each word and source.

    `id`: 32 hex digits. `at`: Unix microseconds. `word`: why, as the agent was told it; `detail`: for people, of the
    newest. `device`: whose certificate it was, as far as it was looked up. `certificate` (SHA-256, lower-case hex), its
    `names`, None and empty without one. `count`: since the last one.
    """

    id: str
    at: int
    word: str
    detail: str
    device: str | None
    certificate: str | None
    names: list[str]
    address: str
    count: int


class AdminEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="admin"):
    """An act of an administrator, in the order in which this node took it up (docs/decisions/0025-acts.md).

    `at`: Unix microseconds; `generation`: of the policy then in force. `actor`, `action`, `subject` and `detail` as in
    the audit (`nac.db.audit`). `audit`: the row that a command wrote; None for what the server did on somebody's word,
    which has its row from this event.
    """

    at: int
    generation: int
    actor: str
    action: str
    subject: str
    detail: str
    audit: int | None


SessionState = Literal["active", "accounted", "stale", "closed"]


class Session(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A live session. `session`: its id, 32 hex digits, from opening to closing. `source`: the address that its
    requests come from. What the NAS said of it stands as it was said, with what names it there (RFC 5176 3):
    `user_name`, `calling_station`, the accounting ids and `addresses`. Times are Unix microseconds, `session_timeout`
    seconds.

    `state`: active; accounted (known from accounting alone); stale (not heard of for too long); closed. `decision`: id
    of its newest authentication. `authorization`: digest of what was laid out for the port (`AuthorizationEvent`).
    `differs`: the port lacks what it should have.
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


class SessionEvent(Session, frozen=True, forbid_unknown_fields=True, tag="session"):
    """A transition of a live session (docs/decisions/0018-sessions.md); Interim-Updates alone are none.

    `change`: `moved` and `closed` end it (`state` is closed, `record` null, `cause` a word); each other carries the
    `record` that restores it after a restart (`DataPlane(sessions=)`). `at`: Unix microseconds.
    """

    sequence: int
    at: int
    change: Literal["opened", "reauthorized", "bound", "moved", "closed", "stale", "resumed", "applied"]
    cause: str | None
    record: msgspec.Raw


class AccountingEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="accounting"):
    """One Accounting-Request (RFC 2866, RFC 2869).

    `status`: start, stop, interim-update, accounting-on, accounting-off, or `other-<number>`. `at`: Unix microseconds
    when it came; `happened_at`: by Event-Timestamp when that can be true, else by Acct-Delay-Time. `decision`: id of
    the authentication that opened the session, from Class; `classes`: every Class, hex. Octets are 64 bits wide
    (Gigawords added). `attributes`: what has no field of its own.
    """

    at: int
    happened_at: int
    client: str
    source: str
    generation: int
    status: str
    session_id: str | None
    multi_session_id: str | None
    decision: str | None
    classes: list[str]
    nas: NasPort
    mac: str | None
    user_name: str | None
    addresses: list[str]
    delay: int | None
    event_timestamp: int | None
    session_time: int | None
    input_octets: int | None
    output_octets: int | None
    input_packets: int | None
    output_packets: int | None
    terminate_cause: str | None
    attributes: list[tuple[str, str]]


class AccountingHeader(msgspec.Struct, frozen=True, gc=False, tag="accounting"):
    """That it is an `AccountingEvent`: `nac._dataplane.AccountingBatch` takes it apart."""


class SessionHeader(msgspec.Struct, frozen=True, gc=False, tag="session"):
    """The fields of a `SessionEvent` that have a column. Times are Unix microseconds."""

    session: str
    at: int
    state: Literal["active", "accounted", "stale", "closed"]
    client: str
    mac: str | None
    identity_user: str | None
    identity_device: str | None
    certificate: str | None
    method: str | None
    segment: str | None
    authorization: str | None
    decision: str | None
    generation: int | None
    acct_session_id: str | None
    opened_at: int
    authorized_at: int | None
    closed_at: int | None
    cause: str | None


class AuthenticationHeader(msgspec.Struct, frozen=True, gc=False, tag="authentication"):
    """That it is an `AuthenticationEvent`: `nac._dataplane.AuthenticationBatch` takes it apart."""


_ToldWhole = AuthorizationEvent | DiscardEvent | CoaEvent | AdminEvent | PostureRefusedEvent
Event = AuthenticationEvent | AccountingEvent | SessionEvent | _ToldWhole
Header = AuthenticationHeader | AccountingHeader | SessionHeader | _ToldWhole

_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
_header_decoder: msgspec.json.Decoder[Header] = msgspec.json.Decoder(Header)

_TAKEN_APART_LATER: Final[tuple[tuple[bytes, Header], ...]] = (
    (b'{"type":"authentication",', AuthenticationHeader()),
    (b'{"type":"accounting",', AccountingHeader()),
)
"""How records begin of which nothing else is wanted here."""


def decode(raw: bytes) -> Event:
    """One event, whole. Raises `msgspec.ValidationError` when the two planes disagree."""
    return _decoder.decode(raw)


def decode_header(raw: bytes) -> Header:
    """What storing an event needs of it: a tenth of the work. Raises `msgspec.ValidationError`."""
    for beginning, header in _TAKEN_APART_LATER:
        if raw.startswith(beginning):
            return header
    return _header_decoder.decode(raw)

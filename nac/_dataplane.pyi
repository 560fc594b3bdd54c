"""The whole boundary between the control plane (Python) and the data plane (Rust).

Down go a `Snapshot` (clients, trust, credentials, compiled policy: immutable, numbered) and the facts of devices and
users (batched upserts). Up come the journal's records, as JSON bytes that `nac.events.types` decodes, and counters. No Rust thread
ever holds a Python object, and no call here is on the way of a packet. Every constructor is keyword-only and checks its
arguments: a wrong one raises `SnapshotError` that names the field. A default written `...` is empty.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Literal, final

__all__ = [
    "AccountingBatch",
    "AuthenticationBatch",
    "ChainError",
    "Client",
    "Condition",
    "DataPlane",
    "DataPlaneError",
    "Decision",
    "DecodedAttribute",
    "DecodedPacket",
    "DeviceFacts",
    "Dialect",
    "Dictionary",
    "DictionaryError",
    "FactDefinition",
    "JournalError",
    "JournalState",
    "ListenError",
    "PacketError",
    "PeerCertificate",
    "Policy",
    "Resource",
    "RevocationList",
    "Rule",
    "Segment",
    "ServerCredential",
    "Snapshot",
    "SnapshotError",
    "TicketKey",
    "Trust",
    "UserFacts",
    "decode_packet",
    "distinguished_name",
    "fact_catalogue",
]

class DataPlaneError(Exception):
    """Root of what the data plane raises."""

class SnapshotError(DataPlaneError):
    """A part of a snapshot is not usable; nothing was published."""

class ChainError(DataPlaneError):
    """A certificate chain is refused; the text is one word: expired, not_yet_valid, revoked, revocation_unknown,
    revocation_stale, unknown_issuer, bad_signature, wrong_purpose, too_long or malformed."""

class ListenError(DataPlaneError):
    """A socket could not be bound; the text names address and cause."""

class JournalError(DataPlaneError):
    """The journal cannot be opened or read; the text names file and cause."""

class DictionaryError(DataPlaneError):
    """A dictionary does not parse; the text names file and line."""

class PacketError(DataPlaneError):
    """Bytes are not a RADIUS packet; the text says where and why."""

# --- dictionaries and the codec (used by `nac decode`, enforcement and tests; the receivers use the same code) ---

@final
class Dictionary:
    """RADIUS attribute dictionaries, parsed once.

    `texts` maps a file name to its content, in the format of `dictionaries/README.md`.
    """

    def __new__(cls, *, texts: Mapping[str, str]) -> Dictionary: ...
    def encode(self, name: str, value: str, *, tag: int = 0) -> bytes:
        """One attribute as it stands on the wire (type, length, value; vendor-specific ones wrapped, RFC 2865 5.26).

        `value` is text in the attribute's data type: `VLAN` or `13` for an enumerated integer, dotted quad, `0x..` octets.
        Raises `DictionaryError` for an unknown name or a value that does not fit the type or 253 octets.
        """

    def names(self) -> list[str]: ...

@final
class DecodedAttribute:
    """`name` is `Attr-<type>` or `Vendor-<id>-Attr-<type>` when no dictionary knows it; `value` is display text."""

    @property
    def name(self) -> str: ...
    @property
    def value(self) -> str: ...
    @property
    def raw(self) -> bytes: ...

@final
class DecodedPacket:
    @property
    def code(self) -> int: ...
    @property
    def code_name(self) -> str: ...
    @property
    def identifier(self) -> int: ...
    @property
    def authenticator(self) -> bytes: ...
    @property
    def length(self) -> int: ...
    @property
    def attributes(self) -> list[DecodedAttribute]: ...
    @property
    def message_authenticator(self) -> Literal["absent", "valid", "invalid", "unchecked"]:
        """`unchecked` when no secret was given or a reply's request is not known."""

def decode_packet(
    data: bytes, *, dictionary: Dictionary, secret: bytes | None = None, request_authenticator: bytes | None = None
) -> DecodedPacket:
    """Parse one RADIUS packet (RFC 2865 3). Raises `PacketError`."""

def distinguished_name(der: bytes) -> str:
    """A Name (DER) as text (RFC 4514), the last RDN first. Special characters in a value are a backslash and two hex
    digits, so that `,` and `+` stand between parts only; types beyond the nine of RFC 4514 section 3 are in dots, and
    their values in hex. Raises `ValueError`."""

# --- down: the snapshot ---

@final
class Client:
    """A RADIUS client (NAS). `prefix` is CIDR; the longest match wins. One or two `secrets`: both are live.

    `fragment_size`: octets of EAP data per request, 200..=1400, lowered further by Framed-MTU. `dialect`: key of
    `Segment.replies` and `Resource.access_list`. `conversations_per_second`: token bucket for new conversations, with
    `burst` as its depth. `max_tls`: cap for devices behind this client. `site` chooses among `Segment.site_replies` (case
    does not matter); `region` is the site's.
    """

    def __new__(
        cls,
        *,
        name: str,
        prefix: str,
        secrets: Sequence[bytes],
        message_authenticator: Literal["require", "observe"] = "require",
        fragment_size: int = 1024,
        max_tls: Literal["1.2", "1.3"] = "1.3",
        dialect: str = "rfc4849",
        site: str | None = None,
        region: str | None = None,
        conversations_per_second: int = 500,
        burst: int = 2000,
    ) -> Client: ...

@final
class RevocationList:
    """What a verified CRL says. `issuer`: DER of its issuer's Name; `serials`: big-endian, no leading zero octets."""

    def __new__(
        cls, *, issuer: bytes, serials: Sequence[bytes], this_update: int, next_update: int
    ) -> RevocationList: ...

@final
class Trust:
    """Who may vouch for devices. `anchors`, `intermediates`: DER certificates (the intermediates already verified
    against the anchors by the control plane). `revocation`: `require` refuses a certificate whose issuer has no
    current list (the default: closed), `available` accepts where no list is known at all, `stale-ok` also accepts a
    list past its nextUpdate. Root hints name the anchors to deploy in explanations. `attested_policies`: certificate
    policies, dotted OIDs, by which an issuer says that a key is in hardware (the fact `certificate.key_attested`).
    """

    def __new__(
        cls,
        *,
        anchors: Sequence[bytes],
        intermediates: Sequence[bytes] = ...,
        revocation_lists: Sequence[RevocationList] = ...,
        revocation: Literal["require", "available", "stale-ok"] = "require",
        attested_policies: Sequence[str] = ...,
    ) -> Trust: ...
    def check(self, *, chain: Sequence[bytes], now: int) -> PeerCertificate:
        """The check that every EAP-TLS handshake makes: path, purpose, validity and revocation of `chain` (DER, leaf
        first) at `now` (Unix seconds). That the peer has the key is TLS's to prove. Raises `ChainError`."""

@final
class PeerCertificate:
    """What of a verified certificate says who it is. `fingerprint`: SHA-256, lower-case hex; `not_after`: Unix seconds."""

    @property
    def fingerprint(self) -> str: ...
    @property
    def common_name(self) -> str | None: ...
    @property
    def dns(self) -> list[str]: ...
    @property
    def not_after(self) -> int: ...

@final
class ServerCredential:
    """A server certificate chain, leaf first (DER), its PKCS#8 key (DER), an optional OCSP response to staple."""

    def __new__(cls, *, chain: Sequence[bytes], key: bytes, ocsp_response: bytes | None = None) -> ServerCredential: ...

@final
class TicketKey:
    """A session-ticket key: 16 octets of name, 32 octets of AES-256-GCM key."""

    def __new__(cls, *, name: bytes, key: bytes) -> TicketKey: ...

@final
class FactDefinition:
    """`kind`: text, boolean, integer, or `set` (of text). `source` and `example` are for people."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> Literal["text", "boolean", "integer", "set"]: ...
    @property
    def source(self) -> str: ...
    @property
    def example(self) -> str: ...
    @property
    def identity(self) -> bool:
        """True when the fact says who someone is (the linter wants one in every `allow`)."""

def fact_catalogue() -> list[FactDefinition]:
    """Every fact a policy may name, in the order of `nac policy facts`."""

@final
class Condition:
    """A three-valued (Kleene) condition over facts; an absent fact is unknown. At most 64 deep and 16,384 parts large;
    cheap to share: use one object for what several rules have in common (a persona, a list, a schedule)."""

    @staticmethod
    def always() -> Condition: ...
    @staticmethod
    def all(parts: Sequence[Condition]) -> Condition: ...
    @staticmethod
    def any(parts: Sequence[Condition]) -> Condition: ...
    @staticmethod
    def negate(part: Condition) -> Condition: ...
    @staticmethod
    def compare(
        *,
        fact: str,
        operator: Literal["=", "<", "<=", ">", ">=", "has", "has any", "in", "matches"],
        value: str | bool | int | Sequence[str],
    ) -> Condition:
        """`=` any kind; `<` `<=` `>` `>=` integers; `has` a set contains `value`; `has any` a set contains one of the values;
        `in` text is one of the values; `matches` text against a pattern where `*` stands for any run of characters. Text
        compares without case. At most 100,000 values."""

    @staticmethod
    def during(*, intervals: Sequence[tuple[int, int]], known: tuple[int, int]) -> Condition:
        """Whether the fact `time` is in one of the half-open intervals of Unix seconds: at most 16,384, each start before
        its end, in order, without overlap, within `known` - the span for which they were worked out, and outside of which
        the answer is unknown."""

@final
class Segment:
    """Where a session is put. `replies`: dialect -> encoded attributes (Tunnel-*, Filter-Id, ...).

    `session_timeout`: seconds, sent as Session-Timeout with Termination-Action = RADIUS-Request (RFC 3580 3.17).
    `site_replies`: (site, dialect) -> encoded attributes in place of those in `replies`. `fallback`: the segment, without
    fallback of its own, that takes a session whose reply is beyond a limit of the client's dialect, or whose grants the
    dialect cannot express: it gets that segment's entry of `confined_replies` or `confined_site_replies`, which is all
    that it needs, and the decision says so. Without a fallback such a session is rejected with the cause access_list_too_long.
    """

    def __new__(
        cls,
        *,
        name: str,
        replies: Mapping[str, bytes],
        session_timeout: int | None = None,
        site_replies: Mapping[tuple[str, str], bytes] = ...,
        fallback: str | None = None,
        confined_replies: Mapping[str, bytes] = ...,
        confined_site_replies: Mapping[tuple[str, str], bytes] = ...,
    ) -> Segment: ...

@final
class Resource:
    """What a grant opens. `access_list`: dialect -> encoded attributes for this resource's lines; a dialect that is missing
    cannot express it, one without access lists has empty attributes. `extents`: dialect -> (lines, characters) of those;
    needed where the dialect bounds them.
    """

    def __new__(
        cls, *, name: str, access_list: Mapping[str, bytes], extents: Mapping[str, tuple[int, int]] = ...
    ) -> Resource: ...

@final
class Dialect:
    """What encloses the resources' lines in an access list: encoded attributes before and after them, with their extents
    as (lines, characters). `max_octets` bounds all encoded attributes, the segment's and the list's; `max_lines` and
    `max_characters` the list with what encloses it. None: no bound beside RADIUS's own 4,096 octets. `downloads`: the
    Access-Accept carries the list's name, and the switch fetches it (`nac.enforcement.download`).
    """

    def __new__(
        cls,
        *,
        name: str,
        before: bytes = ...,
        after: bytes = ...,
        before_extent: tuple[int, int] = ...,
        after_extent: tuple[int, int] = ...,
        max_octets: int | None = None,
        max_lines: int | None = None,
        max_characters: int | None = None,
        downloads: bool = False,
    ) -> Dialect: ...

@final
class Rule:
    """One statement. `place` and `reject` are ordered, first match wins; `allow` adds, `forbid` removes and wins.

    `targets`: the segment (place), the resources (allow, forbid), nothing (reject). `label`: the statement as written,
    for people; `location`: `file:line`. `monitor`: what the rule would do is among the reasons, and changes nothing.
    """

    def __new__(
        cls,
        *,
        effect: Literal["place", "reject", "allow", "forbid"],
        targets: Sequence[str] = ...,
        condition: Condition,
        label: str,
        location: str,
        monitor: bool = False,
    ) -> Rule: ...

@final
class Policy:
    """`rules` in file order; `digest` identifies the text it was compiled from (hex)."""

    def __new__(
        cls,
        *,
        rules: Sequence[Rule],
        segments: Sequence[Segment],
        resources: Sequence[Resource],
        dialects: Sequence[Dialect],
        digest: str,
    ) -> Policy: ...
    def decide(self, facts: Mapping[str, str | bool | int | Sequence[str]]) -> Decision:
        """Decide over given facts: the same code that every packet runs (for `nac policy explain` and the oracle test)."""

@final
class Decision:
    @property
    def verdict(self) -> Literal["accept", "reject"]: ...
    @property
    def segment(self) -> str | None: ...
    @property
    def rule(self) -> str | None:
        """Location of the placement rule that decided; None when nothing matched (default deny)."""

    @property
    def grants(self) -> list[str]: ...
    @property
    def reasons(self) -> list[tuple[str, str]]:
        """(location, what it did) for every rule that took part: the placement that decided, then the others in file order.

        A monitored `place` or `reject` took part when it matches and stands above the one that decided (or none did), a
        monitored `allow` when it matches and the session is placed, a monitored `forbid` when it matches and names something
        that was allowed.
        """

@final
class Snapshot:
    """Everything a packet reads, compiled. `generation` must grow from one published snapshot to the next."""

    def __new__(
        cls,
        *,
        generation: int,
        clients: Sequence[Client],
        trust: Trust,
        credentials: Sequence[ServerCredential],
        ticket_keys: Sequence[TicketKey],
        ticket_lifetime: int = 43200,
        policy: Policy,
        dictionary: Dictionary,
    ) -> Snapshot: ...
    @property
    def generation(self) -> int: ...

# --- down: facts ---

@final
class DeviceFacts:
    """`macs` in any notation. `posture_*`: the last posture report, made at `posture_at` (Unix seconds); once past
    `posture_expires_at` the status reads as `unknown`, and score and checks are not known. None: never reported.
    Until `posture_fresh_until` the report is fresh, until `posture_ageing_until` ageing, then stale; None: until it
    expires. `shared_identity`: it was seen on two machines at once. `risk_score`: 0 to 100.

    `certificates`: lower-case hex SHA-256 fingerprints bound to this device (beside its name in the certificate).
    """

    def __new__(
        cls,
        *,
        name: str,
        macs: Sequence[str] = ...,
        certificates: Sequence[str] = ...,
        kind: str | None = None,
        owner: str | None = None,
        managed: bool = False,
        disabled: bool = False,
        tags: Sequence[str] = ...,
        posture_status: str | None = None,
        posture_at: int | None = None,
        posture_expires_at: int | None = None,
        posture_score: int | None = None,
        posture_passed: Sequence[str] | None = None,
        posture_failed: Sequence[str] | None = None,
        posture_fresh_until: int | None = None,
        posture_ageing_until: int | None = None,
        shared_identity: bool = False,
        risk_score: int | None = None,
    ) -> DeviceFacts: ...

@final
class UserFacts:
    """`access_until`: Unix seconds at which the user's access ends (the fact `user.access_ended`)."""

    def __new__(
        cls, *, name: str, groups: Sequence[str] = ..., disabled: bool = False, access_until: int | None = None
    ) -> UserFacts: ...

# --- from the journal into the database ---

@final
class AuthenticationBatch:
    """Authentications of one journal as rows of the database (`nac.db.schema`). `records`: each record's sequence, and
    its event as `DataPlane.read_journal` gives it.

    `form` of rows that are given: a list of tuples, or the octets of one binary COPY of PostgreSQL, empty without rows.
    Raises `ValueError` that names the first record that is no authentication.
    """

    def __new__(
        cls, *, records: Sequence[tuple[int, bytes]], form: Literal["tuples", "copy"]
    ) -> AuthenticationBatch: ...
    def fact_sets(self) -> list[tuple[str, str]]:
        """Of `fact_sets`, each set once, by the digest: always tuples."""

    def rows(self, sets: Mapping[str, int]) -> list[tuple[str | int | None, ...]] | bytes:
        """Of `authentications`, all columns but `row_id` in their order. `sets`: rows of `fact_sets` by the digest."""

    def sightings(self) -> list[tuple[str | int | None, ...]] | bytes:
        """Of `sightings`, columns in their order: those who were accepted, each place once, sorted."""

@final
class AccountingBatch:
    """Accounting records of one journal as rows of the database (`nac.db.schema`), columns in their order. `node`: whose
    journal it is, 32 hex digits. `records`: each record's sequence, and its event as `DataPlane.read_journal` gives it.

    `form` of all rows that are given: a list of tuples, or the octets of one binary COPY of PostgreSQL, empty without
    rows. Raises `ValueError` that names the first record that is no accounting.
    """

    def __new__(
        cls, *, node: str, records: Sequence[tuple[int, bytes]], form: Literal["tuples", "copy"]
    ) -> AccountingBatch: ...
    def rows(self) -> list[tuple[str | int | None, ...]] | bytes:
        """Of `accounting`."""

    def sessions(self) -> list[tuple[str | int | None, ...]] | bytes:
        """The keys of `session_usage` of which these records tell, sorted."""

    def count(
        self, known: Sequence[tuple[str | int | bytes | None, ...]]
    ) -> tuple[list[tuple[str | int | None, ...]] | bytes, list[tuple[str | int | None, ...]] | bytes]:
        """Count on from the rows of `session_usage` that are `known`: what has to be in `session_usage`, and what has to be
        added in `session_hours`. Known rows may have their place (octets) before the first column; in a copy every row of
        `session_usage` has, NULL where there was none."""

# --- the running data plane ---

@final
class JournalState:
    """How the journal stands (`docs/journal.md`).

    `node`: who writes it, 32 hex digits. `last`: sequence of the last durable record. `waiting`: records that are not
    acknowledged. `octets` of `bound` are on disk. `error`: what the last write failed
    with, None once one succeeded; `failures` since the start. `torn`: octets cut from the end at the start. `damaged`:
    files with damage inside.
    """

    @property
    def node(self) -> str: ...
    @property
    def last(self) -> int: ...
    @property
    def waiting(self) -> int: ...
    @property
    def octets(self) -> int: ...
    @property
    def bound(self) -> int: ...
    @property
    def alarm(self) -> Literal["failing", "full", "filling"] | None: ...
    @property
    def error(self) -> str | None: ...
    @property
    def failures(self) -> int: ...
    @property
    def torn(self) -> int: ...
    @property
    def damaged(self) -> list[str]: ...

@final
class DataPlane:
    """Receivers, shards and their state. Threads start in the constructor and end in `close`."""

    def __new__(
        cls,
        *,
        listen: Sequence[str],
        snapshot: Snapshot,
        devices: Sequence[DeviceFacts] = ...,
        users: Sequence[UserFacts] = ...,
        shards: int = 0,
        receivers: int = 1,
        event_capacity: int = 16384,
        journal: str | os.PathLike[str] | None = None,
        journal_octets: int = 1073741824,
        accounting: Sequence[str] = ...,
        sessions: Sequence[bytes] = ...,
        sessions_until: int = 0,
        sessions_stale_after: int = 10800,
        sessions_forget_after: int = 86400,
    ) -> DataPlane:
        """`listen`: `address:port`, IPv6 in brackets; port 0 asks the kernel. `shards` 0: one per core. `devices` and
        `users` are known before the first packet is answered.

        `journal`: a folder, made if need be; of at most `journal_octets`. With it, events go through the journal, and
        `accounting` addresses are served: an Accounting-Response means that its record is durable.

        `sessions`: the `record` of the newest `SessionEvent` of each session that was open before a restart, as it came; all
        of them are decided on again. One that cannot be read is left out and counted (`sessions.unreadable`). They hold what
        the journal says up to the sequence `sessions_until`; what it says after that is done again. Seconds: a session of which nothing is heard for `sessions_stale_after` is stale, unless the Acct-Interim-Interval or
        Session-Timeout that it was given says otherwise; stale for `sessions_forget_after` it is forgotten.

        Raises `ListenError`, `JournalError`."""

    def addresses(self) -> list[str]:
        """The bound sockets, in the order of `listen`."""

    def accounting_addresses(self) -> list[str]:
        """The bound sockets, in the order of `accounting`."""

    def publish(self, snapshot: Snapshot) -> None:
        """Swap in a newer snapshot; running conversations go on. Raises `SnapshotError` for an older generation."""

    def generation(self) -> int: ...
    def upsert_devices(self, devices: Sequence[DeviceFacts]) -> None: ...
    def upsert_users(self, users: Sequence[UserFacts]) -> None: ...
    def remove_devices(self, names: Sequence[str]) -> None: ...
    def remove_users(self, names: Sequence[str]) -> None: ...
    def wait_events(self, *, timeout_ms: int, gather_ms: int = 0, max_events: int = 4096) -> list[bytes]:
        """Up to `max_events` events as JSON objects, oldest first; the GIL is released meanwhile.

        Waits at most `timeout_ms` for the first event, then `gather_ms` for more unless there are `max_events`. With a
        journal these are the events that have not reached it: worth fetching only while it cannot be written.
        """

    def read_journal(self, *, after: int, most: int, timeout_ms: int) -> list[tuple[int, bytes]]:
        """Up to `most` durable records after a sequence, oldest first: (sequence, JSON). The GIL is released meanwhile.

        Waits at most `timeout_ms` for the first. May be asked again for what was given before, until it is acknowledged.
        Works after `close`. Raises `JournalError`.
        """

    def acknowledge(self, sequence: int) -> None:
        """All records up to this one are kept elsewhere: the journal may let go of them. Raises `JournalError`."""

    def retry_journal(self) -> None:
        """See whether a journal whose last write failed can be written again: without traffic nobody else would. Raises
        `JournalError`."""

    def oldest_in_journal(self) -> int | None:
        """Unix microseconds of the oldest record that is not acknowledged, None when there is none. Reads a part of the
        journal: for people who ask. Raises `JournalError` when there is no journal."""

    def journal_state(self) -> JournalState:
        """Raises `JournalError` when there is no journal."""

    def wait_sessions(self, *, timeout_ms: int, most: int) -> list[bytes]:
        """Notes about up to `most` sessions as JSON objects with the key `note`; the GIL is released meanwhile.

        `differs`: the port should have something else than it has; told again when that changes. `session`: as from
        `find_sessions`. `wanted`: `verdict` (accept, reject), `cause`, `detail` and `fix` (docs/causes.md), `generation`,
        `segment`, `rule`, `reasons`, `grants`, `attributes` (name, value), `encoded` (those as they go on the wire, hex),
        `session_timeout` in seconds, `authorization` (digest of `encoded`, None on reject). `due_at`: Unix microseconds
        when what changed came here. `why`: policy, facts or time.
        `settled`: it no longer differs; of one that is followed also that it logged in, ended, or went stale. `session`:
        its id. `by`: facts, policy, time, authentication, applied, stale, or the cause of the end.
        `seen`: a sign of a session that is followed. `by`: start, interim, stop, accept or reject; `at`: Unix microseconds
        when it came, less its Acct-Delay-Time.

        Waits at most `timeout_ms` for the first. At most one state of each session waits here, the newest, and it is
        decided on once more when it is fetched. Nothing is told of stale sessions until they are heard of again.
        """

    def session_applied(self, session: str, authorization: str) -> bool:
        """The NAS took up the attributes of that digest (RFC 5176 CoA-ACK). False: no such session. Raises `ValueError`."""

    def follow_session(self, session: str) -> None:
        """Tell every sign of this session and its end in `wait_sessions`, until `unfollow_session`. Nothing happens when
        there is no such session. Raises `ValueError`."""

    def unfollow_session(self, session: str) -> None:
        """Tell them no longer. Raises `ValueError`."""

    def end_session(self, session: str, cause: str) -> bool:
        """The session is over: its NAS does not know it (Error-Cause 503), or an administrator says so. False: no such
        session. `cause`: a word for its record. Raises `ValueError`."""

    def find_sessions(
        self,
        *,
        after: str = "",
        most: int,
        client: str | None = None,
        mac: str | None = None,
        user: str | None = None,
        device: str | None = None,
        session_id: str | None = None,
        state: str | None = None,
    ) -> list[bytes]:
        """Up to `most` sessions as JSON objects, in the order of their ids, above the id `after`. `session_id`:
        Acct-Session-Id; `state`: active, accounted or stale; names without case. The fields are those of
        `nac.events.types.SessionEvent` from `session` to `differs`. Raises `ValueError`."""

    def session(self, id: str) -> bytes | None:
        """One session as a JSON object. Raises `ValueError` when `id` is none."""

    def record_event(self, event: bytes) -> None:
        """An event of the control plane (a JSON object of at most 65,536 octets) into the journal, in order with the others.
        Raises `ValueError`."""

    def counters(self) -> dict[str, int]:
        """Every counter by its name, e.g. `discard.unknown_client`, `events.dropped`, `conversations.open`."""

    def client_counters(self) -> dict[str, dict[str, int]]:
        """Counters by client name: requests, without_message_authenticator, bad_authenticator, second_secret, ..."""

    def close(self) -> None:
        """Stop receiving, finish what is in work, join all threads (GIL released). Idempotent."""

    def __enter__(self) -> DataPlane: ...
    def __exit__(self, *exc: object) -> None: ...

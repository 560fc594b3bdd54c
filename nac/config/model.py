"""The settings of nac: every key of `nac.toml`, its default and its explanation, here and nowhere else.

`nac.config.load` fills this model, `nac.config.render` writes it out, `docs/configuration.md` is tested against it.
After `load` every path is absolute and `database.url` is filled in.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from nac.config.address import ListenAddress, SourceAddress
from nac.config.database_url import DatabaseUrl
from nac.config.duration import Duration

DATABASE_FILE = "nac.db"
CONTROL_SOCKET = "control.sock"
JOURNAL_FOLDER = "journal"
SECRETS_KEY_FILE = "secrets.key"
NODE_FILE = "node"

Revocation = Literal["require", "available", "stale-ok"]


class ServerSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The RADIUS server itself."""

    listen: Annotated[
        tuple[ListenAddress, ...],
        Meta(
            min_length=1,
            max_length=64,
            description='UDP addresses for authentication, "address:port"; IPv6 in brackets. '
            "Port 0 asks the kernel for a free one.",
        ),
    ] = (ListenAddress.parse("0.0.0.0:1812"), ListenAddress.parse("[::]:1812"))
    accounting: Annotated[
        Annotated[tuple[ListenAddress, ...], Meta(max_length=64)] | None,
        Meta(
            description="UDP addresses for accounting. Default: the next port beside each address of `listen`, so 1813 "
            "beside 1812. Empty: none.",
            examples=[["0.0.0.0:1813", "[::]:1813"]],
        ),
    ] = None
    shards: Annotated[
        int, Meta(ge=0, le=1024, description="Threads that run TLS and policy. 0: one for each processor core.")
    ] = 0
    receivers: Annotated[
        int, Meta(ge=1, le=64, description="Threads per address that read packets. One reads about 200,000 a second.")
    ] = 1
    state: Annotated[
        Path, Meta(description="Folder of what nac keeps by itself: database, control socket, journal, secrets key.")
    ] = Path("state")
    secrets_key: Annotated[
        Path | None,
        Meta(
            description='The key that seals shared secrets in the database. Default: "secrets.key" in the state '
            'folder. "credential:NAME" takes it from systemd (LoadCredential=).',
            examples=["credential:nac-secrets-key"],
        ),
    ] = None

    def __post_init__(self) -> None:
        fixed = [address for address in self.listen if address.port]
        if len(set(fixed)) != len(fixed):
            raise ValueError("`listen` names the same address twice: remove one")
        taken = [address for address in self.accounting_addresses if address.port]
        if len({*fixed, *taken}) != len(fixed) + len(taken):
            raise ValueError("`accounting` (by default the ports beside `listen`) names an address that is taken")

    @property
    def accounting_addresses(self) -> tuple[ListenAddress, ...]:
        """Where accounting is served."""
        if self.accounting is not None:
            return self.accounting
        return tuple(address.beside() for address in self.listen)


class JournalSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What must survive a crash, until the database has it: accounting and events."""

    size_mib: Annotated[
        int,
        Meta(
            ge=16,
            le=1048576,
            description="MiB that the journal may take while the database is away. At half of it there is an alarm; "
            "beyond it accounting is not answered. A record takes about 300 octets, the event of a login about 3,000.",
        ),
    ] = 1024


class DatabaseSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where clients, devices, users and events are kept."""

    url: Annotated[
        DatabaseUrl,
        Meta(
            description='An SQLAlchemy URL: sqlite or postgresql. Default: SQLite, "nac.db" in the state folder.',
            examples=["sqlite:///state/nac.db"],
        ),
    ] = DatabaseUrl("")


class PolicySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Who may reach what."""

    path: Annotated[Path, Meta(description="A policy file, or a folder whose *.policy files are read in order.")] = (
        Path("policy")
    )


class PkiSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The built-in certificate authority (`nac pki`)."""

    directory: Annotated[Path, Meta(description="Folder of the authority: its keys, certificates and lists.")] = Path(
        "pki"
    )


class CertificateFiles(Struct, frozen=True, forbid_unknown_fields=True):
    """A server certificate: `chain` leaf first, PEM; `key` its private key, PEM, mode 0600."""

    chain: Annotated[Path, Meta(description="PEM: the server's certificate, then the intermediates above it.")]
    key: Annotated[Path, Meta(description='PEM: its private key, or "credential:NAME" to take it from systemd.')]


class EapSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How the server proves who it is (EAP-TLS), and how long a device may resume."""

    certificates: Annotated[
        tuple[CertificateFiles, ...],
        Meta(
            min_length=1,
            max_length=8,
            description="The server's certificates. Each device gets the first one whose kind of key it can use.",
        ),
    ] = (
        CertificateFiles(chain=Path("pki/server-p256.pem"), key=Path("pki/server-p256.key")),
        CertificateFiles(chain=Path("pki/server-rsa2048.pem"), key=Path("pki/server-rsa2048.key")),
    )
    ticket_lifetime: Annotated[
        Duration, Meta(description="How long a device may resume a session without a full handshake (RFC 9190 5.7).")
    ] = Duration.parse("12h")
    ticket_rotation: Annotated[
        Duration,
        Meta(description="How often a new ticket key is made. Two are live: tickets last at most twice this."),
    ] = Duration.parse("6h")

    def __post_init__(self) -> None:
        if self.ticket_lifetime.seconds > 2 * self.ticket_rotation.seconds:
            raise ValueError(
                f"`ticket_lifetime` {self.ticket_lifetime} is longer than two ticket keys live "
                f"(twice `ticket_rotation` {self.ticket_rotation}): shorten the one or lengthen the other"
            )
        if self.ticket_lifetime.seconds > 604800:
            raise ValueError(f"`ticket_lifetime` {self.ticket_lifetime} is above 7d, the bound of RFC 8446 4.6.1")


class TrustSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Which authorities may vouch for devices. The files are read again when they change."""

    roots: Annotated[
        tuple[Path, ...],
        Meta(min_length=1, description="Trust anchors, PEM or DER, several to a file. Add your enterprise root here."),
    ] = (Path("pki/root.pem"),)
    intermediates: Annotated[
        tuple[Path, ...],
        Meta(description="Certificates between a root and the devices, for devices that send only their own."),
    ] = (Path("pki/issuing.pem"),)
    crls: Annotated[
        tuple[Path, ...],
        Meta(description='Revocation lists (CRL), PEM or DER; "*" stands for any part of a file name.'),
    ] = (Path("pki/crl/*.crl"),)
    revocation: Annotated[
        Revocation,
        Meta(
            description='"require": refuse a certificate whose issuer has no current list. "available": accept '
            'where no list is known at all. "stale-ok": also accept a list past its next update.'
        ),
    ] = "require"
    attested_policies: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[0-2](\.(0|[1-9][0-9]*))+$", max_length=128)], ...],
        Meta(
            max_length=32,
            description="Certificate policies (OIDs in dots) by which your authority says that a key is in hardware: "
            "they make the fact certificate.key_attested.",
        ),
    ] = ()


class SessionSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Live sessions: how long to wait for signs of one."""

    stale_after: Annotated[
        Duration,
        Meta(
            description="A session of which nothing is heard for so long is stale: listed, and not acted on. A session "
            "that was given an Acct-Interim-Interval is stale after three of them, one with a longer Session-Timeout "
            "after that."
        ),
    ] = Duration.parse("3h")
    forget_after: Annotated[Duration, Meta(description="A session that was stale for so long is taken for closed.")] = (
        Duration.parse("24h")
    )


class PostureSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Health reports of devices (`nac agent`), and for how long they count."""

    listen: Annotated[
        tuple[ListenAddress, ...],
        Meta(
            max_length=16,
            description='TCP addresses for reports and the remediation page (HTTPS), "address:port". Empty: none.',
            examples=[["0.0.0.0:8443", "[::]:8443"]],
        ),
    ] = ()
    fresh: Annotated[
        Duration, Meta(description="Age up to which a report is fresh. A posture of the policy may say otherwise.")
    ] = Duration.parse("10m")
    stale: Annotated[Duration, Meta(description="Age from which it is stale; between the two it is ageing.")] = (
        Duration.parse("1h")
    )
    unknown: Annotated[Duration, Meta(description="Age from which nothing is known of the device's health.")] = (
        Duration.parse("24h")
    )
    keep_values: Annotated[
        bool,
        Meta(
            description="Keep what checks found (versions, ports, paths, names). false: only whether they passed; then "
            "`nac posture what-if` cannot try other values."
        ),
    ] = True
    history: Annotated[
        Duration,
        Meta(description="Changes of a verdict, refused reports and cleared findings older than this are deleted."),
    ] = Duration.parse("30d")

    def __post_init__(self) -> None:
        if not self.fresh <= self.stale <= self.unknown:
            steps = f"`fresh` {self.fresh}, `stale` {self.stale}, `unknown` {self.unknown}"
            raise ValueError(f"{steps}: each has to be as long as the one before, or longer")


class EventSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What is remembered of authentications: personal data, so only for a time."""

    retention: Annotated[
        Duration, Meta(description="Events older than this are deleted, where [retention] says nothing else.")
    ] = Duration.parse("90d")


class RetentionSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How long each kind of record is kept, where that is not `[events] retention`."""

    authentications: Annotated[
        Duration | None, Meta(description="Logins, and what they were decided over.", examples=["180d"])
    ] = None
    accounting: Annotated[Duration | None, Meta(description="Accounting records.", examples=["30d"])] = None
    discards: Annotated[Duration | None, Meta(description="Packets that got no answer.", examples=["30d"])] = None
    sessions: Annotated[
        Duration | None,
        Meta(description="Sessions that are over, and the totals of what they used.", examples=["365d"]),
    ] = None
    usage: Annotated[Duration | None, Meta(description="What sessions used, hour by hour.", examples=["365d"])] = None
    sightings: Annotated[
        Duration | None, Meta(description="Where devices were seen, from the last time on.", examples=["365d"])
    ] = None


class CoaSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How live sessions are changed on the switch (RFC 5176) when policy or facts say otherwise."""

    source: Annotated[
        tuple[SourceAddress, ...],
        Meta(
            max_length=2,
            description="Addresses of this host that requests come from, for switches that take them from one only: at "
            "most one of each version of IP. Empty: the route to the switch chooses.",
        ),
    ] = ()
    per_second: Annotated[
        int, Meta(ge=1, le=10000, description="New requests a second to each switch; more would overrun small ones.")
    ] = 100
    in_flight: Annotated[
        int, Meta(ge=1, le=200, description="Requests to a switch that may wait for their answers at once.")
    ] = 32
    patience: Annotated[
        Duration,
        Meta(
            description="How long a request is sent again before the switch counts as not answering (RFC 5080 2.2.1)."
        ),
    ] = Duration.parse("30s")
    confirm: Annotated[
        Duration,
        Meta(
            description="How long the effect of an acknowledged request may take - a new login, or the end of the "
            "session - before the next means is tried."
        ),
    ] = Duration.parse("10s")

    def __post_init__(self) -> None:
        if len({address.version for address in self.source}) != len(self.source):
            raise ValueError("`source` names two addresses of one version of IP: keep one of them")


class LogSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The log on standard error."""

    level: Annotated[Literal["debug", "info", "warning", "error"], Meta(description="The least that is written.")] = (
        "info"
    )
    format: Annotated[
        Literal["json", "text"], Meta(description='"json": one object a line, for programs. "text": for people.')
    ] = "json"


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """All of `nac.toml`. RADIUS clients, devices and users are not settings: they live in the database."""

    server: ServerSettings = ServerSettings()
    database: DatabaseSettings = DatabaseSettings()
    journal: JournalSettings = JournalSettings()
    policy: PolicySettings = PolicySettings()
    pki: PkiSettings = PkiSettings()
    eap: EapSettings = EapSettings()
    trust: TrustSettings = TrustSettings()
    sessions: SessionSettings = SessionSettings()
    posture: PostureSettings = PostureSettings()
    events: EventSettings = EventSettings()
    retention: RetentionSettings = RetentionSettings()
    coa: CoaSettings = CoaSettings()
    log: LogSettings = LogSettings()

    @property
    def secrets_key(self) -> Path:
        """The key that seals shared secrets, by default in the state folder."""
        return self.server.secrets_key or self.server.state / SECRETS_KEY_FILE

    @property
    def journal_folder(self) -> Path:
        """Where the journal's files are."""
        return self.server.state / JOURNAL_FOLDER

    @property
    def node_file(self) -> Path:
        """Where the journal keeps the node's id; it is there after the first start."""
        return self.journal_folder / NODE_FILE

    @property
    def control_socket(self) -> Path:
        """Where a running server listens for `nac reload` and `nac status`."""
        return self.server.state / CONTROL_SOCKET

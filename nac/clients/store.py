"""`Clients` reads and writes RADIUS clients inside one transaction; `load_clients` is what the snapshot takes.

A prefix belongs to one client. Prefixes may lie within each other: the longest match answers, and `overlaps` tells
which do, so that it never surprises. A client has one live secret, or two while a rotation is going on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Literal, TypedDict

from msgspec import UNSET, UnsetType
from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from nac.clients.seal import Seal
from nac.clients.secret import SharedSecret
from nac.db import audit, revision
from nac.db.schema import Client, ClientSecret
from nac.errors import ConflictError, NacError
from nac.identity.name import Name, fold, not_found

Prefix = IPv4Network | IPv6Network
MessageAuthenticator = Literal["require", "observe"]
TlsVersion = Literal["1.2", "1.3"]


class PrefixError(NacError):
    """Text is not an address or prefix."""

    exit_code = 2


class ClientFields(TypedDict):
    """The arguments of `nac._dataplane.Client`. `region`: None until the policy's sites are known."""

    name: str
    prefix: str
    secrets: list[bytes]
    message_authenticator: MessageAuthenticator
    fragment_size: int
    max_tls: TlsVersion
    dialect: str
    site: str | None
    region: str | None
    conversations_per_second: int
    burst: int


@dataclass(frozen=True)
class NewClient:
    """What `Clients.add` takes; the defaults are those of `nac._dataplane.Client`."""

    name: Name
    prefix: Prefix
    dialect: str = "rfc4849"
    site: str | None = None
    message_authenticator: MessageAuthenticator = "require"
    fragment_size: int = 1024
    max_tls: TlsVersion = "1.3"
    conversations_per_second: int = 500
    burst: int = 2000
    coa_enabled: bool = True
    coa_port: int | None = None
    coa_verbs: str | None = None


@dataclass(frozen=True)
class ClientChange:
    """What `Clients.change` sets; what is UNSET stays. None: as the client's make does. `coa_verbs`: in order, joined
    by commas (`nac.coa.client.parse_verbs`)."""

    coa_enabled: bool | UnsetType = UNSET
    coa_port: int | UnsetType | None = UNSET
    coa_verbs: str | UnsetType | None = UNSET


class Clients:
    """RADIUS clients as one transaction sees them. `now` is in Unix seconds."""

    def __init__(self, session: Session, *, actor: audit.Actor, now: int) -> None:
        self._session = session
        self._actor = actor
        self._now = now

    def add(self, new: NewClient, secret: SharedSecret, seal: Seal) -> Client:
        """Add a client with its first secret. Raises `ConflictError` when its name or prefix is taken."""
        self._refuse_duplicate(new)
        client = Client(
            name=new.name.text,
            key=new.name.key,
            prefix=str(new.prefix),
            dialect=new.dialect,
            site=new.site,
            message_authenticator=new.message_authenticator,
            fragment_size=new.fragment_size,
            max_tls=new.max_tls,
            conversations_per_second=new.conversations_per_second,
            burst=new.burst,
            coa_enabled=new.coa_enabled,
            coa_port=new.coa_port,
            coa_verbs=new.coa_verbs,
            created_at=self._now,
        )
        self._session.add(client)
        self._add_secret(client, secret, seal)
        self._record("client add", client, f"prefix={client.prefix} dialect={client.dialect} site={client.site!r}")
        return client

    def get(self, name: str) -> Client:
        """The client of this name. Raises `NotFoundError`."""
        client = self._by_key(fold(name.strip()))
        if client is None:
            raise not_found("client", name, self._session.scalars(select(Client.name)))
        return client

    def find(self) -> Sequence[Client]:
        """All clients by name, with their secrets' rows (sealed)."""
        return self._session.scalars(select(Client).order_by(Client.key).options(selectinload(Client.secrets))).all()

    def overlaps(self, client: Client) -> list[Client]:
        """Other clients whose prefix lies within this one's or around it."""
        mine = ip_network(client.prefix)
        others = [other for other in self.find() if other.key != client.key]
        return [other for other in others if _overlap(mine, ip_network(other.prefix))]

    def change(self, name: str, change: ClientChange) -> Client:
        """Apply a change. Raises `NotFoundError`."""
        client = self.get(name)
        fields = {field: value for field, value in vars(change).items() if value is not UNSET}
        for field, value in fields.items():
            setattr(client, field, value)
        revision.bump_clients(self._session)
        self._record("client set", client, " ".join(f"{field}={value!r}" for field, value in fields.items()))
        return client

    def start_rotation(self, name: str, secret: SharedSecret, seal: Seal) -> Client:
        """Add a second live secret. Raises `NotFoundError`, or `ConflictError` when there are two already."""
        client = self.get(name)
        if len(client.secrets) > 1:
            raise ConflictError(
                f"client {client.name!r} has two live secrets already",
                fix=f"end the rotation first: `nac client rotate-secret {client.name} --finish`",
            )
        self._add_secret(client, secret, seal)
        self._record("client rotate-secret", client, "second secret added")
        return client

    def finish_rotation(self, name: str) -> Client:
        """Retire the older secret. Raises `NotFoundError`, or `ConflictError` when no rotation is going on."""
        client = self.get(name)
        if len(client.secrets) < 2:
            raise ConflictError(
                f"client {client.name!r} has one secret, there is nothing to retire",
                fix=f"start with `nac client rotate-secret {client.name}`",
            )
        client.secrets = client.secrets[-1:]
        revision.bump_clients(self._session)
        self._record("client rotate-secret", client, "older secret retired")
        return client

    def remove(self, name: str) -> str:
        """Remove a client and its secrets; gives its name. Raises `NotFoundError`."""
        client = self.get(name)
        self._session.delete(client)
        revision.bump_clients(self._session)
        self._record("client remove", client, f"prefix={client.prefix}")
        return client.name

    def _by_key(self, key: str) -> Client | None:
        return self._session.scalars(select(Client).where(Client.key == key)).one_or_none()

    def _refuse_duplicate(self, new: NewClient) -> None:
        if self._by_key(new.name.key) is not None:
            raise ConflictError(f"client {new.name.text!r} exists already", fix="`nac client show` tells about it")
        holder = self._session.scalars(select(Client).where(Client.prefix == str(new.prefix))).one_or_none()
        if holder is not None:
            raise ConflictError(
                f"{new.prefix} belongs to client {holder.name!r}", fix="remove that client, or give a longer prefix"
            )

    def _add_secret(self, client: Client, secret: SharedSecret, seal: Seal) -> None:
        sealed = seal.seal(secret, client=client.key)
        client.secrets.append(ClientSecret(sealed=sealed, octets=secret.octets, created_at=self._now))
        revision.bump_clients(self._session)

    def _record(self, action: str, client: Client, detail: str) -> None:
        audit.record(self._session, self._actor, action, client.name, detail)


def parse_prefix(text: str) -> Prefix:
    """Read an address or CIDR prefix. Raises `PrefixError`, also when bits after the prefix are set."""
    try:
        return ip_network(text.strip())
    except ValueError as error:
        try:
            fix = f"did you mean {ip_network(text.strip(), strict=False)}?"
        except ValueError:
            fix = "write an address or prefix, like 10.20.0.0/16 or 2001:db8::/32"
        raise PrefixError(f"{text!r} is not a prefix", fix=fix) from error


def load_clients(session: Session, seal: Seal) -> list[ClientFields]:
    """All clients for a snapshot, secrets opened, newest secret first. Raises `PkiError` when one does not open."""
    clients = session.scalars(select(Client).order_by(Client.key).options(selectinload(Client.secrets)))
    return [to_dataplane(client, seal) for client in clients]


def to_dataplane(client: Client, seal: Seal) -> ClientFields:
    """One client's arguments for `nac._dataplane.Client`. Raises `PkiError` when a secret does not open."""
    opened = [seal.open(row.sealed, client=client.key).reveal() for row in reversed(client.secrets)]
    return ClientFields(
        name=client.name,
        prefix=client.prefix,
        secrets=opened,
        message_authenticator="observe" if client.message_authenticator == "observe" else "require",
        fragment_size=client.fragment_size,
        max_tls="1.2" if client.max_tls == "1.2" else "1.3",
        dialect=client.dialect,
        site=client.site,
        region=None,
        conversations_per_second=client.conversations_per_second,
        burst=client.burst,
    )


def count_clients(session: Session) -> int:
    """How many clients there are."""
    return session.scalar(select(func.count()).select_from(Client)) or 0


def _overlap(one: Prefix, other: Prefix) -> bool:
    return one.version == other.version and one.overlaps(other)

"""Who and what there is: RADIUS clients, users and groups, devices."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Integer, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from nac.db.schema.base import SERIAL, Base


class Revision(Base):
    """One row: `value` is raised by every write to clients, devices or users, in its own transaction.

    `clients` is what `value` was raised to by the last write to clients.
    """

    __tablename__ = "revision"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    value: Mapped[int]
    clients: Mapped[int]


class Tombstone(Base):
    """A device or user that is gone, so that a reader who knew it learns of it. `kind`: `device` or `user`."""

    __tablename__ = "tombstones"

    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    revision: Mapped[int] = mapped_column(index=True)
    removed_at: Mapped[int]


class Client(Base):
    """A RADIUS client (NAS). `prefix` is canonical CIDR; see `nac._dataplane.Client` for the other columns.

    `coa_*`: how it takes changes of authorization (`nac.coa.client.CoaClient`); None as its make does.
    """

    __tablename__ = "clients"

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    name: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    prefix: Mapped[str] = mapped_column(unique=True)
    dialect: Mapped[str]
    site: Mapped[str | None]
    message_authenticator: Mapped[str]
    fragment_size: Mapped[int]
    max_tls: Mapped[str]
    conversations_per_second: Mapped[int]
    burst: Mapped[int]
    coa_enabled: Mapped[bool] = mapped_column(default=True, server_default=true())
    coa_port: Mapped[int | None]
    coa_verbs: Mapped[str | None]
    created_at: Mapped[int]
    secrets: Mapped[list[ClientSecret]] = relationship(
        back_populates="client", cascade="all, delete-orphan", passive_deletes=True, order_by="ClientSecret.id"
    )


class ClientSecret(Base):
    """One of a client's live secrets, sealed (`nac.clients.seal`); at most two, the newest has the highest id."""

    __tablename__ = "client_secrets"

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"), index=True)
    sealed: Mapped[bytes]
    octets: Mapped[int]
    created_at: Mapped[int]
    client: Mapped[Client] = relationship(back_populates="secrets")


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    name: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    disabled: Mapped[bool] = mapped_column(default=False)
    revision: Mapped[int] = mapped_column(index=True)
    created_at: Mapped[int]
    groups: Mapped[list[Group]] = relationship(secondary="memberships", order_by="Group.key")


class Group(Base):
    __tablename__ = "groups"

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    name: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)


class Membership(Base):
    __tablename__ = "memberships"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True, index=True)


class Device(Base):
    """A device. `owner` is a user's name as text: the user may come later, or live in a directory."""

    __tablename__ = "devices"

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    name: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str | None]
    owner: Mapped[str | None]
    managed: Mapped[bool] = mapped_column(default=False)
    disabled: Mapped[bool] = mapped_column(default=False)
    posture_status: Mapped[str | None]
    posture_expires_at: Mapped[int | None]
    revision: Mapped[int] = mapped_column(index=True)
    created_at: Mapped[int]
    macs: Mapped[list[DeviceMac]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, order_by="DeviceMac.mac"
    )
    certificates: Mapped[list[DeviceCertificate]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, order_by="DeviceCertificate.fingerprint"
    )
    tags: Mapped[list[DeviceTag]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, order_by="DeviceTag.tag"
    )


class DeviceMac(Base):
    """`mac` is twelve lower-case hex digits in pairs, joined by colons; it belongs to one device."""

    __tablename__ = "device_macs"

    mac: Mapped[str] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"), index=True)


class DeviceCertificate(Base):
    """`fingerprint`: SHA-256 of the DER certificate, lower-case hex."""

    __tablename__ = "device_certificates"

    fingerprint: Mapped[str] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"), index=True)


class DeviceTag(Base):
    __tablename__ = "device_tags"

    device_id: Mapped[int] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True, index=True)

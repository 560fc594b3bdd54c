"""Policies as they were published, and what administrators did."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from nac.db.schema.base import SERIAL, Base


class PolicyVersion(Base):
    """A policy that was published. `digest`: as decisions carry it; `generation`: of the first snapshot with it, None
    until a server has taken it; `note`: how it came, for people.
    """

    __tablename__ = "policy_versions"
    __table_args__ = ({"sqlite_autoincrement": True},)

    number: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    digest: Mapped[str] = mapped_column(index=True)
    generation: Mapped[int | None]
    at: Mapped[int]
    author: Mapped[str]
    note: Mapped[str]


class PolicyFile(Base):
    """One file of a policy's version, in its place. `text`: a `PolicyText`."""

    __tablename__ = "policy_files"

    version: Mapped[int] = mapped_column(ForeignKey("policy_versions.number"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    text: Mapped[str] = mapped_column(ForeignKey("policy_texts.digest"))


class PolicyText(Base):
    """The text of policy files, each once. `digest`: its SHA-256, hex."""

    __tablename__ = "policy_texts"

    digest: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str]


class AdminAudit(Base):
    """Who changed what. `actor` is the operating system's user, `action` a verb with its noun, `subject` its object."""

    __tablename__ = "admin_audit"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    at: Mapped[int] = mapped_column(index=True)
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    detail: Mapped[str]


class AdminTaken(Base):
    """An act of the audit in a node's journal: its place there, and the generation (`nac.events.acts`)."""

    __tablename__ = "admin_taken"

    audit: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    node: Mapped[str] = mapped_column(primary_key=True)
    sequence: Mapped[int]
    at_us: Mapped[int]
    generation: Mapped[int]

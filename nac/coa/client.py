"""What of a RADIUS client concerns changes of authorization."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from nac.clients.seal import Seal
from nac.clients.secret import SharedSecret
from nac.coa.exchange import Peer, Target
from nac.coa.recipe import Recipe, Verb
from nac.coa.vendor import recipe_of
from nac.db.schema import Client
from nac.errors import NacError


class VerbsError(NacError):
    """Text does not name verbs."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class CoaClient:
    """`port`, `verbs`: None as the recipe says. `enabled` false: nothing is sent to it."""

    name: str
    recipe: Recipe
    secrets: tuple[SharedSecret, ...]
    enabled: bool = True
    port: int | None = None
    verbs: tuple[Verb, ...] | None = None

    def peer(self, address: str) -> Peer:
        """The switch of this client at that address."""
        return Peer(Target(address, self.port or self.recipe.port), self.secrets)


def load_coa_clients(session: Session, seal: Seal) -> dict[str, CoaClient]:
    """All clients by name. Raises `PkiError` when a secret does not open."""
    rows = session.scalars(select(Client).options(selectinload(Client.secrets)))
    return {row.name: to_coa_client(row, seal) for row in rows}


def to_coa_client(row: Client, seal: Seal) -> CoaClient:
    """One client, the newest secret first. Raises `PkiError` when a secret does not open."""
    return CoaClient(
        name=row.name,
        recipe=recipe_of(row.dialect),
        secrets=tuple(seal.open(secret.sealed, client=row.key) for secret in reversed(row.secrets)),
        enabled=row.coa_enabled,
        port=row.coa_port,
        verbs=parse_verbs(row.coa_verbs) if row.coa_verbs else None,
    )


def parse_verbs(text: str) -> tuple[Verb, ...]:
    """Verbs in order, as `reauthenticate,disconnect`. Raises `VerbsError`."""
    words = [word.strip().lower() for word in text.split(",")]
    try:
        verbs = tuple(Verb(word) for word in words)
    except ValueError as error:
        raise VerbsError(f"{text!r}: {error}", fix=f"verbs are {', '.join(Verb)}, joined by commas") from error
    if len(set(verbs)) != len(verbs):
        raise VerbsError(f"{text!r} names a verb twice", fix="name each once, the first to be tried first")
    return verbs


def verbs_text(verbs: Sequence[Verb]) -> str:
    """As `parse_verbs` reads it."""
    return ",".join(verbs)

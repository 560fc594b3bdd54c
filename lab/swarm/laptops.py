"""Laptops that report their posture: one device on record, one key and one certificate for each."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding

from nac.db import Database, revision
from nac.db.schema import Device
from nac.pki.authority import Authority
from nac.pki.key_kind import KeyKind
from nac.pki.keystore import PRIVATE, make_private_folder, private_key_pem
from nac.pki.names import ClientNames
from nac.pki.profile import Validity, client_certificate

MOST: Final = 20_000
"""A certificate each: some twenty seconds, and two small files for each device."""

DAYS: Final = 2
_HEALTHY_FOR_S: Final = 24 * 3600


def name(number: int) -> str:
    """Of a laptop; names sort by number."""
    return f"laptop-{number:05}"


def record(database: Database, owners: Sequence[str], count: int) -> None:
    """Put them on record, healthy since yesterday's report; owners take turns. In one go: as many calls of the command
    line would take minutes."""
    now = int(time.time())
    with database.write() as session:
        newest = revision.bump(session)
        session.add_all(
            Device(
                name=name(number),
                key=name(number),
                kind="laptop",
                owner=owners[number % len(owners)],
                managed=True,
                posture_status="healthy",
                posture_expires_at=now + _HEALTHY_FOR_S,
                revision=newest,
                created_at=now,
            )
            for number in range(count)
        )


def issue(authority: Authority, owners: Sequence[str], count: int, out: Path) -> None:
    """Write NAME.pem and NAME.key of each into `out`, a new folder. Not on the authority's books, and not synced to the
    disk: they live as long as the swarm."""
    make_private_folder(out)
    signer, validity = authority.signer("issuing"), Validity.starting(datetime.now(UTC), DAYS)
    issuing = authority.issuing.public_bytes(Encoding.PEM)
    for number in range(count):
        key, names = KeyKind.P256.generate(), ClientNames(owners[number % len(owners)], name(number))
        certificate = client_certificate(names.subject(), names.alternatives(), [], key.public_key(), signer, validity)
        secret = out / f"{name(number)}.key"
        secret.touch(mode=PRIVATE)
        secret.write_bytes(private_key_pem(key))
        secret.with_suffix(".pem").write_bytes(certificate.public_bytes(Encoding.PEM) + issuing)

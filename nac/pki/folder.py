"""Which file of the PKI folder is what, and the lock that writers hold.

root.pem root.key            the trust anchor; the key may be kept elsewhere between its rare uses
issuing.pem issuing.key      signs everything below it
server-*.pem server-*.key    the server's chains, leaf first, and their keys
issued/<serial>.pem          every certificate ever signed here
revoked.json                 what was revoked, when and why; the CRL numbers
crl/root.crl crl/issuing.crl the revocation lists, PEM
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from nac.errors import PkiError

AuthorityName = Literal["root", "issuing"]


@dataclass(frozen=True)
class PkiFolder:
    """The folder of one authority. Its mode is 0700; nothing in it but keys is secret."""

    path: Path

    def certificate(self, name: AuthorityName) -> Path:
        """The authority's own certificate."""
        return self.path / f"{name}.pem"

    def key(self, name: AuthorityName) -> Path:
        """The authority's private key."""
        return self.path / f"{name}.key"

    def crl(self, name: AuthorityName) -> Path:
        """The list that this authority signs."""
        return self.path / "crl" / f"{name}.crl"

    @property
    def issued(self) -> Path:
        """Folder of every certificate signed here."""
        return self.path / "issued"

    @property
    def revoked(self) -> Path:
        """The record of revocations."""
        return self.path / "revoked.json"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder's writer lock: one process at a time changes records and lists."""
        try:
            descriptor = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            said = f"{self.path}: cannot be written: {error.strerror}"
            raise PkiError(said, fix="make it writable, or sign its lists where it is") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

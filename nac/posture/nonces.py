"""Nonces: each is given to one certificate, counts once, and not for long. Bounded; a restart forgets them all."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final, Literal

from nac.posture.report import encode

LIFETIME: Final = 900
"""Seconds: three times the usual distance of reports."""

PER_CERTIFICATE: Final = 2
"""Live nonces: one from the last answer, and one that was asked for meanwhile."""

MAX_CERTIFICATES: Final = 200_000
"""Certificates with a live nonce, some 400 octets each; beyond it the one that has waited longest asks again."""


@dataclass(frozen=True, slots=True)
class Nonce:
    """`text`: 16 octets, base64url; `expires_at`: Unix seconds."""

    text: str
    expires_at: int


@dataclass(slots=True)
class _Given:
    live: tuple[Nonce, ...] = ()
    used: str = ""


class Nonces:
    """All live nonces by the certificate's fingerprint. May be used from several threads."""

    def __init__(self) -> None:
        self._given: OrderedDict[str, _Given] = OrderedDict()
        self._lock = threading.Lock()

    def give(self, fingerprint: str, *, now: int) -> Nonce:
        """A new one; the oldest beyond `PER_CERTIFICATE` dies."""
        nonce = Nonce(encode(secrets.token_bytes(16)), now + LIFETIME)
        with self._lock:
            given = self._given.setdefault(fingerprint, _Given())
            self._given.move_to_end(fingerprint)
            given.live = (*given.live, nonce)[-PER_CERTIFICATE:]
            while len(self._given) > MAX_CERTIFICATES:
                self._given.popitem(last=False)
        return nonce

    def take(self, fingerprint: str, text: str, *, now: int) -> Literal["live", "used", "unknown"]:
        """What it is; a live one is used from then on."""
        with self._lock:
            given = self._given.get(fingerprint)
            if given is None:
                return "unknown"
            if text == given.used:
                return "used"
            if all(nonce.text != text or nonce.expires_at <= now for nonce in given.live):
                return "unknown"
            given.live = tuple(nonce for nonce in given.live if nonce.text != text)
            given.used = text
            return "live"

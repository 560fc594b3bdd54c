"""Shared secrets (RFC 2865 3): made here, shown once, never printed by accident."""

from __future__ import annotations

import secrets
from typing import Final

from nac.errors import NacError

RECOMMENDED_OCTETS: Final = 16
"""RFC 2865 3: "at least 16 octets"."""

LONGEST_OCTETS: Final = 128
"""Enough for every NAS known, and a bound for what a file can hand us."""

_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""No character that looks like another or means something to a switch's command line."""

_GENERATED_LENGTH: Final = 32
"""32 of 31 characters: 158 bits."""


class SharedSecretError(NacError):
    """Octets cannot serve as a shared secret."""

    exit_code = 2


class SharedSecret:
    """A shared secret. `reveal` is the only way to its octets; `repr` and `str` show none of them."""

    __slots__ = ("_octets",)

    def __init__(self, octets: bytes) -> None:
        """Raises `SharedSecretError` for an empty or a very long secret."""
        if not 1 <= len(octets) <= LONGEST_OCTETS:
            raise SharedSecretError(f"a shared secret has 1 to {LONGEST_OCTETS} octets, this one {len(octets)}")
        self._octets = octets

    @classmethod
    def generate(cls) -> SharedSecret:
        """A new random secret of 32 printable characters."""
        return cls("".join(secrets.choice(_ALPHABET) for _ in range(_GENERATED_LENGTH)).encode())

    def reveal(self) -> bytes:
        """The octets themselves."""
        return self._octets

    @property
    def octets(self) -> int:
        """How long it is."""
        return len(self._octets)

    @property
    def weak(self) -> bool:
        """True below the 16 octets that RFC 2865 asks for."""
        return self.octets < RECOMMENDED_OCTETS

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SharedSecret) and secrets.compare_digest(self._octets, other._octets)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"SharedSecret({self.octets} octets)"

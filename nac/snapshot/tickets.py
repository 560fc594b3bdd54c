"""Session-ticket keys: two are live, so that a rotation drops nobody's resumption (RFC 9190 5.7)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from nac._dataplane import TicketKey
from nac.config import Duration

_NAME_OCTETS = 16
_KEY_OCTETS = 32


@dataclass(frozen=True)
class TicketKeys:
    """The key that issues, then the one before it. `made_at`: Unix seconds of the first.

    They live as long as the process: after a restart every device does one full handshake.
    """

    live: tuple[TicketKey, ...]
    made_at: float

    @classmethod
    def fresh(cls, now: float) -> TicketKeys:
        """One new key."""
        return cls((_new_key(),), now)

    def rotated(self, now: float, every: Duration) -> TicketKeys:
        """Itself, or with a new key in front when the first is `every` old."""
        if now - self.made_at < every.seconds:
            return self
        return TicketKeys((_new_key(), self.live[0]), now)


def _new_key() -> TicketKey:
    return TicketKey(name=secrets.token_bytes(_NAME_OCTETS), key=secrets.token_bytes(_KEY_OCTETS))

"""Why a report is not taken: the word that an agent acts on, and what people are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

Word = Literal[
    "malformed",
    "oversize",
    "bad_signature",
    "foreign_key",
    "unknown_device",
    "wrong_audience",
    "replayed",
    "too_old",
    "from_the_future",
    "stale_nonce",
    "clone_suspected",
    "rate_limited",
    "revoked",
    "untrusted",
    "unavailable",
]

HTTP_STATUS: Final[dict[Word, int]] = {
    "malformed": 400,
    "oversize": 413,
    "bad_signature": 403,
    "foreign_key": 403,
    "unknown_device": 403,
    "wrong_audience": 400,
    "replayed": 409,
    "too_old": 400,
    "from_the_future": 400,
    "stale_nonce": 409,
    "clone_suspected": 403,
    "rate_limited": 429,
    "revoked": 403,
    "untrusted": 403,
    "unavailable": 503,
}
"""RFC 9110 section 15."""

FIXES: Final[Mapping[str, str]] = {
    "malformed": "update the agent: it and the server speak different versions",
    "oversize": "update the agent: a report has at most 65,536 octets",
    "bad_signature": "check that the agent's key belongs to its certificate",
    "foreign_key": "let the agent sign with the key of the certificate that it connects with",
    "unknown_device": "put the device on record: `nac device add NAME`",
    "wrong_audience": "let the agent report to the server that it is made for",
    "replayed": "nothing, when the agent sends its next report; else see `nac posture findings`",
    "too_old": "set the device's clock",
    "from_the_future": "set the device's clock",
    "stale_nonce": "send it again with the nonce of this answer",
    "clone_suspected": "ask the administrator: this identity is used by more than one machine",
    "rate_limited": "wait a minute",
    "revoked": "the device needs a new certificate",
    "untrusted": "the device needs a certificate of an authority that this server trusts",
    "unavailable": "wait a minute: the server cannot store reports now",
}


class RefusedError(Exception):
    """A report that is not taken. `word` is stable; `detail` says what was wrong, without secrets."""

    def __init__(self, word: Word, detail: str) -> None:
        super().__init__(f"{word}: {detail}")
        self.word = word
        self.detail = detail

    @property
    def fix(self) -> str:
        """What to do."""
        return FIXES[self.word]

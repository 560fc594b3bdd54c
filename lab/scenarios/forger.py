"""Somebody with a device's own key who writes its reports by hand, in the device's namespace."""

from __future__ import annotations

import base64
import copy
import json
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lab.campus import namespace
from lab.scenarios.record import ScenarioError
from nac.agent.answer import RefusedError, Verdict
from nac.agent.client import PostureClient
from nac.agent.config import load_agent_config
from nac.agent.jws import base64url, signed_token
from nac.agent.signer import load_identity

if TYPE_CHECKING:
    from lab.scenarios.workstation import Workstation


@dataclass
class Forger:
    """`counter`: of the last report that was written."""

    device: Workstation
    counter: int = 0

    def __post_init__(self) -> None:
        self._config = load_agent_config(self.device.home.settings)
        self.looks()

    def looks(self) -> None:
        """Lets the agent look at the device; what it would report now is what the next tokens are made of."""
        self._claims = json.loads(self.device.home.says(self.device.host.place, "report", "--print"))

    def token(self, *, subject: str = "", age_s: int = 0, audience: str = "") -> bytes:
        """A report of what its agent found, signed; what is named is not as the agent would write it."""
        claims: dict[str, Any] = copy.deepcopy(self._claims)
        self.counter += 1
        claims["eat_nonce"] = namespace.inside(self.device.host.place, PostureClient(self._config).nonce).nonce
        claims["jti"] = base64url(os.urandom(16))
        claims["iat"] = int(time.time()) - age_s
        claims["nac"]["counter"] = self.counter
        claims["sub"] = subject or claims["sub"]
        claims["aud"] = audience or claims["aud"]
        return signed_token(claims, load_identity(self._config))

    def altered(self, token: bytes) -> bytes:
        """The same report with every finding turned into a pass."""
        head, claims, signature = token.split(b".")
        said = json.loads(_decoded(claims))
        for check in said["nac"]["checks"]:
            check["result"] = "pass"
        return b".".join((head, base64url(json.dumps(said).encode()).encode(), signature))

    def is_taken(self, token: bytes) -> Verdict:
        """The server must take the report."""
        begun = time.monotonic()
        verdict = self._sent(token)
        self.device.campus.tell(f"a report of {self.device.name} is taken: {verdict.status}", begun)
        return verdict

    def is_refused(self, token: bytes, word: str) -> None:
        """The server must refuse it with this word."""
        begun = time.monotonic()
        try:
            self._sent(token)
        except RefusedError as error:
            if error.refusal.error != word:
                raise ScenarioError(f"refused as {error.refusal.error}, not as {word}") from error
            self.device.campus.tell(f"a report of {self.device.name} is refused: {word}", begun)
            return
        raise ScenarioError(f"a report was taken that is {word}")

    def _sent(self, token: bytes) -> Verdict:
        return namespace.inside(self.device.host.place, lambda: PostureClient(self._config).report(token))


def _decoded(part: bytes) -> bytes:
    return base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))

"""The agent's side of the conversation: what is asked of the server, and what its answers mean."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from nac.agent.answer import Nonce, Refusal, RefusedError, UnreachableError, Verdict
from nac.agent.config import AgentConfig
from nac.agent.wire import wire_of

_Answer = TypeVar("_Answer", Nonce, Verdict)


class PostureClient:
    """One exchange after the other, each on a connection of its own."""

    def __init__(self, config: AgentConfig) -> None:
        """Raises `PkiError` when the certificates or the key cannot be used."""
        self._url = config.server.url
        self._wire = wire_of(config)

    def nonce(self) -> Nonce:
        """A fresh nonce. Raises `UnreachableError`, `RefusedError`."""
        return self._exchange("GET", "/v1/nonce", None, Nonce)

    def report(self, token: bytes) -> Verdict:
        """Hand in a report. Raises `UnreachableError`, `RefusedError`."""
        return self._exchange("POST", "/v1/report", token, Verdict)

    def status(self) -> Verdict:
        """What the server last said of this device. Raises `UnreachableError`, `RefusedError`."""
        return self._exchange("GET", "/v1/status", None, Verdict)

    def _exchange(self, method: str, path: str, body: bytes | None, kind: type[_Answer]) -> _Answer:
        response = self._wire.exchange(method, path, body)
        try:
            if response.status == 200:
                return msgspec.json.decode(response.body, type=kind)
            if response.status >= 400:
                raise RefusedError(msgspec.json.decode(response.body, type=Refusal))
        except msgspec.DecodeError:
            pass
        raise UnreachableError(
            f"{self._url}: answered with {response.status} and nothing that is understood here",
            fix="look whether server.url is the posture listener, and at the server's log",
        )

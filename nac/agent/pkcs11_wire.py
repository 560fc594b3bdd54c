"""The same exchange with a key from a token: by the system's `curl`, which takes the key's PKCS#11 URI."""

from __future__ import annotations

import os
from typing import Final

from nac.agent.config import AgentConfig
from nac.agent.finding import tame
from nac.agent.pkcs11 import PATIENCE_S, Pkcs11Key
from nac.agent.program import Answer
from nac.agent.wire import LONGEST_ANSWER, REPORT_TYPE, Response, unreachable
from nac.errors import NacError, PkiError

FIXED: Final = (
    # No settings of a user, no proxy, no other protocol than was asked for.
    *("--disable", "--noproxy", "*", "--proto", "=https", "--http1.1", "--tlsv1.3"),
    # Without this the authorities of the system count beside `server.ca`.
    *("--capath", os.devnull),
    *("--silent", "--show-error", "--max-time", f"{PATIENCE_S - 5:.0f}"),
    *("--write-out", "\n%{http_code}"),
)
_BAD_CERTIFICATE, _BAD_AUTHORITIES = 58, 77
"""Exit codes of curl(1)."""


class Pkcs11Wire:
    """One process of curl for each exchange."""

    def __init__(self, config: AgentConfig) -> None:
        self._config = config
        self._key = Pkcs11Key.of(config.pkcs11)

    def exchange(self, method: str, path: str, body: bytes | None) -> Response:
        """As `Wire`; raises also `PkiError`, when certificate, key or authorities cannot be used."""
        server = self._config.server
        name, port = _bracketed(server.name or server.host), server.port
        where = (f"https://{name}:{port}{path}", "--connect-to", f"{name}:{port}:{_bracketed(server.host)}:{port}")
        certificate = str(self._config.device.certificate).replace("\\", "\\\\").replace(":", "\\:")
        ours = ("--cacert", str(server.ca), "--cert", certificate)
        sent = ("--data-binary", "@-", "--header", f"Content-Type: {REPORT_TYPE}", "--header", "Expect:")
        with self._key.unlocked() as unlocked:
            answer = unlocked.run(
                "curl",
                *(*FIXED, "--request", method, *ours, "--key", unlocked.uri, *(sent if body else ()), *where),
                told=body or b"",
                longest=LONGEST_ANSWER,
            )
        if len(answer.said) > LONGEST_ANSWER:
            raise unreachable(server, f"answered with more than {LONGEST_ANSWER} octets")
        if answer.code != 0:
            raise self._error(answer)
        said, _, status = answer.said.rpartition(b"\n")
        return Response(int(status), said)

    def _error(self, answer: Answer) -> NacError:
        lines = answer.complaint.decode("utf-8", "replace").split("\n")
        why = tame(next((line for line in lines if line.startswith("curl: ")), f"curl ended with {answer.code}"))
        if answer.code == _BAD_AUTHORITIES:
            return PkiError(f"{self._config.server.ca}: {why}", fix="name the server's CA")
        if answer.code == _BAD_CERTIFICATE:
            return PkiError(
                f"{self._config.device.certificate}, {self._key.uri}: {why}",
                fix="name the device's certificate and the key that belongs to it",
            )
        return unreachable(self._config.server, why)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host

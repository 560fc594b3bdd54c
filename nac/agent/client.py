"""The agent's side of the conversation: HTTPS with TLS 1.3, both sides with certificates.

Python's own `ssl` and `http.client`: a client library of its own would take a third of the memory the agent may have.
"""

from __future__ import annotations

import socket
import ssl
from http.client import HTTPException, HTTPSConnection
from typing import Final, TypeVar

import msgspec

from nac.agent.answer import Nonce, Refusal, RefusedError, UnreachableError, Verdict
from nac.agent.config import AgentConfig, ServerSettings
from nac.agent.signer import read_passphrase
from nac.errors import PkiError

PATIENCE_S: Final = 10.0
"""How long one step of an exchange may take."""

LONGEST_ANSWER: Final = 256 * 1024
LONGEST_REPORT: Final = 64 * 1024
REPORT_TYPE: Final = "application/eat+jwt"

_Answer = TypeVar("_Answer", Nonce, Verdict)


class PostureClient:
    """One exchange after the other, each on a connection of its own."""

    def __init__(self, config: AgentConfig) -> None:
        """Raises `PkiError` when the certificates or the key cannot be used."""
        self._server = config.server
        self._context = _tls(config)

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
        connection = _Connection(self._server, self._context)
        try:
            connection.request(method, path, body, {"Content-Type": REPORT_TYPE} if body else {})
            response = connection.getresponse()
            said = response.read(LONGEST_ANSWER)
        except (OSError, HTTPException, ValueError) as error:
            raise UnreachableError(
                f"{self._server.url}: {error or type(error).__name__}",
                fix="look at the network, at server.url and server.ca, and at the device's certificate",
            ) from None
        finally:
            connection.close()
        return self._understood(response.status, said, kind)

    def _understood(self, status: int, said: bytes, kind: type[_Answer]) -> _Answer:
        try:
            if status == 200:
                return msgspec.json.decode(said, type=kind)
            if status >= 400:
                raise RefusedError(msgspec.json.decode(said, type=Refusal))
        except msgspec.DecodeError:
            pass
        raise UnreachableError(
            f"{self._server.url}: answered with {status} and nothing that is understood here",
            fix="look whether server.url is the posture listener, and at the server's log",
        )


class _Connection(HTTPSConnection):
    """Connects to the host of the URL and asks for the certificate's name, which may be another."""

    def __init__(self, server: ServerSettings, context: ssl.SSLContext) -> None:
        super().__init__(server.host, server.port, timeout=PATIENCE_S)
        self._tls = context
        self._certificate_name = server.name or server.host

    def connect(self) -> None:
        plain = socket.create_connection((self.host, self.port), PATIENCE_S)
        try:
            self.sock = self._tls.wrap_socket(plain, server_hostname=self._certificate_name)
        except BaseException:
            plain.close()
            raise


def _tls(config: AgentConfig) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    passphrase = read_passphrase(config.device)
    try:
        context.load_verify_locations(config.server.ca)
    except (OSError, ssl.SSLError) as error:
        raise PkiError(f"{config.server.ca}: {error.strerror or 'not PEM'}", fix="name the server's CA") from None
    try:
        context.load_cert_chain(config.device.certificate, config.device.key, passphrase or _no_passphrase)
    except (OSError, ssl.SSLError) as error:
        raise PkiError(
            f"{config.device.certificate}, {config.device.key}: {error.strerror or error}",
            fix="name the device's certificate and the key that belongs to it",
        ) from None
    return context


def _no_passphrase() -> bytes:
    """Instead of OpenSSL's question on the terminal."""
    return b""

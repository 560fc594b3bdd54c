"""One exchange of HTTPS with the server: TLS 1.3, the server's certificate of `server.ca`, the device's own from us.

Python's own `ssl` and `http.client`: a client library of its own would take a third of the memory the agent may have.
"""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from http.client import HTTPException, HTTPSConnection
from typing import Final, Protocol

from nac.agent.answer import UnreachableError
from nac.agent.config import AgentConfig, ServerSettings
from nac.agent.signer import read_passphrase
from nac.errors import PkiError

PATIENCE_S: Final = 10.0
"""How long one step of an exchange may take."""

LONGEST_ANSWER: Final = 256 * 1024
REPORT_TYPE: Final = "application/eat+jwt"


@dataclass(frozen=True)
class Response:
    """The status of HTTP, and at most `LONGEST_ANSWER` octets of the body."""

    status: int
    body: bytes


class Wire(Protocol):
    """A connection for each exchange, wherever the device's key is kept."""

    def exchange(self, method: str, path: str, body: bytes | None) -> Response:
        """Raises `UnreachableError`, whatever of network, names, certificates and HTTP was not as it must be."""
        ...


def wire_of(config: AgentConfig) -> Wire:
    """By the key's place. Raises `PkiError` when the certificates or the key cannot be used."""
    if config.pkcs11.uri is None:
        return FileWire(config)
    from nac.agent.pkcs11_wire import Pkcs11Wire

    return Pkcs11Wire(config)


def unreachable(server: ServerSettings, why: object) -> UnreachableError:
    """The error of an exchange that did not come about."""
    return UnreachableError(
        f"{server.url}: {why}",
        fix="look at the network, at server.url and server.ca, and at the device's certificate",
    )


class FileWire:
    """With a key from a file."""

    def __init__(self, config: AgentConfig) -> None:
        self._server = config.server
        self._context = _tls(config)

    def exchange(self, method: str, path: str, body: bytes | None) -> Response:
        connection = _Connection(self._server, self._context)
        try:
            connection.request(method, path, body, {"Content-Type": REPORT_TYPE} if body else {})
            response = connection.getresponse()
            return Response(response.status, response.read(LONGEST_ANSWER))
        except (OSError, HTTPException, ValueError) as error:
            raise unreachable(self._server, error or type(error).__name__) from None
        finally:
            connection.close()


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

"""Certificates, and a posture server that speaks the protocol without any code of the agent's."""

from __future__ import annotations

import base64
import hashlib
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

Key = Any
KEYS: dict[str, Callable[[], Key]] = {
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ES384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
    "PS256": lambda: rsa.generate_private_key(65537, 2048),
}


@dataclass(frozen=True)
class Issuer:
    certificate: x509.Certificate
    key: Key

    def issue(self, name: str, key: Key, *, address: str = "") -> x509.Certificate:
        return self.certify(name, key.public_key(), address=address)

    def certify(self, name: str, public: Key, *, address: str = "") -> x509.Certificate:
        """For a key of which only the public half is here."""
        names: list[x509.GeneralName] = [x509.DNSName(name)]
        names += [x509.IPAddress(ip_address(address))] if address else []
        return _certificate(name, public, self.certificate.subject, self.key, names)


def make_issuer(name: str = "Test root") -> Issuer:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return Issuer(_certificate(name, key.public_key(), subject, key, None), key)


def _certificate(
    name: str, public: Key, issuer: x509.Name, key: Key, names: list[x509.GeneralName] | None
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=names is None, path_length=None), critical=True)
    )
    if names is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(key, SHA256())


def write_pair(folder: Path, name: str, certificate: x509.Certificate, key: Key, *, passphrase: bytes = b"") -> None:
    """`NAME.pem` and `NAME.key`, the key readable by its owner only."""
    (folder / f"{name}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    hidden = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    (folder / f"{name}.key").touch(mode=0o600)
    (folder / f"{name}.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, hidden))


@dataclass(frozen=True)
class Received:
    """A report whose signature held for the certificate of the connection."""

    header: dict[str, Any]
    claims: dict[str, Any]
    at: float


@dataclass
class PostureServer:
    """Keeps what it got. `answers` are given to reports first, (HTTP status, JSON); then every report is healthy.

    `standing` is what it says when it is asked for the status.
    """

    url: str = ""
    reports: list[Received] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    answers: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    standing: dict[str, Any] | None = None
    next_report_s: float = 300.0
    arrived: threading.Condition = field(default_factory=threading.Condition)
    nonces: int = 0

    def fresh_nonce(self) -> str:
        self.nonces += 1
        return base64.urlsafe_b64encode(self.nonces.to_bytes(16, "big")).rstrip(b"=").decode()

    def wait_for(self, what: Callable[[Received], bool], timeout_s: float = 60.0) -> Received:
        """The first report for which `what` holds, once it is there."""
        with self.arrived:
            found = self.arrived.wait_for(lambda: next(filter(what, self.reports), None), timeout_s)
        assert found, f"no such report among {len(self.reports)}"
        return found


@contextmanager
def serving(
    folder: Path, issuer: Issuer, *, name: str = "radius.corp.example", port: int = 0
) -> Iterator[PostureServer]:
    """A server on 127.0.0.1, on a free port if none is named, with a certificate for `name` and that address."""
    key = KEYS["ES256"]()
    write_pair(folder, "server", issuer.issue(name, key, address="127.0.0.1"), key)
    (folder / "ca.pem").write_bytes(issuer.certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    context.load_verify_locations(folder / "ca.pem")
    server = PostureServer()
    http = _Server(("127.0.0.1", port), _handler(server), context)
    server.url = f"https://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler], tls: ssl.SSLContext) -> None:
        super().__init__(address, handler)
        self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no event here."""


def _handler(server: PostureServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            server.paths.append(self.path)
            if self.path == "/v1/nonce":
                now = time.time()
                self.say(200, {"nonce": server.fresh_nonce(), "expires_at": now + 60, "server_time": now})
            else:
                self.say(200, server.standing or healthy(server))

        def do_POST(self) -> None:
            server.paths.append(self.path)
            assert self.headers["Content-Type"] == "application/eat+jwt"
            token = self.rfile.read(int(self.headers["Content-Length"]))
            assert len(token) <= 65536
            connection: ssl.SSLSocket = self.connection  # type: ignore[assignment]
            header, claims = verified(token, connection.getpeercert(binary_form=True) or b"")
            with server.arrived:
                server.reports.append(Received(header, claims, time.monotonic()))
                status, answer = server.answers.pop(0) if server.answers else (200, healthy(server))
                server.arrived.notify_all()
            self.say(status, answer)

        def say(self, status: int, answer: dict[str, Any]) -> None:
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    return Handler


def healthy(server: PostureServer, **changes: Any) -> dict[str, Any]:
    now = time.time()
    return {
        "status": "healthy",
        "score": 100,
        "failed": [],
        "passed": ["firewall"],
        "expires_at": now + 900,
        "next_report_s": server.next_report_s,
        "nonce": server.fresh_nonce(),
        "nonce_expires_at": now + 60,
        **changes,
    }


def verified(token: bytes, certificate: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a JWS that the certificate's key signed (RFC 7515 section 5.2). Raises otherwise."""
    head, body, signature = token.split(b".")
    header = json.loads(_octets(head))
    assert _octets(header["x5t#S256"].encode()) == hashlib.sha256(certificate).digest()
    key: Any = x509.load_der_x509_certificate(certificate).public_key()
    signed, raw = head + b"." + body, _octets(signature)
    if header["alg"] in ("ES256", "ES384"):
        half = {"ES256": 32, "ES384": 48}[header["alg"]]
        assert len(raw) == 2 * half
        der = encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))
        key.verify(der, signed, ec.ECDSA({32: SHA256(), 48: SHA384()}[half]))
    elif header["alg"] == "EdDSA":
        key.verify(raw, signed)
    else:
        key.verify(raw, signed, padding.PSS(padding.MGF1(SHA256()), 32), SHA256())
    return header, json.loads(_octets(body))


def _octets(text: bytes) -> bytes:
    assert b"=" not in text
    return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))

"""Devices that report their posture: keys, certificates, and reports as large as a real agent's."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import os
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from nac.posture.report import Signer

KEYS: Final = 64
"""A few keys for many names: a key is slow to make, and no report is faster for one of its own."""

_PATIENCE_S: Final = 30.0

Key = ec.EllipticCurvePrivateKey
Issue = Callable[[str, ec.EllipticCurvePublicKey], x509.Certificate]


@dataclass(frozen=True)
class Holder:
    """A device with its key and certificate."""

    key: Key
    signer: Signer

    @property
    def name(self) -> str:
        return self.signer.names[0]


def holders(names: Sequence[str], issue: Issue | None = None) -> list[Holder]:
    """Devices of these names, their certificates signed by `issue` or by themselves."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(min(len(names), KEYS))]
    return [_holder(keys[number % len(keys)], name, issue) for number, name in enumerate(names)]


def _holder(key: Key, name: str, issue: Issue | None) -> Holder:
    certificate = issue(name, key.public_key()) if issue else _signed_by_itself(key, name)
    der = certificate.public_bytes(Encoding.DER)
    return Holder(key, Signer(der, hashlib.sha256(der).hexdigest(), (name,)))


def _signed_by_itself(key: Key, name: str) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(start)
    return made.not_valid_after(start + timedelta(days=3650)).sign(key, hashes.SHA256())


def report(one: Holder, counter: int, now: int, nonce: str, *, failed: str = "") -> bytes:
    """A report with every check and some listeners; `failed`: a check that does not pass."""
    named = ("disk_encryption", "firewall", "automatic_updates", "secure_boot", "screen_lock", "agent_integrity")
    listed = ("rogue_notebook", "local_model_server", "unapproved_models", "plaintext_tokens", "forbidden_processes")
    said: list[dict[str, Any]] = [
        {"name": name, "result": "fail" if name == failed else "pass", "value": name != failed, "detail": ""}
        for name in named
    ]
    said += [{"name": name, "result": "pass", "value": [], "detail": ""} for name in listed]
    said.append({"name": "patch_age_days", "result": "pass", "value": counter % 40, "detail": ""})
    ports = [f"tcp/127.0.0.1:{port}" for port in range(8000, 8012)]
    said.append({"name": "listening_ports", "result": "pass", "value": ports, "detail": ""})
    claims = {
        "iss": "nac-agent/0.1", "sub": one.name, "aud": "nac-posture", "iat": now,
        "jti": _b64(os.urandom(16)), "eat_nonce": nonce, "ueid": _b64(b"\x01" + bytes(16)), "uptime": 60,
        "swname": "nac-agent", "swversion": "0.1",
        "nac": {"counter": counter, "boot_id": "b", "platform": "linux", "os": {"id": "debian"}, "checks": said},
    }  # fmt: skip
    thumbprint = _b64(hashlib.sha256(one.signer.certificate).digest())
    head = {"alg": "ES256", "typ": "eat+jwt", "x5t#S256": thumbprint}
    signed = f"{_b64(json.dumps(head).encode())}.{_b64(json.dumps(claims).encode())}".encode()
    r, s = decode_dss_signature(one.key.sign(signed, ec.ECDSA(hashes.SHA256())))
    return signed + b"." + _b64(r.to_bytes(32, "big") + s.to_bytes(32, "big")).encode()


def _b64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


@dataclass(frozen=True)
class Desk:
    """Where reports go. `issuer`: the certificate behind a device's own, PEM; `ca`: vouches for the server's; `folder`:
    for files that OpenSSL reads."""

    address: tuple[str, int]
    server_name: str
    issuer: bytes
    ca: Path
    folder: Path


@dataclass
class Agent:
    """Reports over TLS as an agent does: a connection for each report, the nonce from the answer before."""

    holder: Holder
    desk: Desk
    counter: int = 0
    nonce: str = ""

    def report(self, *, failed: str = "") -> tuple[int, int]:
        """Report once; when the report was sent over the open connection, and when it was answered, Unix microseconds.
        Raises `RuntimeError` when it is refused."""
        connection = self._connection()
        try:
            if not self.nonce:
                self.nonce = self._ask(connection, "GET", "/v1/nonce", None)["nonce"]
            self.counter += 1
            body = report(self.holder, self.counter, int(time.time()), self.nonce, failed=failed)
            sent = time.time_ns() // 1000
            self.nonce = self._ask(connection, "POST", "/v1/report", body)["nonce"]
            return sent, time.time_ns() // 1000
        finally:
            connection.close()

    def _ask(self, connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None) -> Any:
        headers = {"Content-Type": "application/eat+jwt"} if body else {}
        connection.request(method, path, body=body, headers=headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
        if response.status != 200:
            raise RuntimeError(f"{self.holder.name}: {response.status} {answer}")
        return answer

    def _connection(self) -> http.client.HTTPConnection:
        context = ssl.create_default_context(cafile=str(self.desk.ca))
        context.load_cert_chain(self._file())
        connection = http.client.HTTPConnection(self.desk.server_name)
        plain = socket.create_connection(self.desk.address, timeout=_PATIENCE_S)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sock = context.wrap_socket(plain, server_hostname=self.desk.server_name)
        return connection

    def _file(self) -> Path:
        path = self.desk.folder / f"{self.holder.name}.pem"
        if not path.exists():
            leaf = x509.load_der_x509_certificate(self.holder.signer.certificate).public_bytes(Encoding.PEM)
            key = self.holder.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            path.write_bytes(leaf + self.desk.issuer + key)
        return path

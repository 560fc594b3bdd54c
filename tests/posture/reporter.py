"""A reporter of its own: makes and sends reports as the protocol says, with nothing of nac's code."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import os
import socket
import ssl
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

HEALTHY: dict[str, tuple[str, Any]] = {
    "disk_encryption": ("pass", True),
    "firewall": ("pass", True),
    "os_supported": ("pass", "debian 12"),
    "patch_age_days": ("pass", 3),
    "automatic_updates": ("pass", True),
    "rogue_notebook": ("pass", []),
}


def b64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def checks(**others: tuple[str, Any]) -> list[dict[str, Any]]:
    """A healthy device's checks, some of them replaced."""
    said = HEALTHY | others
    return [{"name": name, "result": result, "value": value, "detail": ""} for name, (result, value) in said.items()]


def sign(key: Any, data: bytes, alg: str) -> bytes:
    """RFC 7518 section 3."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(data)
    if isinstance(key, rsa.RSAPrivateKey):
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
        return key.sign(data, pss if alg == "PS256" else padding.PKCS1v15(), hashes.SHA256())
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    octets, digest = (48, hashes.SHA384()) if alg == "ES384" else (32, hashes.SHA256())
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(digest)))
    return r.to_bytes(octets, "big") + s.to_bytes(octets, "big")


def jws(key: Any, certificate: bytes, claims: Any, *, alg: str = "ES256", **header: Any) -> bytes:
    """RFC 7515 section 7.1. `claims`: bytes, or what becomes JSON."""
    thumbprint = b64(hashlib.sha256(certificate).digest())
    head = {"alg": alg, "typ": "eat+jwt", "x5t#S256": thumbprint} | header
    payload = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    signed = f"{b64(json.dumps(head).encode())}.{b64(payload)}".encode()
    return signed + b"." + b64(sign(key, signed, alg)).encode()


def claims(
    name: str, nonce: str, *, counter: int = 1, boot: str = "boot-1", now: int = 0, **others: Any
) -> dict[str, Any]:
    """What a healthy device says; `others` replaces claims, and `said` parts of the claim `nac`."""
    said = {
        "counter": counter,
        "boot_id": boot,
        "platform": "linux",
        "os": {"id": "debian", "version": "12", "kernel": "6.1.0-25-amd64"},
        "checks": checks(),
        "listeners": [],
        "agent": {"digest": "00"},
    } | others.pop("said", {})
    return {
        "iss": "nac-agent/0.1",
        "sub": name,
        "aud": "nac-posture",
        "iat": int(time.time()),
        "jti": b64(os.urandom(16)),
        "eat_nonce": nonce,
        "ueid": b64(b"\x01" + b"m" * 16),
        "uptime": 60,
        "swname": "nac-agent",
        "swversion": "0.1",
        "nac": said,
    } | others


@dataclass
class Reporter:
    """A device that reports over TLS. `chain`, `key`, `ca`: files in PEM; `device`: the name in its certificate."""

    address: tuple[str, int]
    device: str
    chain: Path
    key: Path
    ca: Path
    server_name: str
    boot: str = "boot-1"
    counter: int = 0
    nonce: str = ""
    last: bytes = field(default=b"", repr=False)

    @property
    def private_key(self) -> Any:
        return serialization.load_pem_private_key(self.key.read_bytes(), None)

    @property
    def certificate(self) -> bytes:
        return x509.load_pem_x509_certificate(self.chain.read_bytes()).public_bytes(serialization.Encoding.DER)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, Any]:
        """One request over a connection of its own; JSON comes back read."""
        context = ssl.create_default_context(cafile=str(self.ca))
        context.load_cert_chain(self.chain, self.key)
        return exchange(context, self.address, self.server_name, method, path, body, headers)

    def report(self, **said: Any) -> tuple[int, Any]:
        """Report, after asking for a nonce if none is left."""
        if not self.nonce:
            self.nonce = self.ask("GET", "/v1/nonce")[1]["nonce"]
        self.counter += 1
        others = {name: said.pop(name) for name in ("uptime", "iat", "aud") if name in said}
        told = claims(self.device, self.nonce, counter=self.counter, boot=self.boot, said=said, **others)
        self.last = jws(self.private_key, self.certificate, told)
        return self.send(self.last)

    def send(self, body: bytes) -> tuple[int, Any]:
        """Send octets as a report; the nonce of the answer is kept."""
        status, answer = self.ask("POST", "/v1/report", body, **{"Content-Type": "application/eat+jwt"})
        self.nonce = answer.get("nonce", "")
        return status, answer


def exchange(
    context: ssl.SSLContext,
    address: tuple[str, int],
    server_name: str,
    method: str,
    path: str,
    body: bytes | None,
    headers: dict[str, str],
) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(server_name)
    connection.sock = context.wrap_socket(socket.create_connection(address), server_hostname=server_name)
    try:
        connection.request(method, path, body=body, headers=headers)
        response = connection.getresponse()
        content = response.read()
    finally:
        connection.close()
    if response.headers["content-type"] == "application/json":
        return response.status, json.loads(content)
    return response.status, content.decode()

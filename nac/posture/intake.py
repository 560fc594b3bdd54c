"""The listener that agents and browsers reach: HTTPS, TLS 1.3, one certificate for one device.

    GET  /v1/nonce    a nonce for the next report
    POST /v1/report   a report (JWS); answered once it is judged, stored, and known to the data plane
    GET  /v1/status   the last verdict
    GET  /            the same for people (`nac.posture.remediation`)

One thread with an event loop of its own; what costs time is done elsewhere (`nac.posture.assessment`).
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID
from sqlalchemy import select
from uvicorn import Config as UvicornConfig
from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, Scope
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from nac import _dataplane
from nac.config.address import ListenAddress
from nac.db import Database
from nac.db.schema import PostureVerdict
from nac.errors import ConflictError, StorageError
from nac.posture import answer, remediation
from nac.posture.assessment import Assessment, Submission
from nac.posture.nonces import Nonces
from nac.posture.rate import Rate
from nac.posture.record import devices_of
from nac.posture.refusal import RefusedError
from nac.posture.report import MAX_OCTETS, Signer
from nac.posture.setting import IntakeSetting
from nac.posture.store import Standing, standing
from nac.posture.tls import peer_chain, server_context
from nac.posture.told import Refusal, Refusals
from nac.scheduling import let_me_interrupt

MAX_CONNECTIONS: Final = 4096
"""At once; a TLS connection takes some 60 KiB."""

HANDSHAKE_S: Final = 10.0
REQUEST_S: Final = 15.0
"""Seconds that a peer has for its handshake, for the head of its first request, and for a report."""

KEEP_ALIVE_S: Final = 30
"""Seconds that a connection stays open without a request."""

MAX_HEAD: Final = 16_384
"""Octets of a request without its body."""

BACKLOG: Final = 1024

_JSON: Final = b"application/json"
_HTML: Final = b"text/html; charset=utf-8"
_REPORT_TYPE: Final = b"application/eat+jwt"

_Reply = tuple[int, bytes, bytes]
"""HTTP status, media type, body."""


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end of a connection. `chain`: its certificates, DER, its own first; empty without one."""

    chain: tuple[bytes, ...]
    address: str


class Intake:
    """Listens from its construction until `close`."""

    def __init__(
        self,
        listen: Sequence[ListenAddress],
        setting: IntakeSetting,
        assessment: Assessment,
        nonces: Nonces,
        database: Database,
        refusals: Refusals,
    ) -> None:
        """Raises `ConflictError` when an address is taken, `PkiError` when the certificate is not usable."""
        self._trust = setting.trust
        self._assessment = assessment
        self._nonces = nonces
        self._database = database
        self._refusals = refusals
        self._rate = Rate()
        self._log = structlog.get_logger("nac.posture")
        context = server_context(setting.tls)
        self._sockets = _bind(listen)
        self._servers: list[asyncio.Server] = []
        self._state = ServerState()
        self._uvicorn = UvicornConfig(
            self._app,
            log_config=None,
            access_log=False,
            interface="asgi3",
            proxy_headers=False,
            lifespan="off",
            ws="none",
            server_header=False,
            limit_concurrency=MAX_CONNECTIONS,
            timeout_keep_alive=KEEP_ALIVE_S,
            h11_max_incomplete_event_size=MAX_HEAD,
        )
        self._uvicorn.load()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="nac-intake")
        self._thread.start()
        self._in_loop(self._listen(context))

    @property
    def addresses(self) -> list[str]:
        """The bound addresses, IPv6 in brackets."""
        return [_shown(one) for one in self._sockets]

    def reload(self, setting: IntakeSetting) -> None:
        """Go on with other certificates: new connections get them, those that stand are asked for theirs anew with
        the next request. Raises `PkiError`, and nothing changes."""
        context = server_context(setting.tls)
        self._trust = setting.trust
        self._in_loop(self._listen(context))

    def close(self) -> None:
        """Stop listening, let what is in work be answered, and end the thread."""
        self._in_loop(self._finish())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        for one in self._sockets:
            one.close()

    def _run(self) -> None:
        let_me_interrupt()
        self._loop.run_forever()

    def _in_loop(self, step: Any) -> None:
        done: Future[None] = asyncio.run_coroutine_threadsafe(step, self._loop)
        done.result()

    async def _listen(self, context: Any) -> None:
        earlier = self._servers
        self._servers = [
            await self._loop.create_server(
                lambda: _Connection(self._uvicorn, self._state, {}, self._loop),
                sock=one.dup(),
                ssl=context,
                ssl_handshake_timeout=HANDSHAKE_S,
                ssl_shutdown_timeout=1.0,
                backlog=BACKLOG,
            )
            for one in self._sockets
        ]
        for server in earlier:
            server.close()

    async def _finish(self) -> None:
        for server in self._servers:
            server.close()
        if self._state.tasks:
            await asyncio.wait(set(self._state.tasks), timeout=REQUEST_S)
        for connection in list(self._state.connections):
            connection.shutdown()

    # --- requests ---

    async def _app(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] != "http":
            return
        peer: Peer = scope["state"]["peer"]
        try:
            status, kind, body = await self._reply(scope, receive, peer)
        except RefusedError as refused:
            self._refusals.note(Refusal(refused, peer.address, _shown_by(peer.chain)))
            status, body = answer.refusal(refused)
            kind = _JSON
        except StorageError as error:
            self._log.error("posture.not_read", error=error.message)
            status, body = answer.refusal(RefusedError("unavailable", "the database cannot be read"))
            kind = _JSON
        headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
        headers += [(name.encode(), value.encode()) for name, value in remediation.SECURITY_HEADERS]
        await send({"type": "http.response.start", "status": status, "headers": headers, "trailers": False})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    async def _reply(self, scope: Any, receive: ASGIReceiveCallable, peer: Peer) -> _Reply:
        now = time.time()
        match scope["method"], scope["path"]:
            case "GET", "/":
                return 200, _HTML, await self._page(peer, int(now))
            case "GET", "/v1/nonce":
                signer = self._signer(peer, now)
                status, body = answer.challenge(self._nonces.give(signer.fingerprint, now=int(now)), now=int(now))
            case "GET", "/v1/status":
                status, body = await self._status(self._signer(peer, now), int(now))
            case "POST", "/v1/report":
                status, body = await self._report(scope, receive, self._signer(peer, now), peer.address)
            case _, "/" | "/v1/nonce" | "/v1/status" | "/v1/report":
                return 405, _JSON, b'{"error":"method_not_allowed"}'
            case _:
                return 404, _JSON, b'{"error":"not_found"}'
        return status, _JSON, body

    def _signer(self, peer: Peer, now: float) -> Signer:
        """Who asks, if it may ask now. Raises `RefusedError`: untrusted, revoked, rate_limited."""
        signer = self._identified(peer, int(now))
        if not self._rate.allows(signer.fingerprint, now=now):
            raise RefusedError("rate_limited", "this certificate asks too often")
        return signer

    def _identified(self, peer: Peer, now: int) -> Signer:
        if not peer.chain:
            raise RefusedError("untrusted", "the connection was made without a client certificate")
        try:
            certificate = self._trust.check(chain=peer.chain, now=now)
        except _dataplane.ChainError as error:
            word = str(error)
            raise RefusedError("revoked" if word == "revoked" else "untrusted", f"the certificate is {word}") from None
        names = certificate.dns or ([certificate.common_name] if certificate.common_name else [])
        return Signer(peer.chain[0], certificate.fingerprint, tuple(names))

    async def _report(
        self, scope: Any, receive: ASGIReceiveCallable, signer: Signer, address: str
    ) -> tuple[int, bytes]:
        kinds = [value.split(b";")[0].strip().lower() for name, value in scope["headers"] if name == b"content-type"]
        if kinds != [_REPORT_TYPE]:
            raise RefusedError("malformed", f"Content-Type is {_REPORT_TYPE.decode()}")
        body = await _body(receive)
        answered: asyncio.Future[tuple[int, bytes]] = self._loop.create_future()

        def done(status: int, body: bytes) -> None:
            self._loop.call_soon_threadsafe(_settle, answered, (status, body))

        self._assessment.submit(Submission(body, signer, address, done))
        return await answered

    async def _status(self, signer: Signer, now: int) -> tuple[int, bytes]:
        found = await self._loop.run_in_executor(None, self._standing, signer, now)
        nonce = self._nonces.give(signer.fingerprint, now=now)
        return answer.verdict(found, nonce) if found else answer.nothing_yet(nonce)

    async def _page(self, peer: Peer, now: int) -> bytes:
        try:
            signer = self._signer(peer, float(now))
            found = await self._loop.run_in_executor(None, self._standing, signer, now)
        except RefusedError as refused:
            return remediation.stranger(f"{refused.detail}.".capitalize())
        return remediation.page(found, now=now)

    def _standing(self, signer: Signer, now: int) -> Standing | None:
        """What is known of the signer's device. Raises `RefusedError` (unknown_device) when there is none."""
        with self._database.read() as session:
            device = devices_of(session, [signer]).get(signer.fingerprint)
            if device is None:
                raise RefusedError("unknown_device", "no device has this certificate")
            row = session.scalars(select(PostureVerdict).where(PostureVerdict.device_id == device.id)).one_or_none()
            return standing(device.name, row) if row is not None and row.expires_at > now else None


def _shown_by(chain: tuple[bytes, ...]) -> Signer | None:
    """Whose certificate it is, whether it counts or not: TLS takes none but those of our authorities."""
    return _shown_in(chain[0]) if chain else None


@lru_cache(maxsize=1024)
def _shown_in(certificate: bytes) -> Signer:
    read = x509.load_der_x509_certificate(certificate)
    try:
        names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        dns = names.get_values_for_type(x509.DNSName)
    except (x509.ExtensionNotFound, ValueError):
        dns = []
    common = [str(one.value) for one in read.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    return Signer(certificate, read.fingerprint(SHA256()).hex(), tuple(dns or common))


class _Connection(H11Protocol):
    """One connection, with its peer in the state of each request."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        chain = peer_chain(transport.get_extra_info("ssl_object"))
        self.app_state = {"peer": Peer(chain, self.client[0] if self.client else "")}
        self._deadline = self.loop.call_later(REQUEST_S, self._close_if_silent)

    def connection_lost(self, exc: Exception | None) -> None:
        self._deadline.cancel()
        super().connection_lost(exc)

    def _close_if_silent(self) -> None:
        """No whole head of a request came in time, however slowly it drips."""
        if self.cycle is None:
            self.transport.abort()


async def _body(receive: ASGIReceiveCallable) -> bytes:
    """Raises `RefusedError`: oversize, malformed when it does not come in time."""
    body = bytearray()
    try:
        async with asyncio.timeout(REQUEST_S):
            while True:
                event = await receive()
                if event["type"] != "http.request":
                    raise RefusedError("malformed", "the connection ended within the report")
                body += event["body"]
                if len(body) > MAX_OCTETS:
                    raise RefusedError("oversize", f"a report has at most {MAX_OCTETS:,} octets")
                if not event["more_body"]:
                    return bytes(body)
    except TimeoutError:
        raise RefusedError("malformed", f"the report did not come within {REQUEST_S:.0f} seconds") from None


def _settle(answered: asyncio.Future[tuple[int, bytes]], reply: tuple[int, bytes]) -> None:
    if not answered.done():
        answered.set_result(reply)


def _bind(listen: Sequence[ListenAddress]) -> list[socket.socket]:
    bound: list[socket.socket] = []
    try:
        for address in listen:
            family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
            # Named, for asyncio turns Nagle's algorithm off for TCP alone: else answers wait for an ACK of 40 ms.
            one = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
            bound.append(one)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            one.bind((address.host, address.port))
            one.setblocking(False)
    except OSError as error:
        for one in bound:
            one.close()
        raise ConflictError(
            f"cannot listen on {address} for posture: {error.strerror}",
            fix="stop what uses the port, or change [posture] listen",
        ) from error
    return bound


def _shown(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

"""The server's end of the control socket: a thread that hands each request to a function and sends back its answer."""

from __future__ import annotations

import contextlib
import socketserver
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec

from nac.control.message import ControlAnswer, ControlRequest, encode
from nac.errors import ControlError

Answer = Callable[[ControlRequest], ControlAnswer]

_REQUEST_OCTETS = 64 * 1024
_PATIENCE_S = 5.0


class ControlListener:
    """Listens until closed. `answer` is called on the listener's threads."""

    def __init__(self, path: Path, answer: Answer) -> None:
        self._path = path
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        try:
            self._server = _Server(str(path), _handler(answer))
        except OSError as error:
            raise ControlError(
                f"{path}: cannot listen here: {error.strerror or error}",
                fix="[server] state must be a writable folder whose path has fewer than about 90 characters",
            ) from error
        path.chmod(0o600)
        self._thread = threading.Thread(target=self._server.serve_forever, name="nac-control", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening and remove the socket."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


def _handler(answer: Answer) -> type[socketserver.StreamRequestHandler]:
    class Handler(socketserver.StreamRequestHandler):
        timeout = _PATIENCE_S

        def handle(self) -> None:
            line = self.rfile.readline(_REQUEST_OCTETS)
            try:
                request = msgspec.json.decode(line, type=ControlRequest)
            except msgspec.DecodeError as error:
                self.wfile.write(encode(ControlAnswer(ok=False, message=f"not understood: {error}")))
                return
            self.wfile.write(encode(answer(request)))

    return Handler

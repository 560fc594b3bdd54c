"""The control interface of hostapd and wpa_supplicant: a datagram asks, one answers; events come unasked (`ATTACH`)."""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import time
from pathlib import Path
from types import TracebackType
from typing import Final

from lab.campus.error import LabError

_LARGEST: Final = 8192
_PATIENCE_S: Final = 10.0
_PAUSE_S: Final = 0.01


class Control:
    """A connection to one interface of a running hostapd or wpa_supplicant. `fileno` is for selectors."""

    _numbers = itertools.count(1)

    def __init__(self, path: Path) -> None:
        """Wait until the program has made its socket at `path`. Raises `LabError` when it does not."""
        self._own = path.with_name(f"{path.name}.{os.getpid()}.{next(self._numbers)}")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self._own))
        self._events: list[str] = []
        self._connect(path)
        self.ask("ATTACH")

    def _connect(self, path: Path) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                self._socket.connect(str(path))
            except (FileNotFoundError, ConnectionRefusedError) as error:
                if time.monotonic() > deadline:
                    self.close()
                    raise LabError(f"nobody listens at {path}", fix=f"read the log in {path.parent.parent}") from error
                time.sleep(_PAUSE_S)
            else:
                return

    def __enter__(self) -> Control:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave; the program goes on."""
        self._socket.close()
        self._own.unlink(missing_ok=True)

    def fileno(self) -> int:
        return self._socket.fileno()

    def ask(self, command: str) -> str:
        """Send a command and return its answer; events that come in between are kept. Raises `LabError`."""
        deadline = time.monotonic() + _PATIENCE_S
        self._socket.send(command.encode())
        while True:
            said = self._receive(deadline)
            if said is None:
                raise LabError(f"no answer to {command} at {self._own}")
            if not said.startswith("<"):
                return said
            self._events.append(said)

    def event(self, timeout_s: float) -> str | None:
        """The next event, without its level; None when none comes in time."""
        said = self._events.pop(0) if self._events else self._receive(time.monotonic() + timeout_s)
        return said.partition(">")[2] if said is not None else None

    def _receive(self, deadline: float) -> str | None:
        self._socket.settimeout(max(0.001, deadline - time.monotonic()))
        with contextlib.suppress(TimeoutError):
            return self._socket.recv(_LARGEST).decode(errors="replace").strip()
        return None

    @property
    def has_events(self) -> bool:
        """True when events were kept while something was asked."""
        return bool(self._events)

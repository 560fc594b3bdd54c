"""Structured logs on standard error: one JSON object a line, or text for people.

Nobody waits for a log. A line goes into a bounded queue, and a thread of its own writes it; where the reader is stuck
or the disk is full, lines are lost and counted (`lines_lost`, in `nac status`).
"""

from __future__ import annotations

import atexit
import logging
import os
import queue
import sys
import threading
from typing import Final

import structlog

from nac.config.model import LogSettings

LINES: Final = 4096
"""Lines that wait for a slow reader: some MiB."""

_FINISH_S: Final = 2.0
"""How long the end of the process waits for a reader that is stuck."""


class LineWriter:
    """What structlog writes to. Used from any thread; never blocks, never raises."""

    def __init__(self, descriptor: int) -> None:
        self.lost = 0
        self._descriptor = descriptor
        self._lines: queue.Queue[bytes | None] = queue.Queue(LINES)
        self._thread = threading.Thread(target=self._run, name="nac-log", daemon=True)
        self._thread.start()

    def write(self, text: str) -> None:
        """Take a line, or count it as lost."""
        try:
            self._lines.put_nowait(text.encode(errors="backslashreplace"))
        except queue.Full:
            self.lost += 1

    def flush(self) -> None:
        """Nobody waits for this."""

    def finish(self) -> None:
        """Write what is left, unless the reader is stuck."""
        try:
            self._lines.put(None, timeout=_FINISH_S)
        except queue.Full:
            return
        self._thread.join(_FINISH_S)

    def _run(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                while line:
                    line = line[os.write(self._descriptor, line) :]
            except OSError:
                self.lost += 1


_writers: Final[list[LineWriter]] = []


def configure(settings: LogSettings) -> None:
    """Set level and form for the whole process."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if settings.format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    writer = LineWriter(sys.stderr.fileno())
    atexit.register(writer.finish)
    _writers.append(writer)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.dict_tracebacks,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[settings.level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(file=writer),  # type: ignore[arg-type]
        cache_logger_on_first_use=False,
    )


def lines_lost() -> int:
    """Lines that were not written, since the start."""
    return sum(writer.lost for writer in _writers)

"""Steps of which none may end the thread that takes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import structlog

from nac.errors import NacError


class Guard:
    """Takes steps by name, and logs what fails: once, for as long as it fails in the same way.

    Threads may share one if the names of their steps differ.
    """

    def __init__(self, log: structlog.stdlib.BoundLogger, *, prefix: str = "") -> None:
        """`prefix` goes before the names in the log."""
        self._log = log
        self._prefix = prefix
        self._failing: dict[str, str] = {}

    @property
    def failing(self) -> Mapping[str, str]:
        """What went wrong, by the names of the steps that failed when they were last taken."""
        return MappingProxyType(self._failing)

    def __call__(self, name: str, step: Callable[[], object]) -> bool:
        """Whether it was done. Raises nothing: a defect in one step must not keep the others from being taken."""
        try:
            step()
        except Exception as error:  # noqa: BLE001 - see above
            if self._failing.get(name) != str(error):
                self._tell(f"{self._prefix}{name}.failed", error)
            self._failing[name] = str(error)
            return False
        self._failing.pop(name, None)
        return True

    def _tell(self, event: str, error: Exception) -> None:
        """An error of ours says what to do; a defect shows where it is."""
        if isinstance(error, NacError):
            self._log.error(event, error=error.message, fix=error.fix)
        else:
            self._log.exception(event)

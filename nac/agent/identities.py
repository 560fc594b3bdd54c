"""The device's identity, read anew for each report; but a PIN that the token refused is not tried a second time."""

from __future__ import annotations

from pathlib import Path

from nac.agent.config import AgentConfig
from nac.agent.signer import DeviceIdentity, PinRefusedError, load_identity

Stamp = tuple[int, int, int]


class Identities:
    """A token locks itself after some wrong PINs, and the agent tries again for ever: so it waits for a new file."""

    def __init__(self, config: AgentConfig) -> None:
        self._config = config
        self._refused: tuple[Stamp | None, PinRefusedError] | None = None

    def load(self) -> DeviceIdentity:
        """As `load_identity`; the same `PinRefusedError` until the file with the PIN changes."""
        stamp = _stamp(self._config.pkcs11.pin)
        if self._refused is not None and self._refused[0] == stamp:
            raise self._refused[1].with_traceback(None)
        try:
            return load_identity(self._config)
        except PinRefusedError as error:
            self._refused = (stamp, error)
            raise


def _stamp(path: Path | None) -> Stamp | None:
    """What changes when a file is written or replaced; None when it cannot be seen."""
    try:
        status = path.stat() if path is not None else None
    except OSError:
        return None
    return (status.st_ino, status.st_size, status.st_mtime_ns) if status is not None else None

"""Secrets at rest: sealed with AES-256-GCM under a key that is not in the database.

A sealed secret is `"nac1" | nonce (12 octets) | ciphertext and tag`; the client's key name is authenticated with it, so
a row moved to another client does not open. The key is a file of 32 octets, mode 0600 (`Config.secrets_key`), or a
systemd credential that the configuration names.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from nac.clients.secret import SharedSecret
from nac.errors import ConflictError, PkiError

KEY_OCTETS: Final = 32
_FORMAT: Final = b"nac1"
_NONCE_OCTETS: Final = 12


class Seal:
    """Seals and opens shared secrets. Holds the key; shows nothing of it."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, secret: SharedSecret, *, client: str) -> bytes:
        """Sealed octets for the database; `client` is the client's key name."""
        nonce = secrets.token_bytes(_NONCE_OCTETS)
        return _FORMAT + nonce + self._cipher.encrypt(nonce, secret.reveal(), _context(client))

    def open(self, sealed: bytes, *, client: str) -> SharedSecret:
        """The secret again. Raises `PkiError` when it was sealed with another key or for another client."""
        start = len(_FORMAT)
        nonce, body = sealed[start : start + _NONCE_OCTETS], sealed[start + _NONCE_OCTETS :]
        try:
            if sealed[:start] != _FORMAT or len(nonce) != _NONCE_OCTETS:
                raise InvalidTag
            return SharedSecret(self._cipher.decrypt(nonce, body, _context(client)))
        except InvalidTag as error:
            raise PkiError(
                f"the secret of client {client!r} does not open with this key",
                fix="restore the secrets key that belongs to this database, or `nac client remove` and add it again",
            ) from error

    def __repr__(self) -> str:
        return "Seal(key hidden)"


def create_key(path: Path) -> None:
    """Write a new random key, mode 0600. Raises `ConflictError` when there is one, `PkiError` when it cannot."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise ConflictError(f"{path} exists already", fix="keep it: secrets sealed with it need it") from error
    except OSError as error:
        raise PkiError(f"{path} cannot be written: {error.strerror}", fix="check the folder's owner") from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(KEY_OCTETS))
        file.flush()
        os.fsync(file.fileno())


def load_seal(path: Path) -> Seal:
    """The seal whose key is in this file. Raises `PkiError` when it is missing, damaged or readable by others."""
    try:
        mode = path.stat().st_mode
        key = path.read_bytes()
    except OSError as error:
        raise PkiError(
            f"secrets key {path} cannot be read: {error.strerror}",
            fix="`nac init` makes one; for an existing database restore its own",
        ) from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO) and not _is_credential(path):
        raise PkiError(f"secrets key {path} can be read by others than its owner", fix=f"chmod 600 {path}")
    if len(key) != KEY_OCTETS:
        raise PkiError(f"secrets key {path} has {len(key)} octets, not {KEY_OCTETS}", fix="restore it from a backup")
    return Seal(key)


def _is_credential(path: Path) -> bool:
    """systemd guards a credential by its folder and may set a group bit (an ACL mask) on the file."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return folder is not None and path.parent == Path(folder)


def _context(client: str) -> bytes:
    return b"nac client secret\x00" + client.encode()

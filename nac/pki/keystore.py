"""Files that must stay secret, and files that must never be half written.

A private file is created 0600 in a folder of mode 0700, atomically: readers see all of it or nothing. A private key
that others may read is refused, with the command that repairs it.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    load_pem_private_key,
)

from nac.errors import ConflictError, PkiError
from nac.pki.key_kind import PrivateKey, accept_private_key

PRIVATE: Final = 0o600
PUBLIC: Final = 0o644
_MAX_KEY_BYTES: Final = 64 * 1024


def make_private_folder(path: Path) -> None:
    """Create the folder with mode 0700 if it is missing; parents get the umask's mode."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)


def create_file(path: Path, content: bytes, *, mode: int) -> None:
    """Write a file that must not exist yet. Raises `ConflictError` when it does, `PkiError` when writing fails."""
    try:
        temporary = _write_beside(path, content, mode)
        try:
            os.link(temporary, path)
        finally:
            temporary.unlink()
        _sync_folder(path.parent)
    except FileExistsError:
        raise ConflictError(f"{path} exists already", fix="move it away first, or write elsewhere") from None
    except OSError as error:
        raise PkiError(
            f"{path}: cannot be written: {error.strerror}", fix="check the folder's owner and mode"
        ) from None


def replace_file(path: Path, content: bytes, *, mode: int) -> None:
    """Write a file, replacing what stands there, in one step. Raises `PkiError`."""
    try:
        temporary = _write_beside(path, content, mode)
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise PkiError(
            f"{path}: cannot be written: {error.strerror}", fix="check the folder's owner and mode"
        ) from None


def private_key_pem(key: PrivateKey) -> bytes:
    """The key as unencrypted PKCS#8 PEM: for a file of mode 0600 only."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def private_key_der(key: PrivateKey) -> bytes:
    """The key as unencrypted PKCS#8 DER: what the data plane takes."""
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def load_private_key(path: Path) -> PrivateKey:
    """The private key in `path`, PEM or DER. Raises `PkiError`: missing, open to others, encrypted, weak, no key."""
    raw = read_private_file(path)
    try:
        key = load_pem_private_key(raw, None) if b"-----BEGIN" in raw else load_der_private_key(raw, None)
    except TypeError:
        raise PkiError(
            f"{path}: the key is encrypted",
            fix=f"decrypt it into a file of mode 0600: `umask 077; openssl pkey -in {path} -out plain.key`",
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise PkiError(
            f"{path}: not a private key (PEM or DER)", fix="name the key that belongs to the certificate"
        ) from None
    return accept_private_key(key, path)


def read_private_file(path: Path) -> bytes:
    """The content of a file that only its owner may read. Raises `PkiError`.

    What systemd hands over (`$CREDENTIALS_DIRECTORY`) may carry an access list, which shows as group permission.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise PkiError(f"{path}: cannot be read: {error.strerror}", fix="check the name, owner and mode") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise PkiError(f"{path}: not a file", fix="name the file itself")
        if exposed := stat.S_IMODE(status.st_mode) & _forbidden(path):
            who = "everyone" if exposed & 0o007 else "its group"
            raise PkiError(
                f"{path}: is open to {who} (mode {stat.S_IMODE(status.st_mode):04o})",
                fix=f"run `chmod 600 {path}`; if others may have read it, replace it",
            )
        return os.read(descriptor, _MAX_KEY_BYTES)
    finally:
        os.close(descriptor)


def _forbidden(path: Path) -> int:
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    if credentials and path.absolute().is_relative_to(Path(credentials).absolute()):
        return 0o007
    return 0o077


def _write_beside(path: Path, content: bytes, mode: int) -> Path:
    """A new file next to `path`, complete and on the disk."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

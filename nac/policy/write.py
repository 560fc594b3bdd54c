"""Policy texts -> files, all of them at one moment: a server that looks meanwhile sees the old ones or the new ones."""

from __future__ import annotations

import ctypes
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from nac.errors import NacError
from nac.policy.load import SUFFIX
from nac.policy.source import Source

_AT_FDCWD: Final = -100
_RENAME_EXCHANGE: Final = 2
"""Of renameat2(2)."""


class WriteError(NacError):
    """The policy's files could not be written; they are as they were."""

    exit_code = 3


def write_policy(path: Path, sources: Sequence[Source]) -> None:
    """Make the policy file or folder at `path` hold exactly these texts. Raises `WriteError`.

    A folder is written anew beside the old one, with everything in it that is no policy, and the two change names in
    one step (renameat2(2)); a file is replaced by rename(2).
    """
    try:
        if path.is_dir():
            _replace_folder(path.resolve(), sources)
        elif len(sources) == 1:
            _replace_file(path.resolve(), sources[0])
        else:
            raise WriteError(f"{path} is one file, the policy has {len(sources)}", fix="name a folder in [policy] path")
    except OSError as error:
        raise WriteError(
            f"{error.filename or path}: {error.strerror}; the policy's files are as they were",
            fix="run this as the user who owns the policy folder and may write beside it",
        ) from error


def _replace_file(path: Path, source: Source) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(descriptor)
    new = Path(name)
    try:
        _write(new, source.text)
        _take_mode(new, path)
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    _sync(path.parent)


def _replace_folder(folder: Path, sources: Sequence[Source]) -> None:
    new = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        for entry in sorted(folder.iterdir()):
            if entry.is_dir() and not entry.is_symlink():
                shutil.copytree(entry, new / entry.name, symlinks=True)
            elif entry.suffix != SUFFIX:
                shutil.copy2(entry, new / entry.name, follow_symlinks=False)
        for source in sources:
            _write(new / source.name, source.text)
            old = folder / source.name
            _take_mode(new / source.name, old if old.is_file() else folder)
        _take_mode(new, folder)
        _sync(new)
        _exchange(new, folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    _sync(folder.parent)


def _write(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _take_mode(new: Path, old: Path) -> None:
    """Mode and owner of what is replaced; a file of a folder may be read by whoever may read the folder."""
    status = old.stat()
    mode = status.st_mode & 0o777
    new.chmod(mode & 0o666 if new.is_file() else mode)
    if os.geteuid() == 0:
        os.chown(new, status.st_uid, status.st_gid)


def _exchange(one: Path, other: Path) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    result = libc.renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE)
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), str(other))


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

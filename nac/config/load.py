"""`nac.toml` -> `Config`: read, parse, check against the model, resolve paths against the file's folder."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from nac.config.address import ListenAddress, SourceAddress
from nac.config.database_url import DatabaseUrl
from nac.config.diagnose import diagnose
from nac.config.duration import Duration
from nac.config.lines import Key, dotted, key_lines, line_of
from nac.config.model import DATABASE_FILE, Config
from nac.errors import ConfigError

CREDENTIAL: Final = "credential:"
"""A path that begins so is a file which systemd's LoadCredential= hands to the service."""

_Model = TypeVar("_Model", bound=msgspec.Struct)

_MAX_BYTES: Final = 1024 * 1024
_FIX_MISSING: Final = "run `nac init` to write one, or name it with --config"
_FIX_MODE: Final = "check the owner and mode of the file"
_POSITION: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def load(path: Path) -> Config:
    """The configuration in `path`, complete and with absolute paths. Raises `ConfigError` at the first thing wrong.

    The files that it names are not opened here: see `check_files` and what reads them.
    """
    text = read(path)
    return resolve(decode(text, path), text, path)


def read(path: Path) -> str:
    """The text of the file. Raises `ConfigError` when it is missing, unreadable or not UTF-8."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError("no such file", path=path, fix=_FIX_MISSING) from None
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", path=path, fix=_FIX_MODE) from None
    if len(raw) > _MAX_BYTES:
        raise ConfigError("larger than 1 MiB", path=path, fix="name the right file with --config")
    try:
        return raw.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"octet 0x{raw[error.start]:02x} is not UTF-8", path=path, line=line, fix="save the file as UTF-8"
        ) from None


def decode(text: str, path: Path) -> Config:
    """The text against the model; paths stay as written. Raises `ConfigError`."""
    return decode_as(text, path, Config)


def decode_as(text: str, path: Path, model: type[_Model]) -> _Model:
    """The text against any model of settings; paths stay as written. Raises `ConfigError`."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(error, text, path) from None
    except RecursionError:
        raise ConfigError("values are nested too deeply", path=path, fix="settings nest at most three levels") from None
    try:
        return msgspec.convert(document, model, dec_hook=_convert)
    except msgspec.ValidationError as error:
        raise diagnose(str(error), lines=key_lines(text), path=path, model=model) from None


def resolve(config: Config, text: str, path: Path) -> Config:
    """Paths made absolute against the folder of `path`, credentials found, the database's default filled in.

    `text` is what `config` was read from. Raises `ConfigError` for a credential that systemd does not hand over.
    """
    resolved = resolve_paths(config, text, path)
    url = resolved.database.url
    url = url.resolved(path.absolute().parent) if url else DatabaseUrl.sqlite(resolved.server.state / DATABASE_FILE)
    return msgspec.structs.replace(resolved, database=msgspec.structs.replace(resolved.database, url=url))


def resolve_paths(config: _Model, text: str, path: Path, *, credentials: bool = True) -> _Model:
    """Any model's paths made absolute against the folder of `path`, and credentials found. Raises `ConfigError`.

    `credentials`: False for who reads none of them; they stay as they are written.
    """
    try:
        resolved: _Model = _resolve(config, path.absolute().parent, (), credentials=credentials)
    except _CredentialError as fault:
        name = dotted(fault.key)
        raise ConfigError(
            f"`{name}`: {fault.said}", path=path, line=line_of(key_lines(text), fault.key), key=name, fix=fault.fix
        ) from None
    return resolved


def _convert(wanted: type, value: Any) -> Any:
    """Values of our own types, from text. A `ValueError` comes out of msgspec with the place added."""
    if not isinstance(value, str):
        raise ValueError(f"Expected `str`, got `{type(value).__name__}`")
    if wanted is Path:
        return _path(value)
    if wanted in (Duration, ListenAddress, SourceAddress, DatabaseUrl):
        return wanted.parse(value)
    raise AssertionError(f"the model has a type that is not read here: {wanted}")


def _path(text: str) -> Path:
    if not text or "\0" in text:
        raise ValueError("an empty path: write the name of a file or folder")
    return Path(text)


class _CredentialError(Exception):
    """A `credential:NAME` that leads nowhere; `resolve` adds file and line."""

    def __init__(self, key: Key, said: str, fix: str) -> None:
        super().__init__(said)
        self.key = key
        self.said = said
        self.fix = fix


def _resolve(value: Any, folder: Path, key: Key, *, credentials: bool) -> Any:
    if isinstance(value, Path):
        text = str(value)
        if text.startswith(CREDENTIAL):
            return _credential(text.removeprefix(CREDENTIAL), key) if credentials else value
        return Path(os.path.normpath(folder / value))
    if isinstance(value, tuple):
        return tuple(_resolve(item, folder, (*key, index), credentials=credentials) for index, item in enumerate(value))
    if isinstance(value, msgspec.Struct):
        names = value.__struct_fields__
        return msgspec.structs.replace(
            value,
            **{name: _resolve(getattr(value, name), folder, (*key, name), credentials=credentials) for name in names},
        )
    return value


def _credential(name: str, key: Key) -> Path:
    if not name or "/" in name or name in (".", ".."):
        raise _CredentialError(key, f'"{CREDENTIAL}{name}" names no credential', f'write "{CREDENTIAL}NAME"')
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    if not directory:
        raise _CredentialError(
            key,
            f'"{CREDENTIAL}{name}" comes from systemd, but $CREDENTIALS_DIRECTORY is not set',
            f"add `LoadCredential={name}:/path/to/the/file` to the unit, or write the file's path here",
        )
    return Path(directory) / name


def _syntax_error(error: tomllib.TOMLDecodeError, text: str, path: Path) -> ConfigError:
    message = str(error)
    match = _POSITION.search(message)
    if match is None:
        return ConfigError(f"not TOML: {message}", path=path)
    line = int(match[1]) if match[1] else max(1, len(text.splitlines()))
    column = f" in column {match[2]}" if match[2] else ""
    said = message[: match.start()]
    return ConfigError(f"not TOML: {said[:1].lower()}{said[1:]}{column}", path=path, line=line, fix=_syntax_fix(said))


def _syntax_fix(said: str) -> str:
    if said.startswith("Cannot overwrite") or "twice" in said:
        return "the key or section stands here a second time: remove one of the two"
    if said.startswith("Invalid value"):
        return 'text is written in quotes, as in level = "info"; numbers and true/false without'
    return 'a setting is written as key = value on its own line, text in "quotes"'

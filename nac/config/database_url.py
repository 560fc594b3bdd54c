"""The database's URL: text that must never show its password."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit, urlunsplit

SQLITE: Final = "sqlite:///"
"""A relative path follows these three slashes, an absolute one makes it four."""

SCHEMES: Final = ("sqlite", "postgresql")


class DatabaseUrl(str):
    """A URL as SQLAlchemy reads it. `repr` and `shown` hide the password."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> DatabaseUrl:
        """Raises `ValueError` in words for an administrator; the text is not repeated: it may hold a password."""
        scheme = text.partition("://")[0].partition("+")[0] if "://" in text else ""
        if scheme not in SCHEMES:
            raise ValueError('not a database URL: write "sqlite:///state/nac.db" or "postgresql://user@host/database"')
        if scheme == "sqlite" and not text.partition(":///")[2]:
            raise ValueError('the SQLite URL names no file: write "sqlite:///state/nac.db"')
        return cls(text)

    @classmethod
    def sqlite(cls, path: Path) -> DatabaseUrl:
        """An SQLite database in this file."""
        return cls(f"{SQLITE}{path}")

    def resolved(self, folder: Path) -> DatabaseUrl:
        """A relative SQLite path taken from `folder`; everything else unchanged."""
        scheme, separator, rest = self.partition(":///")
        if not scheme.startswith("sqlite") or rest.startswith((":", "/", "file:")):
            return self
        path, mark, query = rest.partition("?")
        return DatabaseUrl(f"{scheme}{separator}{folder / path}{mark}{query}")

    @property
    def has_password(self) -> bool:
        """Whether a password stands in the text, before the host or among the parameters behind `?`."""
        parts = urlsplit(self)
        user, _, _host = parts.netloc.rpartition("@")
        return bool(user.partition(":")[2] or parse_qs(parts.query).get("password"))

    @property
    def shown(self) -> str:
        """The URL with its password, if any, replaced."""
        parts = urlsplit(self)
        user, separator, host = parts.netloc.rpartition("@")
        name, colon, _password = user.partition(":")
        netloc = f"{name}{colon and ':***'}{separator}{host}"
        return str(self) if not colon else urlunsplit(parts._replace(netloc=netloc))

    def __repr__(self) -> str:
        return f"DatabaseUrl({self.shown!r})"

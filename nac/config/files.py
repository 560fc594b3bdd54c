"""nac.toml and the files around it: those it names that are not there, and whether it shows a password to everyone."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Final

from nac.config.lines import key_lines, line_of
from nac.config.load import decode, read, resolve
from nac.config.model import Config
from nac.errors import ConfigError

WILDCARDS: Final = "*?["


def check_files(path: Path) -> list[ConfigError]:
    """One `ConfigError` for each setting whose file or folder is missing. Raises `ConfigError` as `load` does."""
    text = read(path)
    config = resolve(decode(text, path), text, path)
    lines = key_lines(text)
    return [
        ConfigError(
            f"`{name}`: {file} does not exist",
            path=path,
            line=line_of(lines, tuple(_steps(name))),
            key=name,
            fix=fix,
        )
        for name, file, fix in _named_files(config)
        if not file.exists()
    ]


def exposed_password(path: Path, config: Config) -> str | None:
    """A warning with its fix, when every user of the system may read `path` and the password that stands in it."""
    if not config.database.url or not config.database.url.has_password or not path.stat().st_mode & stat.S_IROTH:
        return None
    return (
        f"{path}: database.url holds a password, and every user may read the file (take it out: `?passfile=FILE` or a "
        f"client certificate; or `chmod o-r {path}`, if the server's user can still read it)"
    )


def _named_files(config: Config) -> list[tuple[str, Path, str]]:
    """(dotted key, file, fix) for everything that must exist before the server starts."""
    pki = "run `nac pki init` to make the built-in authority, or name your own file"
    files = [
        ("policy.path", config.policy.path, "run `nac init` for an example policy, or name your own"),
        ("server.state", config.server.state, "create the folder, owned by the user that runs nac, mode 0700"),
        ("server.secrets_key", config.secrets_key, "`nac init` makes one; without the old key sealed secrets are lost"),
    ]
    for index, pair in enumerate(config.eap.certificates):
        files.append((f"eap.certificates[{index}].chain", pair.chain, pki))
        files.append((f"eap.certificates[{index}].key", pair.key, pki))
    for name, paths in (("roots", config.trust.roots), ("intermediates", config.trust.intermediates)):
        files.extend((f"trust.{name}[{index}]", file, pki) for index, file in enumerate(paths))
    for index, file in enumerate(config.trust.crls):
        if not any(sign in str(file) for sign in WILDCARDS):
            files.append((f"trust.crls[{index}]", file, "run `nac pki crl`, or remove the line"))
    return files


def _steps(name: str) -> list[str | int]:
    steps: list[str | int] = []
    for part in name.replace("[", ".").replace("]", "").split("."):
        steps.append(int(part) if part.isdigit() else part)
    return steps

"""nac.toml -> Config: what is right, and every kind of mistake with its file, line, key and fix."""

from __future__ import annotations

from pathlib import Path

import pytest

from nac.config import Config, check_files, exposed_password, load, render_default
from nac.errors import ConfigError

MISTAKES = {
    # name: (text, line, key, part of the message, part of the fix)
    "unknown section": ("\n[sever]\n", 2, "sever", "unknown section", "did you mean `server`?"),
    "unknown key": ("[server]\n\nlisen = []\n", 3, "server.lisen", "unknown key", "did you mean `server.listen`?"),
    "key of another section": ("[server]\nlevel = 1\n", 2, "server.level", "unknown key", "belongs into [log]"),
    "key of no section": ("[log]\nzzz = 1\n", 2, "log.zzz", "unknown key", "valid here: level, format"),
    "top-level key": ("listen = []\n", 1, "listen", "unknown section", "belongs into [server]"),
    "quoted key": ('[log]\n"z é.v" = 1\n', 2, "log.z é.v", "unknown key", "valid here"),
    "nested unknown key": (
        '[eap]\ncertificates = [\n  { chain = "a", key = "b" },\n  { chain = "a", kye = "b" },\n]\n',
        4,
        "eap.certificates[1].kye",
        "unknown key",
        "did you mean `eap.certificates[1].key`?",
    ),
    "array of tables": (
        '[[eap.certificates]]\nchain = "a"\nkey = "b"\n\n[[eap.certificates]]\nchain = "a"\nkey = 3\n',
        7,
        "eap.certificates[1].key",
        "must be text in quotes",
        "certificates = [",
    ),
    "missing key": (
        '[eap]\ncertificates = [{ chain = "a" }]\n',
        2,
        "eap.certificates[0].key",
        "missing",
        'add key = "..."',
    ),
    "section is a value": ("server = 3\n", 1, "server", "must be a section", "[server]"),
    "section is a list": ("[[eap]]\n", 1, "eap", "must be a section", "[eap]"),
    "text for a number": ('[server]\nshards = "2"\n', 2, "server.shards", "must be a whole number", "shards = 0"),
    "number for text": ("[policy]\npath = 7\n", 2, "policy.path", "must be text in quotes", 'path = "policy"'),
    "boolean for a number": ("[server]\nshards = true\n", 2, "server.shards", "not true or false", "shards = 0"),
    "text for a list": ('[server]\nlisten = "0.0.0.0:1812"\n', 2, "server.listen", "must be a list", 'listen = ["'),
    "date for text": ("[policy]\npath = 2026-01-01\n", 2, "policy.path", "must be text in quotes", "path ="),
    "below the bound": ("[server]\nreceivers = 0\n", 2, "server.receivers", "at least 1", "receivers = 1"),
    "above the bound": ("[server]\nshards = 9999\n", 2, "server.shards", "at most 1024", "shards = 0"),
    "empty list": ("[server]\nlisten = []\n", 2, "server.listen", "at least 1", "listen = ["),
    "address without port": (
        '[server]\nlisten = [\n  "127.0.0.1:1",\n  "0.0.0.0",\n]\n',
        4,
        "server.listen[1]",
        "not an address and port",
        "0.0.0.0:1812",
    ),
    "IPv6 without brackets": ('[server]\nlisten = ["::1:1812"]\n', 2, "server.listen[0]", "not an address", "brackets"),
    "host name": ('[server]\nlisten = ["localhost:1812"]\n', 2, "server.listen[0]", "not an IP address", "host name"),
    "port too large": ('[server]\nlisten = ["[::]:65536"]\n', 2, "server.listen[0]", "above 65535", "1812"),
    "zone": ('[server]\nlisten = ["[fe80::1%eth0]:1812"]\n', 2, "server.listen[0]", "names a zone", "[::]:1812"),
    "address twice": (
        '[server]\n\nlisten = ["[::1]:1812", "[0::1]:1812"]\n',
        3,
        "server.listen",
        "same address twice",
        "remove one",
    ),
    "source with a port": (
        '[coa]\nsource = ["192.0.2.1:3799"]\n',
        2,
        "coa.source[0]",
        "not an IP address",
        "without port",
    ),
    "source anywhere": (
        '[coa]\nsource = ["0.0.0.0"]\n',
        2,
        "coa.source[0]",
        "no address to send from",
        "one of this host",
    ),
    "two sources": (
        '[coa]\nsource = ["192.0.2.1", "192.0.2.2"]\n',
        2,
        "coa.source",
        "two addresses of one version",
        "keep one",
    ),
    "mistyped choice": ('[log]\nlevel = "inof"\n', 2, "log.level", '"inof" is not one of', 'did you mean "info"?'),
    "wrong choice": ('[trust]\nrevocation = "x"\n', 2, "trust.revocation", "not one of", '"require", "available"'),
    "wrong type of choice": ("[log]\nformat = 1\n", 2, "log.format", "must be text in quotes", '"json", "text"'),
    "no unit": ('[events]\nretention = "90"\n', 2, "events.retention", "not a duration", '"12h"'),
    "bare duration": ("[events]\nretention = 90\n", 2, "events.retention", "must be text in quotes", '"90d"'),
    "no time": ('[events]\nretention = "0d"\n', 2, "events.retention", "out of bounds", "between 1s"),
    "endless": ('[events]\nretention = "9999999w"\n', 2, "events.retention", "out of bounds", "36500d"),
    "tickets outlive keys": (
        '[eap]\nticket_rotation = "1h"\nticket_lifetime = "3h"\n',
        3,
        "eap.ticket_lifetime",
        "longer than two ticket keys live",
        "shorten",
    ),
    "tickets above RFC 8446 4.6.1": (
        '[eap]\nticket_rotation = "30d"\nticket_lifetime = "8d"\n',
        3,
        "eap.ticket_lifetime",
        "above 7d, the bound of RFC 8446 4.6.1",
        'ticket_lifetime = "12h"',
    ),
    "empty path": ('[trust]\nroots = ["a", ""]\n', 2, "trust.roots[1]", "empty path", "name of a file"),
    "unknown database": ('[database]\nurl = "mysql://x/y"\n', 2, "database.url", "not a database URL", "sqlite:///"),
    "database without a file": ('[database]\nurl = "sqlite://"\n', 2, "database.url", "names no file", "state/nac.db"),
    "no systemd": (
        '[server]\n\nsecrets_key = "credential:seal"\n',
        3,
        "server.secrets_key",
        "$CREDENTIALS_DIRECTORY is not set",
        "LoadCredential=seal:",
    ),
    "credential with a path": (
        '[server]\nsecrets_key = "credential:../x"\n',
        2,
        "server.secrets_key",
        "names no credential",
        "credential:NAME",
    ),
    "no value": ("[log]\nlevel =\n", 2, None, "not TOML: invalid value", "quotes"),
    "no quotes": ("[log]\nlevel = warn\n", 2, None, "not TOML: invalid value", "quotes"),
    "open bracket": ("[log\n", 1, None, "not TOML", "key = value"),
    "open string": ('[log]\nlevel = "info\n', 2, None, "not TOML", ""),
    "open list": ("[server]\nlisten = [\n", 2, None, "not TOML", ""),
    "key twice": ('[log]\nlevel = "info"\nlevel = "info"\n', 3, None, "not TOML", "second time"),
    "section twice": ("[log]\n\n[log]\n", 3, None, "not TOML", "second time"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_every_mistake_names_line_key_and_fix(mistake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    text, line, key, said, fix = MISTAKES[mistake]
    error = _error(tmp_path, text)
    assert (error.line, error.key) == (line, key)
    assert str(error).startswith(f"{tmp_path / 'nac.toml'}:{line}: ")
    assert said in error.message
    assert fix in error.fix


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file") as caught:
        load(tmp_path / "nac.toml")
    assert caught.value.line is None
    assert "nac init" in caught.value.fix


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path)


def test_text_that_is_not_utf_8_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "nac.toml").write_bytes(b"# fine\n[log]\nlevel = '\xff'\n")
    with pytest.raises(ConfigError, match="0xff is not UTF-8") as caught:
        load(tmp_path / "nac.toml")
    assert caught.value.line == 3


def test_deep_nesting_is_an_error_and_not_a_crash(tmp_path: Path) -> None:
    assert _error(tmp_path, "a = " + "[" * 100_000).exit_code == 3
    assert _error(tmp_path, "a = " + "[" * 300 + "]" * 300 + "\n").key == "a"


def test_an_enormous_file_is_refused(tmp_path: Path) -> None:
    assert "larger than 1 MiB" in _error(tmp_path, "#" * (1024 * 1024 + 1)).message


def test_a_password_in_a_wrong_url_is_not_repeated(tmp_path: Path) -> None:
    error = _error(tmp_path, '[database]\nurl = "mysql://nac:hunter2@db/nac"\n')
    assert "hunter2" not in f"{error}{error.fix}"


def test_an_empty_file_is_the_default(tmp_path: Path) -> None:
    assert _load(tmp_path, "") == _load(tmp_path, render_default())


def test_relative_paths_start_at_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    config = _load(tmp_path, '[server]\nstate = "../var"\n[policy]\npath = "/etc/nac/policy"\n')
    assert config.server.state == tmp_path.parent / "var"
    assert config.policy.path == Path("/etc/nac/policy")
    assert config.trust.crls == (tmp_path / "pki/crl/*.crl",)
    assert config.eap.certificates[1].key == tmp_path / "pki/server-rsa2048.key"
    assert config.database.url == f"sqlite:///{tmp_path.parent / 'var/nac.db'}"
    assert config.secrets_key == tmp_path.parent / "var/secrets.key"
    assert config.control_socket == tmp_path.parent / "var/control.sock"


def test_a_file_named_relatively_gives_absolute_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nac.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    assert load(Path("nac.toml")).pki.directory == tmp_path / "pki"


def test_credentials_come_from_systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/nac.service")
    text = '[server]\nsecrets_key = "credential:seal"\n[eap]\ncertificates = [{chain = "a", key = "credential:eap"}]\n'
    config = _load(tmp_path, text)
    assert config.secrets_key == Path("/run/credentials/nac.service/seal")
    assert config.eap.certificates[0].key == Path("/run/credentials/nac.service/eap")


@pytest.mark.parametrize(
    ("written", "resolved"),
    [
        ("sqlite:///db/nac.db", "sqlite:///{folder}/db/nac.db"),
        ("sqlite:////var/nac.db", "sqlite:////var/nac.db"),
        ("sqlite+pysqlite3:///n.db?timeout=5", "sqlite+pysqlite3:///{folder}/n.db?timeout=5"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("postgresql://nac@db/nac", "postgresql://nac@db/nac"),
    ],
)
def test_database_urls(written: str, resolved: str, tmp_path: Path) -> None:
    config = _load(tmp_path, f'[database]\nurl = "{written}"\n')
    assert config.database.url == resolved.format(folder=tmp_path)


def test_the_database_password_is_not_shown(tmp_path: Path) -> None:
    config = _load(tmp_path, '[database]\nurl = "postgresql+psycopg://nac:hunter2@db:5432/nac?x=1"\n')
    assert "hunter2" not in repr(config)
    assert config.database.url.shown == "postgresql+psycopg://nac:***@db:5432/nac?x=1"
    assert "hunter2" in config.database.url


@pytest.mark.parametrize(
    ("url", "held"),
    [
        ("postgresql://nac:hunter2@db/nac", True),
        ("postgresql+psycopg://db/nac?user=nac&password=hunter2", True),
        ("postgresql://nac@db/nac?passfile=/etc/nac/pgpass", False),
        ("sqlite:///nac.db", False),
        ("", False),
    ],
)
def test_a_password_that_everyone_may_read_is_warned_of(url: str, held: bool, tmp_path: Path) -> None:
    config = _load(tmp_path, f'[database]\nurl = "{url}"\n' if url else "")
    path = tmp_path / "nac.toml"
    for mode, readable in ((0o644, True), (0o604, True), (0o640, False), (0o600, False)):
        path.chmod(mode)
        warning = exposed_password(path, config)
        assert (warning is not None) == (held and readable), oct(mode)
        assert warning is None or (f"chmod o-r {path}" in warning and "hunter2" not in warning)


def test_check_files_lists_everything_missing_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "nac.toml"
    path.write_text(
        '[policy]\npath = "policy"\n[trust]\nroots = [\n  "a.pem",\n  "b.pem",\n]\ncrls = ["*.crl", "c.crl"]\n'
    )
    (tmp_path / "policy").mkdir()
    (tmp_path / "a.pem").touch()
    found = {(error.key, error.line) for error in check_files(path)}
    assert {("trust.roots[1]", 6), ("trust.crls[1]", 8)} <= found
    assert not {"policy.path", "trust.roots[0]", "trust.crls[0]"} & {key for key, _ in found}


def _load(folder: Path, text: str) -> Config:
    path = folder / "nac.toml"
    path.write_text(text)
    return load(path)


def _error(folder: Path, text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        _load(folder, text)
    return caught.value

"""Secrets at rest: sealed, bound to their client, never shown; the key file guarded."""

import os
from pathlib import Path

import pytest

from nac.clients.seal import create_key, load_seal
from nac.clients.secret import SharedSecret, SharedSecretError
from nac.errors import ConflictError, PkiError

SECRET = SharedSecret(b"correct horse battery staple")


@pytest.fixture
def key(tmp_path: Path) -> Path:
    create_key(tmp_path / "state/secrets.key")
    return tmp_path / "state/secrets.key"


def test_a_sealed_secret_opens_and_does_not_show_itself(key: Path) -> None:
    sealed = load_seal(key).seal(SECRET, client="sw1")
    assert SECRET.reveal() not in sealed
    assert load_seal(key).open(sealed, client="sw1") == SECRET


def test_the_same_secret_is_sealed_differently_each_time(key: Path) -> None:
    seal = load_seal(key)
    assert len({seal.seal(SECRET, client="sw1") for _ in range(100)}) == 100


def test_what_does_not_open(key: Path, tmp_path: Path) -> None:
    seal = load_seal(key)
    sealed = seal.seal(SECRET, client="sw1")
    create_key(tmp_path / "other.key")
    with pytest.raises(PkiError, match="does not open"):
        seal.open(sealed, client="sw2")
    with pytest.raises(PkiError, match="does not open"):
        load_seal(tmp_path / "other.key").open(sealed, client="sw1")
    for damaged in (b"", b"nac1", sealed[:-1], b"nac2" + sealed[4:], sealed[:20] + b"\x00" + sealed[21:]):
        with pytest.raises(PkiError, match="does not open"):
            seal.open(damaged, client="sw1")


def test_the_key_is_only_for_its_owner_and_never_written_over(key: Path) -> None:
    assert key.stat().st_mode & 0o777 == 0o600
    content = key.read_bytes()
    with pytest.raises(ConflictError):
        create_key(key)
    assert key.read_bytes() == content
    assert len(content) == 32


def test_a_key_that_others_can_read_is_refused(key: Path) -> None:
    key.chmod(0o640)
    with pytest.raises(PkiError, match="read by others") as caught:
        load_seal(key)
    assert caught.value.fix == f"chmod 600 {key}"


def test_a_credential_of_systemd_may_have_a_group_bit(key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key.chmod(0o440)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(key.parent))
    load_seal(key)


def test_a_missing_or_damaged_key(tmp_path: Path) -> None:
    with pytest.raises(PkiError, match="cannot be read"):
        load_seal(tmp_path / "no.key")
    short = tmp_path / "short.key"
    short.write_bytes(os.urandom(31))
    short.chmod(0o600)
    with pytest.raises(PkiError, match="31 octets"):
        load_seal(short)


def test_nothing_prints_a_secret(key: Path) -> None:
    for text in (repr(SECRET), str(SECRET), f"{SECRET}", repr(load_seal(key))):
        assert "horse" not in text
    assert repr(SECRET) == "SharedSecret(28 octets)"


def test_made_secrets_are_long_printable_and_different() -> None:
    made = [SharedSecret.generate() for _ in range(200)]
    assert len({secret.reveal() for secret in made}) == 200
    assert all(secret.octets == 32 and not secret.weak for secret in made)
    assert all(secret.reveal().isalnum() and secret.reveal().isascii() for secret in made)


@pytest.mark.parametrize(("octets", "weak"), [(1, True), (15, True), (16, False)])
def test_rfc2865_3_at_least_16_octets(octets: int, weak: bool) -> None:
    assert SharedSecret(b"x" * octets).weak is weak


@pytest.mark.parametrize("octets", [0, 129])
def test_what_is_no_secret(octets: int) -> None:
    with pytest.raises(SharedSecretError):
        SharedSecret(b"x" * octets)

"""Private files: modes, atomic writes, and the refusal of keys that others may read."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from nac.errors import ConflictError, PkiError
from nac.pki.key_kind import KeyKind
from nac.pki.keystore import (
    PRIVATE,
    create_file,
    load_private_key,
    make_private_folder,
    private_key_der,
    private_key_pem,
    read_private_file,
    replace_file,
)

KEY = KeyKind.P256.generate()


def test_a_private_file_is_private_from_the_start(tmp_path: Path) -> None:
    create_file(tmp_path / "key", b"secret", mode=PRIVATE)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_creating_never_replaces(tmp_path: Path) -> None:
    create_file(tmp_path / "key", b"first", mode=PRIVATE)
    with pytest.raises(ConflictError):
        create_file(tmp_path / "key", b"second", mode=PRIVATE)
    assert (tmp_path / "key").read_bytes() == b"first"
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_replacing_swaps_the_whole_file(tmp_path: Path) -> None:
    create_file(tmp_path / "key", b"first", mode=0o644)
    with (tmp_path / "key").open("rb") as reader:
        replace_file(tmp_path / "key", b"second", mode=PRIVATE)
        assert reader.read() == b"first"
    assert (tmp_path / "key").read_bytes() == b"second"
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


def test_a_dangling_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConflictError):
        create_file(tmp_path / "key", b"secret", mode=PRIVATE)
    assert not (tmp_path / "elsewhere").exists()


def test_a_missing_folder_is_an_error_with_a_fix(tmp_path: Path) -> None:
    for write in (create_file, replace_file):
        with pytest.raises(PkiError, match="cannot be written"):
            write(tmp_path / "nowhere" / "key", b"", mode=PRIVATE)


def test_private_folder(tmp_path: Path) -> None:
    make_private_folder(tmp_path / "a" / "b")
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("mode", "who"), [(0o640, "its group"), (0o620, "its group"), (0o604, "everyone"), (0o644, "e")]
)
def test_a_key_that_others_may_touch_is_refused(mode: int, who: str, tmp_path: Path) -> None:
    path = tmp_path / "key"
    create_file(path, private_key_pem(KEY), mode=PRIVATE)
    path.chmod(mode)
    with pytest.raises(PkiError, match=f"is open to {who}") as caught:
        load_private_key(path)
    assert f"chmod 600 {path}" in caught.value.fix


def test_a_credential_of_systemd_may_have_a_group_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    path = tmp_path / "key"
    create_file(path, private_key_pem(KEY), mode=0o440)
    assert load_private_key(path).public_key() == KEY.public_key()
    path.chmod(0o444)
    with pytest.raises(PkiError, match="everyone"):
        load_private_key(path)


@pytest.mark.parametrize("content", [private_key_pem(KEY), private_key_der(KEY)])
def test_pem_and_der(content: bytes, tmp_path: Path) -> None:
    create_file(tmp_path / "key", content, mode=PRIVATE)
    assert load_private_key(tmp_path / "key").public_key() == KEY.public_key()


def test_what_is_no_usable_key(tmp_path: Path) -> None:
    encrypted = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
    weak = private_key_pem(rsa.generate_private_key(65537, 1024))  # noqa: S505 - the vector is a weak key
    exotic = private_key_pem(ec.generate_private_key(ec.SECP256K1()))
    vectors = {
        b"": "not a private key",
        b"\x30\x03\x02\x01\x00": "not a private key",
        private_key_pem(KEY)[:-40]: "not a private key",
        encrypted: "is encrypted",
        weak: "RSA-1024 key is not accepted",
        exotic: "secp256k1 key is not accepted",
    }
    for content, said in vectors.items():
        replace_file(tmp_path / "key", content, mode=PRIVATE)
        with pytest.raises(PkiError, match=said) as caught:
            load_private_key(tmp_path / "key")
        assert caught.value.fix


def test_missing_files_and_folders(tmp_path: Path) -> None:
    with pytest.raises(PkiError, match="No such file"):
        read_private_file(tmp_path / "key")
    with pytest.raises(PkiError, match="not a file"):
        read_private_file(tmp_path)

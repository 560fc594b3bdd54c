"""The server's certificate and key as they are handed to the data plane."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_der_private_key
from pki_lab import NOW, ForeignAuthority, foreign

from nac.errors import PkiError
from nac.pki.authority import Authority
from nac.pki.credential import load_credential
from nac.pki.keystore import PRIVATE, private_key_pem, replace_file
from nac.pki.read import read_certificates


@pytest.mark.parametrize("twin", ["p256", "rsa2048"])
def test_the_built_in_certificates(twin: str, authority: Authority) -> None:
    chain = authority.folder.path / f"server-{twin}.pem"
    credential = load_credential(chain, chain.with_suffix(".key"), now=NOW)
    assert credential.leaf == read_certificates(chain)[0]
    assert len(credential.chain) == 2
    assert credential.warnings == ()
    assert load_der_private_key(credential.key, None).public_key() == credential.leaf.public_key()
    assert repr(credential.key) not in repr(credential)


def test_a_key_of_another_certificate(authority: Authority) -> None:
    folder = authority.folder.path
    with pytest.raises(PkiError, match=r"the RSA-2048 key does not belong to radius\.corp\.example"):
        load_credential(folder / "server-p256.pem", folder / "server-rsa2048.key", now=NOW)


def test_a_chain_out_of_order(tmp_path: Path) -> None:
    root = foreign("R")
    issuing = foreign("I", root)
    chain, key = _files(tmp_path, foreign("radius", issuing, ca=False), root, issuing)
    with pytest.raises(PkiError, match=r"certificate 1 \(radius\) was not signed by certificate 2 \(R\)"):
        load_credential(chain, key, now=NOW)


def test_an_endless_chain(tmp_path: Path) -> None:
    root = foreign("R")
    chain, key = _files(tmp_path, root, *[root] * 6)
    with pytest.raises(PkiError, match="7 certificates"):
        load_credential(chain, key, now=NOW)


def test_an_odd_certificate_is_announced(tmp_path: Path) -> None:
    chain, key = _files(tmp_path, foreign("radius", foreign("I"), ca=False, days=30))
    said = [warning.said for warning in load_credential(chain, key, now=NOW + timedelta(days=40)).warnings]
    assert said == [
        "radius expired on 2026-11-30 12:00 UTC",
        "radius has no serverAuth purpose",
        "radius has no DNS name",
        "radius comes without its issuer's certificate",
    ]


@pytest.mark.parametrize(("days", "level"), [(300, []), (310, ["notice"]), (380, ["warning"]), (392, ["urgent"])])
def test_its_end_is_announced(days: int, level: list[str], authority: Authority) -> None:
    chain = authority.folder.path / "server-p256.pem"
    credential = load_credential(chain, chain.with_suffix(".key"), now=NOW + timedelta(days=days))
    assert [warning.level for warning in credential.warnings] == level
    assert all("nac pki server" in warning.fix for warning in credential.warnings)


def _files(folder: Path, leaf: ForeignAuthority, *above: ForeignAuthority) -> tuple[Path, Path]:
    chain, key = folder / "chain.pem", folder / "chain.key"
    chain.write_bytes(b"".join(authority.pem() for authority in (leaf, *above)))
    replace_file(key, private_key_pem(leaf.key), mode=PRIVATE)
    return chain, key

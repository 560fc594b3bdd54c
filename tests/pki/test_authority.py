"""The built-in authority: its certificates, its files, and what OpenSSL says of them."""

from __future__ import annotations

import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from pki_lab import NOW, foreign, openssl

from nac.errors import ConflictError, NotFoundError, PkiError
from nac.pki.authority import Authority, create_authority
from nac.pki.credential import load_credential
from nac.pki.key_kind import KeyKind
from nac.pki.keystore import PRIVATE, private_key_pem, replace_file
from nac.pki.ocsp import staple
from nac.pki.read import read_certificates
from nac.pki.record import issued
from nac.pki.server import issue_server_certificates

PRIVATE_FILES = {"root.key", "issuing.key", "server-p256.key", "server-rsa2048.key"}


def test_root_and_issuing_certificate(authority: Authority) -> None:
    for certificate, path_length in ((authority.root, 1), (authority.issuing, 0)):
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
        assert constraints.critical
        assert usage.critical
        assert (constraints.value.ca, constraints.value.path_length) == (True, path_length)
        assert usage.value.key_cert_sign
        assert usage.value.crl_sign
        assert certificate.version is x509.Version.v3
    root_key, issuing_key = authority.root.public_key(), authority.issuing.public_key()
    assert isinstance(root_key, ec.EllipticCurvePublicKey)
    assert isinstance(issuing_key, ec.EllipticCurvePublicKey)
    assert (root_key.curve.name, issuing_key.curve.name) == ("secp384r1", "secp256r1")
    issuer = authority.issuing.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    assert (
        issuer.key_identifier
        == authority.root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    )


@pytest.mark.parametrize("twin", ["p256", "rsa2048"])
def test_openssl_accepts_the_server_chain(twin: str, authority: Authority, tmp_path: Path) -> None:
    anchors = tmp_path / "anchors.pem"
    lists = [authority.folder.crl("root"), authority.folder.crl("issuing")]
    anchors.write_bytes(b"".join(path.read_bytes() for path in [authority.folder.certificate("root"), *lists]))
    chain = authority.folder.path / f"server-{twin}.pem"
    common = ("verify", "-x509_strict", "-crl_check_all", "-attime", str(int(NOW.timestamp()) + 60), "-CAfile", anchors)
    said = openssl(
        *common, "-untrusted", chain, "-purpose", "sslserver", "-verify_hostname", "radius.corp.example", chain
    )
    assert said.endswith(": OK\n")


def test_files_and_modes(authority: Authority) -> None:
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode) for path in authority.folder.path.rglob("*") if path.is_file()
    }
    assert set(modes) >= PRIVATE_FILES
    for name, mode in modes.items():
        assert mode == (0o600 if name in PRIVATE_FILES | {".lock"} else 0o644), name


def test_the_folder_is_the_owners(tmp_path: Path) -> None:
    made = create_authority(tmp_path / "new" / "pki", organization="x", server=["radius"], now=NOW)
    assert stat.S_IMODE(made.folder.path.stat().st_mode) == 0o700


def test_every_certificate_below_the_root_is_in_the_books(authority: Authority) -> None:
    chains = [read_certificates(authority.folder.path / f"server-{twin}.pem")[0] for twin in ("p256", "rsa2048")]
    expected = {certificate.serial_number for certificate in [authority.issuing, *chains]}
    assert {certificate.serial_number for certificate in issued(authority.folder)} == expected


def test_an_existing_folder_is_left_alone(authority: Authority) -> None:
    before = authority.folder.key("root").read_bytes()
    with pytest.raises(ConflictError, match="not empty"):
        create_authority(authority.folder.path, organization="x", server=["radius"], now=NOW)
    assert authority.folder.key("root").read_bytes() == before


@pytest.mark.parametrize(
    ("organization", "server"), [("", ["radius"]), ("x" * 65, ["radius"]), ("x\n", ["r"]), ("x", ["r_*"]), ("x", [])]
)
def test_impossible_names_leave_nothing_behind(organization: str, server: list[str], tmp_path: Path) -> None:
    with pytest.raises(PkiError):
        create_authority(tmp_path / "pki", organization=organization, server=server, now=NOW)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_midway_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not valid before"):
        create_authority(tmp_path / "pki", organization="x", server=["radius"], now=NOW.replace(year=1900))
    assert list(tmp_path.iterdir()) == []


def test_no_authority_here(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        Authority.open(tmp_path)
    assert "nac pki init" in caught.value.fix


def test_a_foreign_key_is_noticed(authority: Authority) -> None:
    replace_file(authority.folder.key("issuing"), private_key_pem(KeyKind.P256.generate()), mode=PRIVATE)
    with pytest.raises(PkiError, match=r"does not belong to issuing\.pem"):
        authority.signer("issuing")


def test_two_authorities_never_share_a_name(authority: Authority, tmp_path: Path) -> None:
    other = create_authority(tmp_path / "other", organization="corp.example", server=["radius"], now=NOW)
    assert other.root.subject != authority.root.subject
    assert other.issuing.subject != authority.issuing.subject


def test_renewal_replaces_chain_and_key(authority: Authority) -> None:
    files = [authority.folder.path / f"server-p256.{end}" for end in ("pem", "key")]
    before = [path.read_bytes() for path in files]
    issue_server_certificates(authority, ["radius2.corp.example"], now=NOW + timedelta(days=300))
    assert all(old != path.read_bytes() for old, path in zip(before, files, strict=True))
    renewed = load_credential(*files, now=NOW + timedelta(days=301))
    assert renewed.warnings == ()
    assert len(renewed.chain) == 2


def test_server_certificates_do_not_outlive_the_authority(authority: Authority) -> None:
    with pytest.raises(PkiError, match="outlive its authority") as caught:
        issue_server_certificates(authority, ["radius"], now=NOW + timedelta(days=3500))
    assert "at most 149 days" in caught.value.fix


def test_openssl_accepts_the_stapled_response(authority: Authority, tmp_path: Path) -> None:
    chain = authority.folder.path / "server-p256.pem"
    leaf = read_certificates(chain)[0]
    response = tmp_path / "ocsp.der"
    response.write_bytes(staple(authority.folder.path, leaf, now=NOW) or b"")
    said = openssl(
        *("ocsp", "-respin", response, "-issuer", authority.folder.certificate("issuing"), "-cert", chain),
        *("-CAfile", authority.folder.certificate("root"), "-partial_chain", "-validity_period", str(10**9)),
        *("-attime", str(int(NOW.timestamp()) + 60)),
    )
    assert "Response verify OK" in said
    assert f"{chain}: good" in said


def test_no_staple_for_a_certificate_of_others(authority: Authority, tmp_path: Path) -> None:
    assert staple(authority.folder.path, foreign("radius").certificate, now=NOW) is None
    assert staple(tmp_path / "nowhere", authority.issuing, now=NOW) is None

"""Certificates for users and devices: names, purposes, keys, files."""

from __future__ import annotations

import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st
from pki_lab import NOW, openssl

from nac.errors import ConflictError, PkiError
from nac.pki.authority import Authority
from nac.pki.issue import issue_client
from nac.pki.key_kind import KeyKind, describe
from nac.pki.keystore import load_private_key
from nac.pki.names import ClientNames, certificate_names, read_utf8_string, utf8_string
from nac.pki.read import read_certificates
from nac.pki.record import issued

ALICE = ClientNames(user="alice@corp.example", device="laptop-17", uris=("spiffe://corp.example/laptop-17",))


def test_openssl_reads_every_name_and_purpose(authority: Authority, tmp_path: Path) -> None:
    files = issue_client(authority, ALICE, out=tmp_path / "out", now=NOW, policies=["1.3.6.1.4.1.99999.1"])
    text = openssl("x509", "-in", files.chain, "-noout", "-text")
    for part in (
        "Subject: CN = alice@corp.example\n",
        "othername: UPN::alice@corp.example, email:alice@corp.example, DNS:laptop-17, URI:spiffe://corp.example/laptop-17",
        "TLS Web Client Authentication\n",
        "CA:FALSE\n",
        "Digital Signature\n",
        "Policy: 1.3.6.1.4.1.99999.1\n",
        "Not Before: Nov  1 11:55:00 2026 GMT",
        "Not After : Nov  1 12:00:00 2027 GMT",
    ):
        assert part in text
    assert "TLS Web Server" not in text


def test_openssl_accepts_the_chain_for_a_client_only(authority: Authority, tmp_path: Path) -> None:
    files = issue_client(authority, ALICE, out=tmp_path / "out", now=NOW)
    arguments = ("-x509_strict", "-attime", str(int(NOW.timestamp())), "-CAfile", files.ca, "-untrusted", files.chain)
    assert openssl("verify", *arguments, "-purpose", "sslclient", files.chain).endswith(": OK\n")
    with pytest.raises(AssertionError, match="unsuitable certificate purpose"):
        openssl("verify", *arguments, "-purpose", "sslserver", files.chain)


@pytest.mark.parametrize("kind", list(KeyKind))
def test_every_kind_of_key(kind: KeyKind, authority: Authority, tmp_path: Path) -> None:
    files = issue_client(authority, ClientNames(device="d"), out=tmp_path / "out", now=NOW, key=kind)
    assert files.key is not None
    assert stat.S_IMODE(files.key.stat().st_mode) == 0o600
    assert stat.S_IMODE(files.key.parent.stat().st_mode) == 0o700
    assert load_private_key(files.key).public_key() == files.certificate.public_key()
    assert describe(files.certificate.public_key()).replace("-", "").lower() == kind.value


@pytest.mark.parametrize(
    ("names", "subject", "known_by"),
    [
        (ClientNames(user="alice@corp.example"), "alice@corp.example", ["alice@corp.example"]),
        (ClientNames(device="laptop-17"), "laptop-17", ["laptop-17"]),
        (ClientNames(user="alice"), "alice", ["alice"]),
        (ClientNames(user="åsa@corp.example", device="d"), "åsa@corp.example", ["åsa@corp.example", "d"]),
    ],
)
def test_names(names: ClientNames, subject: str, known_by: list[str], authority: Authority, tmp_path: Path) -> None:
    certificate = issue_client(authority, names, out=tmp_path / "out", now=NOW).certificate
    assert certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == subject
    assert certificate_names(certificate) == known_by


@pytest.mark.parametrize(
    "names",
    [
        {"device": "alice's laptop"},
        {"device": "-x"},
        {"device": "a..b"},
        {"device": "a" * 64},
        {"device": "192.0.2.1"},
        {"device": "laptöp"},
        {"user": "a" * 65},
        {"user": "a\x00b"},
        {"user": " alice"},
        {"device": "d", "uris": ("nonsense",)},
        {"device": "d", "uris": ("spiffe://x/\u00e5",)},
        {"device": "d", "uris": ("http://[",)},
        {},
    ],
)
def test_names_that_no_certificate_can_carry(names: dict[str, str], authority: Authority, tmp_path: Path) -> None:
    before = len(list(issued(authority.folder)))
    with pytest.raises(PkiError) as caught:
        issue_client(authority, ClientNames(**names), out=tmp_path / "out", now=NOW)  # type: ignore[arg-type]
    assert caught.value.fix
    assert len(list(issued(authority.folder))) == before
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("policy", ["", "1", "1.2.x", "9.9.9"])
def test_what_is_no_policy(policy: str, authority: Authority, tmp_path: Path) -> None:
    with pytest.raises(PkiError, match="not an object identifier"):
        issue_client(authority, ALICE, out=tmp_path / "out", now=NOW, policies=[policy])


def test_nothing_is_overwritten_and_nothing_signed(authority: Authority, tmp_path: Path) -> None:
    files = issue_client(authority, ALICE, out=tmp_path / "out", now=NOW)
    before = (files.chain.read_bytes(), len(list(issued(authority.folder))))
    with pytest.raises(ConflictError, match="exists already"):
        issue_client(authority, ALICE, out=tmp_path / "out", now=NOW)
    assert (files.chain.read_bytes(), len(list(issued(authority.folder)))) == before
    again = issue_client(authority, ALICE, out=tmp_path / "out", now=NOW, stem="second")
    assert again.chain.name == "second.pem"


def test_the_root_of_another_authority_is_not_replaced(authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "ca.pem").write_text("another")
    with pytest.raises(ConflictError, match="another authority"):
        issue_client(authority, ALICE, out=tmp_path / "out", now=NOW)


def test_a_user_name_cannot_lead_out_of_the_folder(authority: Authority, tmp_path: Path) -> None:
    files = issue_client(authority, ClientNames(user="../../evil"), out=tmp_path / "out", now=NOW)
    assert files.chain.parent == tmp_path / "out"


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_of_a_request_only_the_key_is_used(encoding: Encoding, authority: Authority, tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    request = tmp_path / "request"
    request.write_bytes(_request(key).public_bytes(encoding))
    files = issue_client(authority, ClientNames(device="d"), out=tmp_path / "out", now=NOW, key=request)
    assert files.key is None
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["ca.pem", "d.pem"]
    assert certificate_names(files.certificate) == ["d"]
    assert files.certificate.public_key() == key.public_key()


def test_bad_requests(authority: Authority, tmp_path: Path) -> None:
    weak = rsa.generate_private_key(65537, 1024)  # noqa: S505 - the vector is a weak key
    good = _request(ec.generate_private_key(ec.SECP256R1())).public_bytes(Encoding.DER)
    vectors = {
        b"": "is empty",
        b"nonsense": "not a certificate request",
        good[:-1] + bytes([good[-1] ^ 1]): "signature is wrong",
        _request(weak).public_bytes(Encoding.PEM): "RSA-1024 key is not accepted",
        _request(ec.generate_private_key(ec.SECP256K1())).public_bytes(Encoding.PEM): "secp256k1 key is not accepted",
        _request(dsa.generate_private_key(2048)).public_bytes(Encoding.PEM): "DSA key is not accepted",
    }
    for content, said in vectors.items():
        path = tmp_path / "request"
        path.write_bytes(content)
        with pytest.raises(PkiError, match=said):
            issue_client(authority, ALICE, out=tmp_path / "out", now=NOW, key=path)


def test_a_certificate_does_not_outlive_its_authority(authority: Authority, tmp_path: Path) -> None:
    with pytest.raises(PkiError, match="outlive"):
        issue_client(authority, ALICE, out=tmp_path / "out", now=NOW, days=4000)
    expired = issue_client(authority, ALICE, out=tmp_path / "out", now=NOW - timedelta(days=400), days=30)
    assert expired.certificate.not_valid_after_utc < NOW


def test_the_chain_is_leaf_first(authority: Authority, tmp_path: Path) -> None:
    files = issue_client(authority, ALICE, out=tmp_path / "out", now=NOW)
    assert read_certificates(files.chain) == [files.certificate, authority.issuing]
    assert read_certificates(files.ca) == [authority.root]


@given(st.text(st.characters(exclude_categories=["Cs"])) | st.integers(120, 70000).map("x".__mul__))
def test_utf8_string_x690_8_23(text: str) -> None:
    der = utf8_string(text)
    assert read_utf8_string(der) == text
    assert read_utf8_string(der + b"\0") is None


@given(st.binary(max_size=8))
def test_what_is_no_utf8_string(der: bytes) -> None:
    text = read_utf8_string(der)
    assert text is None or utf8_string(text) == der


def _request(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | dsa.DSAPrivateKey,
) -> x509.CertificateSigningRequest:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "root@everywhere")])
    return x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())

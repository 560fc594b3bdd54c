"""Roots, intermediates and lists from files: what counts, what is left out, what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pki_lab import NOW, ForeignAuthority, foreign

from nac.errors import PkiError
from nac.pki.authority import Authority
from nac.pki.issue import issue_client
from nac.pki.names import ClientNames
from nac.pki.revoke import revoke
from nac.pki.trust import RevocationMode, TrustMaterial, load_trust
from nac.pki.watch import Watch


class Site:
    """Files of one trust configuration in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.roots: list[Path] = []
        self.intermediates: list[Path] = []
        self.crls: list[Path] = []

    def root(self, *authorities: ForeignAuthority) -> None:
        self.roots.append(self._write("root", b"".join(authority.pem() for authority in authorities)))

    def intermediate(self, *authorities: ForeignAuthority) -> None:
        self.intermediates.append(self._write("inter", b"".join(authority.pem() for authority in authorities)))

    def crl(self, *lists: bytes) -> Path:
        self.crls.append(self._write("crl", b"".join(lists)))
        return self.crls[-1]

    def load(self, revocation: RevocationMode = "require", *, days: float = 0) -> TrustMaterial:
        return load_trust(
            roots=self.roots,
            intermediates=self.intermediates,
            crls=self.crls,
            revocation=revocation,
            now=NOW + timedelta(days=days),
        )

    def _write(self, name: str, content: bytes) -> Path:
        path = self.folder / f"{name}-{len(list(self.folder.iterdir()))}.pem"
        path.write_bytes(content)
        return path


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_the_built_in_authority_is_trusted_without_a_warning(authority: Authority, tmp_path: Path) -> None:
    material = _built_in(authority)
    assert material.anchors == (authority.root.public_bytes(Encoding.DER),)
    assert material.intermediates == (authority.issuing.public_bytes(Encoding.DER),)
    assert material.warnings == ()
    assert {entry.issuer for entry in material.revocation_lists} == {
        authority.root.subject.public_bytes(),
        authority.issuing.subject.public_bytes(),
    }
    laptop = issue_client(authority, ClientNames(device="laptop"), out=tmp_path / "out", now=NOW).certificate
    revoke(authority, [laptop], now=NOW)
    by_issuer = {entry.issuer: entry for entry in _built_in(authority).revocation_lists}
    entry = by_issuer[authority.issuing.subject.public_bytes()]
    assert entry.numbers() == {laptop.serial_number}
    assert (entry.this_update, entry.next_update) == (int(NOW.timestamp()), int(NOW.timestamp()) + 7 * 86400)


def test_a_revoked_issuing_authority_is_left_out(authority: Authority) -> None:
    revoke(authority, [authority.issuing], now=NOW)
    material = _built_in(authority)
    assert material.intermediates == ()
    assert "it is revoked" in str(material.warnings[0])


def test_pem_and_der_and_several_to_a_file(site: Site) -> None:
    first, second, third = foreign("A"), foreign("B"), foreign("C")
    site.root(first, second)
    der = site.folder / "c.der"
    der.write_bytes(third.certificate.public_bytes(Encoding.DER))
    site.roots.append(der)
    listed = x509.load_pem_x509_crl(third.crl([0xFF, 0x01]))
    (site.folder / "c.crl").write_bytes(listed.public_bytes(Encoding.DER))
    site.crl(first.crl(), second.crl())
    site.crls.append(site.folder / "*.crl")
    material = site.load()
    assert len(material.anchors) == 3
    assert material.warnings == ()
    entry = next(e for e in material.revocation_lists if e.issuer == third.certificate.subject.public_bytes())
    assert entry.serials == (b"\x01", b"\xff")


def test_text_around_pem_is_allowed(site: Site) -> None:
    root = foreign("A")
    site.roots.append(site.folder / "bundle")
    site.roots[0].write_bytes(b"subject=A\n\n" + root.pem() + b"# the end\n")
    site.crl(b"comment\n", root.crl())
    assert site.load().warnings == ()


def test_the_same_certificate_twice_counts_once(site: Site) -> None:
    root = foreign("A")
    site.root(root, root)
    site.root(root)
    site.intermediate(root)
    site.crl(root.crl())
    material = site.load()
    assert (len(material.anchors), material.intermediates, material.warnings) == (1, (), ())


def test_intermediates_chain_over_several_levels_in_any_order(site: Site) -> None:
    root = foreign("R")
    upper = foreign("U", root)
    lower = foreign("L", upper)
    site.root(root)
    site.intermediate(lower, upper)
    site.crl(root.crl(), upper.crl(), lower.crl())
    material = site.load()
    expected = {authority.certificate.public_bytes(Encoding.DER) for authority in (upper, lower)}
    assert set(material.intermediates) == expected
    assert material.warnings == ()


def test_what_hangs_below_a_revoked_authority_falls_too(site: Site) -> None:
    root = foreign("R")
    upper = foreign("U", root)
    lower = foreign("L", upper)
    site.root(root)
    site.intermediate(upper, lower)
    site.crl(root.crl([upper.certificate.serial_number]), upper.crl(), lower.crl())
    material = site.load("stale-ok")
    assert material.intermediates == ()
    assert _said(material) == ["U is left out: it is revoked", "L is left out: its issuer was left out"]


def _purpose(oid: x509.ObjectIdentifier) -> list[tuple[x509.ExtensionType, bool]]:
    return [(x509.ExtendedKeyUsage([oid]), False)]


def _usage(*, certificates: bool, lists: bool) -> list[tuple[x509.ExtensionType, bool]]:
    rest = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    usage = x509.KeyUsage(digital_signature=True, key_cert_sign=certificates, crl_sign=lists, **rest)
    return [(usage, True)]


_UNKNOWN = (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)
_NAMES = x509.NameConstraints(permitted_subtrees=[x509.DNSName("corp.example")], excluded_subtrees=None)


@pytest.mark.parametrize(
    ("root", "below", "said"),
    [
        (foreign("R"), {"ca": False}, "not a certificate authority"),
        (foreign("R"), {"begin": NOW - timedelta(days=9), "days": 8}, "expired on 2026-10-31 12:00 UTC"),
        (foreign("R"), {"begin": NOW + timedelta(days=1)}, "valid only from 2026-11-02 12:00 UTC"),
        (foreign("R"), {"extensions": _purpose(ExtendedKeyUsageOID.SERVER_AUTH)}, "extKeyUsage"),
        (foreign("R"), {"extensions": _usage(certificates=False, lists=True)}, "keyUsage"),
        (foreign("R"), {"extensions": [_UNKNOWN]}, "unknown critical extension 1.2.3.4"),
        (foreign("R", path_length=0), {}, "R allows no authority here (pathLenConstraint)"),
        (foreign("R", extensions=[(_NAMES, True)]), {}, "R limits the names below it (nameConstraints)"),
    ],
)
def test_intermediates_that_are_left_out_rfc5280_6_1_4(
    root: ForeignAuthority, below: dict[str, object], said: str, site: Site
) -> None:
    site.root(root)
    site.intermediate(foreign("I", root, **below))  # type: ignore[arg-type]
    site.crl(root.crl())
    material = site.load()
    assert material.intermediates == ()
    assert [text for text in _said(material) if text.startswith("I is left out: ") and said in text]
    assert all(warning.fix for warning in material.warnings)


def test_purposes_that_may_vouch_for_clients(site: Site) -> None:
    root = foreign("R")
    site.root(root)
    for number, oid in enumerate((ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)):
        site.intermediate(foreign(f"I{number}", root, extensions=_purpose(oid)))
    site.crl(root.crl())
    assert len(site.load().intermediates) == 2


def test_a_stranger_is_left_out(site: Site) -> None:
    root = foreign("R")
    site.root(root)
    site.intermediate(foreign("I", foreign("R")), foreign("S"))
    site.crl(root.crl())
    assert _said(site.load()) == [f"{name} is left out: no trusted root leads to it" for name in ("I", "S")]


def test_weak_authorities_are_left_out(site: Site) -> None:
    site.root(foreign("R"))
    weak = site.folder / "weak.pem"
    weak.write_bytes(_weak_root().public_bytes(Encoding.PEM))
    site.roots.append(weak)
    assert "weak is left out: its RSA-1024 key is too weak" in _said(site.load("available"))[0]


@pytest.mark.parametrize(
    ("days", "kept", "said"),
    [(0, 2, ""), (8, 1, "Short is left out: it expired on"), (-2, 0, "")],
)
def test_roots_come_and_go_with_time(days: int, kept: int, said: str, site: Site) -> None:
    site.root(foreign("Short", begin=NOW - timedelta(days=1), days=8), foreign("Long"))
    if kept == 0:
        with pytest.raises(PkiError, match=r"no usable root certificate.*valid only from"):
            site.load("available", days=days)
        return
    material = site.load("available", days=days)
    assert len(material.anchors) == kept
    assert said in " ".join(_said(material))


def test_an_expired_authority_alone_is_an_error_that_says_so(site: Site) -> None:
    site.root(foreign("R", days=1, begin=NOW - timedelta(days=2)))
    with pytest.raises(PkiError, match=r"no usable root.*R is left out: it expired on 2026-10-31"):
        site.load()


def test_a_device_certificate_is_no_root(site: Site) -> None:
    site.root(foreign("laptop", ca=False))
    with pytest.raises(PkiError, match="laptop: it is not a certificate authority") as caught:
        site.load()
    assert str(site.roots[0]) in caught.value.message


def test_a_root_with_a_wrong_signature_is_refused(site: Site) -> None:
    der = bytearray(foreign("R").certificate.public_bytes(Encoding.DER))
    der[-1] ^= 1
    site.roots.append(site.folder / "r.der")
    site.roots[0].write_bytes(bytes(der))
    with pytest.raises(PkiError, match="its own signature is wrong"):
        site.load()


def test_expiry_is_announced(site: Site) -> None:
    root = foreign("R", begin=NOW - timedelta(days=340), days=365)
    site.root(root)
    site.crl(root.crl())
    warning = site.load().warnings[0]
    assert (warning.level, warning.said) == ("warning", "R expires in 25 days, on 2026-11-26")


def test_next_change(site: Site) -> None:
    root = foreign("R", begin=NOW - timedelta(days=1), days=30)
    site.root(root, foreign("Later", begin=NOW + timedelta(days=20)))
    site.crl(root.crl(days=7))
    at = int(NOW.timestamp())
    assert site.load().reload_at == at + 7 * 86400 + 1
    assert site.load("available", days=8).reload_at == at + 20 * 86400 + 1
    assert site.load("available", days=20.5).reload_at == at + 29 * 86400 + 1


BROKEN: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is empty"),
    "blank": (b" \n", "is empty"),
    "noise": (b"\x00\xff\x13" * 100, "does not parse"),
    "text": (b"hello\n", "does not parse"),
    "half a PEM": (foreign("X").pem()[:200], "its PEM is not complete"),
    "bad base64": (b"-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n", "does not parse"),
    "a key": (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "it holds PRIVATE KEY"),
    "cut DER": (foreign("X").certificate.public_bytes(Encoding.DER)[:-9], "does not parse"),
    "long DER": (foreign("X").certificate.public_bytes(Encoding.DER) + b"x", "does not parse"),
    "second of two": (foreign("X").pem() + b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "2 of 2"),
}


@pytest.mark.parametrize("vector", BROKEN)
@pytest.mark.parametrize("place", ["roots", "intermediates"])
def test_broken_certificate_files_name_themselves(vector: str, place: str, site: Site) -> None:
    site.root(foreign("R"))
    content, said = BROKEN[vector]
    path = site.folder / "broken"
    path.write_bytes(content)
    getattr(site, place).append(path)
    with pytest.raises(PkiError, match=said) as caught:
        site.load()
    assert caught.value.message.startswith(str(path))
    assert caught.value.fix


def test_missing_files(site: Site) -> None:
    site.root(foreign("R"))
    site.intermediates.append(site.folder / "nowhere.pem")
    with pytest.raises(PkiError, match=r"nowhere\.pem: cannot be read: No such file"):
        site.load()
    site.intermediates[:] = [site.folder]
    with pytest.raises(PkiError, match="cannot be read: Is a directory"):
        site.load()


def test_a_replaced_list_is_noticed_and_taken(authority: Authority, tmp_path: Path) -> None:
    folder = authority.folder
    watch = Watch([folder.certificate("root"), folder.path / "crl" / "*.crl", tmp_path / "later.pem"])
    assert not watch.changed()
    revoke(authority, [authority.issuing], now=NOW)
    assert watch.changed()
    assert not watch.changed()
    (tmp_path / "later.pem").touch()
    assert watch.changed()
    (tmp_path / "later.pem").unlink()
    assert watch.changed()
    (folder.path / "crl" / "other.crl").touch()
    assert watch.changed()


def test_a_folder_under_watch(tmp_path: Path) -> None:
    watch = Watch([tmp_path])
    (tmp_path / "a.policy").write_text("x")
    assert watch.changed()
    assert not watch.changed()


def _built_in(authority: Authority) -> TrustMaterial:
    folder = authority.folder
    return load_trust(
        roots=[folder.certificate("root")],
        intermediates=[folder.certificate("issuing")],
        crls=[folder.path / "crl" / "*.crl"],
        revocation="require",
        now=NOW,
    )


def _said(material: TrustMaterial) -> Sequence[str]:
    return [warning.said for warning in material.warnings if "no revocation list of" not in warning.said]


def _weak_root() -> x509.Certificate:
    key = rsa.generate_private_key(65537, 1024)  # noqa: S505 - the vector is a weak key
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "weak")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=999))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )

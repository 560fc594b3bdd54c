"""CRLs from files (RFC 5280 6.3.3): signatures, issuers, freshness, and kinds that cannot be evaluated."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pki_lab import NOW, ForeignAuthority, foreign

from nac.errors import PkiError
from nac.pki.trust import RevocationMode, TrustMaterial, load_trust

ROOT = foreign("R")
ISSUING = foreign("I", ROOT)


def load(
    folder: Path,
    lists: Sequence[bytes],
    *,
    mode: RevocationMode = "require",
    days: float = 0,
    intermediates: Sequence[ForeignAuthority] = (ISSUING,),
) -> TrustMaterial:
    (folder / "root.pem").write_bytes(ROOT.pem())
    (folder / "inter.pem").write_bytes(b"".join(authority.pem() for authority in intermediates))
    for number, content in enumerate(lists):
        (folder / f"{number}.crl").write_bytes(content)
    return load_trust(
        roots=[folder / "root.pem"],
        intermediates=[folder / "inter.pem"] if intermediates else [],
        crls=[folder / "*.crl"],
        revocation=mode,
        now=NOW + timedelta(days=days),
    )


def test_a_wrong_signature_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PkiError, match=r"1\.crl: the signature of the revocation list of CN=R is wrong") as caught:
        load(tmp_path, [ISSUING.crl(), ROOT.crl(key=ISSUING.key)])
    assert "damaged or forged" in caught.value.fix


def test_one_flipped_bit_is_refused(tmp_path: Path) -> None:
    der = bytearray(x509.load_pem_x509_crl(ROOT.crl([7])).public_bytes(Encoding.DER))
    der[-1] ^= 1
    with pytest.raises(PkiError, match="signature"):
        load(tmp_path, [bytes(der)])


def test_a_list_of_an_unknown_issuer_is_ignored_with_a_warning(tmp_path: Path) -> None:
    material = load(tmp_path, [ROOT.crl(), ISSUING.crl(), foreign("Stranger").crl([1])])
    assert [warning.said for warning in material.warnings] == [
        "a revocation list of CN=Stranger, which is not trusted, is ignored"
    ]
    assert len(material.revocation_lists) == 2


def test_a_namesake_with_another_key_is_a_stranger(tmp_path: Path) -> None:
    material = load(tmp_path, [ROOT.crl(), ISSUING.crl(), foreign("R").crl([ISSUING.certificate.serial_number])])
    assert len(material.intermediates) == 1
    assert "is ignored" in material.warnings[0].said


def test_the_newest_list_counts(tmp_path: Path) -> None:
    old, new = ROOT.crl([1, 2], begin=NOW - timedelta(days=3)), ROOT.crl([2, 3], begin=NOW - timedelta(days=1))
    for order in ([old, new], [new, old]):
        material = load(tmp_path, order, mode="available")
        assert [entry.numbers() for entry in material.revocation_lists] == [{2, 3}]


def test_parts_of_a_split_list_are_joined(tmp_path: Path) -> None:
    material = load(tmp_path, [ROOT.crl([1], extensions=_point("a"), days=9), ROOT.crl([2], extensions=_point("b"))])
    entry = material.revocation_lists[0]
    assert entry.numbers() == {1, 2}
    assert entry.next_update == int((NOW + timedelta(days=7)).timestamp())


def test_two_keys_of_one_name_are_joined(tmp_path: Path) -> None:
    renewed = foreign("I", ROOT)
    lists = [ROOT.crl(), ISSUING.crl([1]), renewed.crl([2])]
    material = load(tmp_path, lists, intermediates=[ISSUING, renewed])
    assert len(material.intermediates) == 2
    issuer = ISSUING.certificate.subject.public_bytes()
    assert [entry.numbers() for entry in material.revocation_lists if entry.issuer == issuer] == [{1, 2}]


@pytest.mark.parametrize(
    ("mode", "days", "kept"),
    [
        ("require", 0, 1),
        ("require", 8, 0),
        ("available", 8, 0),
        ("stale-ok", 8, 1),
    ],
)
def test_a_stale_list_of_the_root(mode: RevocationMode, days: int, kept: int, tmp_path: Path) -> None:
    material = load(tmp_path, [ROOT.crl(), ISSUING.crl(days=30)], mode=mode, days=days)
    assert len(material.intermediates) == kept
    assert any("past its next update" in warning.said for warning in material.warnings) == bool(days)


@pytest.mark.parametrize(("mode", "kept", "level"), [("require", 0, "urgent"), ("available", 1, "notice")])
def test_no_list_at_all(mode: RevocationMode, kept: int, level: str, tmp_path: Path) -> None:
    (tmp_path / "0.crl").write_bytes(foreign("Other").crl())
    material = load(tmp_path, [], mode=mode)
    assert len(material.intermediates) == kept
    found = [warning for warning in material.warnings if warning.said.startswith("no revocation list of R")]
    assert [warning.level for warning in found] == [level]


def test_a_stale_list_still_revokes(tmp_path: Path) -> None:
    lists = [ROOT.crl([ISSUING.certificate.serial_number]), ISSUING.crl()]
    assert load(tmp_path, lists, mode="stale-ok", days=8).intermediates == ()


def test_a_list_near_its_end_is_announced(tmp_path: Path) -> None:
    lists = [ROOT.crl(), ISSUING.crl(days=30)]
    assert load(tmp_path, lists, days=5).warnings == ()
    assert "ends on 2026-11-08 12:00 UTC" in load(tmp_path, lists, days=5.5).warnings[0].said


def test_a_list_from_the_future_is_used_and_announced(tmp_path: Path) -> None:
    material = load(tmp_path, [ROOT.crl(begin=NOW + timedelta(hours=1)), ISSUING.crl()])
    assert len(material.revocation_lists) == 2
    assert [warning.level for warning in material.warnings] == ["not-yet-valid"]


def test_a_delta_list_is_ignored(tmp_path: Path) -> None:
    delta = ROOT.crl([1], extensions=[(x509.DeltaCRLIndicator(1), True)])
    material = load(tmp_path, [ROOT.crl([2]), delta, ISSUING.crl()])
    assert {number for entry in material.revocation_lists for number in entry.numbers()} == {2}
    assert "delta" in material.warnings[0].said


@pytest.mark.parametrize(
    ("extension", "said"),
    [
        (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), "of an unknown kind"),
        (x509.IssuingDistributionPoint(None, None, False, False, None, True, False), "indirect or partial"),
        (x509.IssuingDistributionPoint(None, None, False, False, None, False, True), "indirect or partial"),
    ],
)
def test_lists_that_would_be_read_wrongly_are_refused(extension: x509.ExtensionType, said: str, tmp_path: Path) -> None:
    with pytest.raises(PkiError, match=said):
        load(tmp_path, [ROOT.crl(extensions=[(extension, True)])])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"nonsense", "revocation list does not parse"),
        (ROOT.pem(), "it holds CERTIFICATE"),
        (ROOT.crl()[:150], "its PEM is not complete"),
        (b"-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n", "does not parse"),
    ],
)
def test_broken_lists_name_themselves(content: bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(PkiError, match=said) as caught:
        load(tmp_path, [content])
    assert str(tmp_path / "0.crl") in caught.value.message


def test_a_pattern_that_matches_nothing_is_announced(tmp_path: Path) -> None:
    material = load(tmp_path, [], mode="available", intermediates=[])
    assert "no file matches" in material.warnings[0].said


def _point(name: str) -> list[tuple[x509.ExtensionType, bool]]:
    where = [x509.UniformResourceIdentifier(f"http://crl.example/{name}")]
    return [(x509.IssuingDistributionPoint(where, None, False, False, None, False, False), True)]

"""Revocation from the first command to the list that OpenSSL and the data plane read."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from pki_lab import NOW, foreign, openssl

from nac.errors import ConflictError, NotFoundError, PkiError
from nac.pki.authority import Authority
from nac.pki.crl import build_crls, refresh_if_due
from nac.pki.issue import ClientFiles, issue_client
from nac.pki.names import ClientNames
from nac.pki.ocsp import sign_response
from nac.pki.read import read_certificates, read_revocation_lists
from nac.pki.record import load_revocations, serial_text
from nac.pki.revoke import find, fingerprint, revocable, revoke
from nac.pki.show import authority_warnings, list_certificates, list_crls


@pytest.fixture
def laptop(authority: Authority, tmp_path: Path) -> ClientFiles:
    names = ClientNames(user="alice@corp.example", device="laptop-17")
    return issue_client(authority, names, out=tmp_path / "laptop", now=NOW)


def test_openssl_sees_the_revocation(authority: Authority, laptop: ClientFiles) -> None:
    assert _verify(authority, laptop).endswith(": OK\n")
    revoke(authority, [laptop.certificate], now=NOW, reason="key-compromise")
    with pytest.raises(AssertionError, match="certificate revoked"):
        _verify(authority, laptop)
    text = openssl("crl", "-in", authority.folder.crl("issuing"), "-noout", "-text")
    assert serial_text(laptop.certificate.serial_number).upper() in text
    assert "Key Compromise" in text
    assert "X509v3 CRL Number: \n                2\n" in text


def test_every_way_to_name_a_certificate(
    authority: Authority, laptop: ClientFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    serial = serial_text(laptop.certificate.serial_number)
    digits = fingerprint(laptop.certificate)
    colons = ":".join(digits[at : at + 2] for at in range(0, 64, 2)).upper()
    names = ["alice@corp.example", "ALICE@corp.example", "laptop-17"]
    for reference in [serial, serial.upper(), f"0x{serial}", digits, colons, str(laptop.chain), *names]:
        assert find(authority, reference) == [laptop.certificate], reference
    monkeypatch.chdir(laptop.chain.parent)
    assert find(authority, "laptop-17.pem") == [laptop.certificate]


def test_names_that_are_not_there(authority: Authority, laptop: ClientFiles, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        find(authority, "laptop-71")
    assert "did you mean laptop-17?" in caught.value.fix
    other = tmp_path / "other.pem"
    other.write_bytes(foreign("laptop-17").pem())
    with pytest.raises(NotFoundError):
        find(authority, str(other))
    with pytest.raises(NotFoundError):
        find(authority, "00" * 20)
    with pytest.raises(PkiError, match="cannot be read"):
        find(authority, str(tmp_path / "missing.pem"))
    assert laptop.chain.exists()


def test_twice_is_a_conflict_and_changes_nothing(authority: Authority, laptop: ClientFiles) -> None:
    revoke(authority, [laptop.certificate], now=NOW)
    before = load_revocations(authority.folder)
    with pytest.raises(ConflictError, match="revoked already"):
        revoke(authority, [laptop.certificate], now=NOW)
    assert load_revocations(authority.folder) == before


def test_one_name_for_several(authority: Authority, laptop: ClientFiles, tmp_path: Path) -> None:
    second = issue_client(authority, ClientNames(device="laptop-17"), out=tmp_path / "second", now=NOW)
    old = issue_client(
        authority, ClientNames(device="laptop-17"), out=tmp_path / "old", now=NOW - timedelta(days=99), days=9
    )
    found = find(authority, "laptop-17")
    assert {c.serial_number for c in found} == {files.certificate.serial_number for files in (laptop, second, old)}
    assert old.certificate not in revocable(authority, found, NOW)
    revoke(authority, [laptop.certificate], now=NOW)
    assert revocable(authority, find(authority, "laptop-17"), NOW) == [second.certificate]


def test_unspecified_is_left_out_of_the_list_rfc5280_5_3_1(authority: Authority, laptop: ClientFiles) -> None:
    revoke(authority, [laptop.certificate], now=NOW)
    entry = next(iter(read_revocation_lists(authority.folder.crl("issuing"))[0]))
    assert list(entry.extensions) == []


def test_the_root_lists_the_issuing_authority(authority: Authority) -> None:
    revoke(authority, [authority.issuing], now=NOW, reason="ca-compromise")
    root_list = read_revocation_lists(authority.folder.crl("root"))[0]
    assert root_list.get_revoked_certificate_by_serial_number(authority.issuing.serial_number) is not None
    assert len(read_revocation_lists(authority.folder.crl("issuing"))[0]) == 0


def test_an_offline_root(authority: Authority, laptop: ClientFiles) -> None:
    authority.folder.key("root").unlink()
    before = authority.folder.crl("root").read_bytes()
    assert [built.authority for built in build_crls(authority, now=NOW)] == ["issuing"]
    assert authority.folder.crl("root").read_bytes() == before
    revoke(authority, [laptop.certificate], now=NOW)
    with pytest.raises(PkiError, match="root's key is not here"):
        revoke(authority, [authority.issuing], now=NOW)
    assert len(load_revocations(authority.folder).revoked) == 1


def test_expired_certificates_leave_the_list(authority: Authority, laptop: ClientFiles) -> None:
    revoke(authority, [laptop.certificate], now=NOW)
    end = laptop.certificate.not_valid_after_utc
    assert build_crls(authority, now=end + timedelta(days=29))[1].entries == 1
    assert build_crls(authority, now=end + timedelta(days=31))[1].entries == 0


def test_numbers_grow_and_times_follow(authority: Authority) -> None:
    later = NOW + timedelta(days=1)
    built = build_crls(authority, now=later, days=2)
    assert [entry.number for entry in built] == [2, 2]
    assert {entry.next_update for entry in built} == {later + timedelta(days=2)}


def test_refresh_only_when_due(authority: Authority) -> None:
    assert refresh_if_due(authority, now=NOW + timedelta(days=3)) == []
    assert len(refresh_if_due(authority, now=NOW + timedelta(days=3, hours=12))) == 2
    assert refresh_if_due(authority, now=NOW + timedelta(days=4)) == []
    authority.folder.crl("issuing").write_bytes(b"damaged")
    assert len(refresh_if_due(authority, now=NOW + timedelta(days=4))) == 2
    authority.folder.crl("root").unlink()
    assert len(refresh_if_due(authority, now=NOW + timedelta(days=4))) == 2


def test_writers_take_turns(authority: Authority, tmp_path: Path) -> None:
    issued = [
        issue_client(authority, ClientNames(device=f"d{n}"), out=tmp_path / "many", now=NOW).certificate
        for n in range(8)
    ]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda certificate: revoke(authority, [certificate], now=NOW), issued))
    assert len(load_revocations(authority.folder).revoked) == 8
    crl = read_revocation_lists(authority.folder.crl("issuing"))[0]
    assert (len(crl), crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number) == (8, 9)


def test_a_damaged_record_is_not_taken_for_an_empty_one(authority: Authority, laptop: ClientFiles) -> None:
    for content in ("", "[]", '{"revoked": [{}]}', '{"revoked": [], "more": 1}'):
        authority.folder.revoked.write_text(content)
        with pytest.raises(PkiError, match="damaged"):
            revoke(authority, [laptop.certificate], now=NOW)


def test_a_revoked_server_certificate_is_stapled_as_revoked(authority: Authority) -> None:
    leaf = read_certificates(authority.folder.path / "server-p256.pem")[0]
    revoke(authority, [leaf], now=NOW)
    response = x509.ocsp.load_der_ocsp_response(sign_response(authority, leaf, now=NOW))
    assert response.certificate_status is x509.ocsp.OCSPCertStatus.REVOKED


def test_show_tells_status_and_days(authority: Authority, laptop: ClientFiles, tmp_path: Path) -> None:
    old = issue_client(authority, ClientNames(device="old"), out=tmp_path / "o", now=NOW - timedelta(days=99), days=9)
    soon = issue_client(authority, ClientNames(device="soon"), out=tmp_path / "s", now=NOW - timedelta(days=340))
    revoke(authority, [laptop.certificate], now=NOW)
    rows = {row.name: row for row in list_certificates(authority, now=NOW)}
    assert [row.kind for row in list_certificates(authority, now=NOW)][:4] == ["root", "issuing", "server", "server"]
    assert (rows["alice@corp.example"].status, rows["alice@corp.example"].warning) == ("revoked", "fine")
    assert (rows["old"].status, rows["old"].days_left) == ("expired", -90)
    assert (rows["soon"].status, rows["soon"].days_left, rows["soon"].warning) == ("valid", 25, "warning")
    assert {old.certificate, soon.certificate} <= {c for name in ("old", "soon") for c in find(authority, name)}


@pytest.mark.parametrize(
    ("left", "level"), [(91, "fine"), (89, "notice"), (29, "warning"), (6, "urgent"), (-1, "expired")]
)
def test_warnings_at_90_30_and_7_days(left: int, level: str, authority: Authority) -> None:
    now = authority.issuing.not_valid_after_utc - timedelta(days=left, hours=-1 if left < 0 else 0)
    row = next(row for row in list_certificates(authority, now=now) if row.kind == "issuing")
    assert row.warning == level


def test_warnings_of_the_authority(authority: Authority) -> None:
    assert authority_warnings(authority, now=NOW) == []
    assert {row.current for row in list_crls(authority, now=NOW + timedelta(days=8))} == {False}
    stale = authority_warnings(authority, now=NOW + timedelta(days=8))
    assert [(warning.path.name, warning.level) for warning in stale] == [
        ("root.crl", "urgent"),
        ("issuing.crl", "urgent"),
    ]
    authority.folder.key("root").chmod(0o644)
    assert [warning.path.name for warning in authority_warnings(authority, now=NOW)] == ["root.key"]


def _verify(authority: Authority, files: ClientFiles) -> str:
    anchors = files.chain.parent / f"anchors-{os.urandom(4).hex()}.pem"
    parts = [files.ca, authority.folder.crl("root"), authority.folder.crl("issuing")]
    anchors.write_bytes(b"".join(part.read_bytes() for part in parts))
    time = str(int(NOW.timestamp()) + 60)
    return openssl(
        *("verify", "-x509_strict", "-crl_check_all", "-attime", time, "-CAfile", anchors),
        *("-untrusted", authority.folder.certificate("issuing"), files.chain),
    )

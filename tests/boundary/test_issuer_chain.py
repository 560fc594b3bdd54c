"""`Trust.check`: the check of EAP-TLS handshakes, for chains that come over another connection."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lab_home import Home

from nac import _dataplane
from nac.config import load
from nac.snapshot.build import build
from nac.snapshot.tickets import TicketKeys


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def trust(home: Home) -> _dataplane.Trust:
    """As a snapshot of this folder has it now."""
    keys = TicketKeys.fresh(time.time())
    built = build(load(home.config), [], ticket_keys=keys, generation=1, now=datetime.now(UTC))
    return built.intake.trust


def der(path: Path) -> bytes:
    return x509.load_pem_x509_certificate(path.read_bytes()).public_bytes(Encoding.DER)


def test_names_and_end_of_a_certificate_that_counts(home: Home) -> None:
    device = home.enrol()
    found = trust(home).check(chain=[der(device.chain)], now=int(time.time()))
    certificate = x509.load_pem_x509_certificate(device.chain.read_bytes())
    assert found.dns == [device.name]
    assert found.not_after == int(certificate.not_valid_after_utc.timestamp())
    assert len(found.fingerprint) == 64


def test_what_does_not_count_says_why_in_a_word(home: Home, tmp_path: Path) -> None:
    now, device, stranger = int(time.time()), home.enrol(), Home(tmp_path / "other").enrol()
    server = home.folder / "pki/server-p256.pem"
    before = trust(home)
    home.nac("pki", "revoke", str(device.chain))
    after = trust(home)
    cases = [
        (after, [der(device.chain)], now, "revoked"),
        (before, [der(device.chain)], now + 3650 * 86400, "expired"),
        (before, [der(device.chain)], now - 3650 * 86400, "not_yet_valid"),
        (before, [der(stranger.chain)], now, "unknown_issuer"),
        (before, [der(server)], now, "wrong_purpose"),
        (before, [der(device.chain)] * 20, now, "too_long"),
        (before, [b"nothing"], now, "malformed"),
        (before, [], now, "malformed"),
    ]
    for anchor, chain, moment, word in cases:
        with pytest.raises(_dataplane.ChainError) as refused:
            anchor.check(chain=chain, now=moment)
        assert str(refused.value) == word

"""`nac device` and `nac user` on a real database."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]

FINGERPRINT = "ab" * 32


def show(nac: Run, *arguments: str) -> dict[str, object]:
    found = json.loads(nac(*arguments, "-o", "json").output)
    found.pop("added")
    return found  # type: ignore[no-any-return]


def test_a_device_from_add_to_remove(nac: Run) -> None:
    nac(
        "device", "add", "laptop-17", "--mac", "001B.7749.54FD", "--mac", "00-1b-77-49-54-fe", "--owner", "alice",
        "--kind", "laptop", "--managed", "--tag", "GPU", "--certificate", FINGERPRINT,
    )  # fmt: skip
    assert show(nac, "device", "show", "laptop-17") == {
        "name": "laptop-17",
        "kind": "laptop",
        "owner": "alice",
        "managed": True,
        "disabled": False,
        "macs": ["00:1b:77:49:54:fd", "00:1b:77:49:54:fe"],
        "certificates": [FINGERPRINT],
        "tags": ["gpu"],
        "posture": {"status": "unknown", "expires_at": None},
        "sightings": [],
    }
    nac("device", "set", "laptop-17", "--owner", "", "--unmanaged", "--remove-mac", "001b774954fe")
    nac("device", "tag", "001b774954fd", "lab", "--remove", "gpu")
    nac("device", "disable", "laptop-17")
    found = show(nac, "device", "show", "LAPTOP-17")
    assert (found["owner"], found["managed"], found["disabled"]) == (None, False, True)
    assert (found["macs"], found["tags"], found["kind"]) == (["00:1b:77:49:54:fd"], ["lab"], "laptop")
    nac("device", "enable", "laptop-17")
    nac("device", "remove", "laptop-17")
    nac("device", "show", "laptop-17", code=4)
    assert json.loads(nac("device", "list", "-o", "json").output) == []


def test_posture_has_an_end(nac: Run) -> None:
    nac("device", "add", "a")
    assert "healthy until" in nac("device", "posture", "a", "healthy", "--for", "24h").output
    posture = show(nac, "device", "show", "a")["posture"]
    assert isinstance(posture, dict)
    assert posture["status"] == "healthy"
    assert isinstance(posture["expires_at"], int)
    assert "healthy until" in nac("device", "list").output
    nac("device", "posture", "a", "fine", code=2)
    nac("device", "posture", "a", "healthy", "--for", "soon", code=2)


def test_a_certificate_from_a_file(nac: Run, tmp_path: Path) -> None:
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "laptop-17")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + datetime.timedelta(days=1))
    certificate = builder.sign(key, hashes.SHA256())
    (tmp_path / "c.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (tmp_path / "c.der").write_bytes(certificate.public_bytes(serialization.Encoding.DER))
    for file in ("c.pem", "c.der"):
        nac("device", "add", file, "--certificate", file)
        assert show(nac, "device", "show", file)["certificates"] == [certificate.fingerprint(hashes.SHA256()).hex()]
        nac("device", "remove", file)
    (tmp_path / "broken.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    nac("device", "add", "b", "--certificate", "broken.pem", code=2)


def test_a_made_up_address_is_remarked(nac: Run) -> None:
    assert "private" in nac("device", "add", "phone", "--mac", "02:aa:bb:cc:dd:ee").stderr
    assert nac("device", "add", "printer", "--mac", "00:aa:bb:cc:dd:ee").stderr == ""


def test_conflicts_and_mistakes(nac: Run) -> None:
    nac("device", "add", "laptop-17", "--mac", "001b774954fd")
    assert "exists already" in nac("device", "add", "LAPTOP-17", code=4).stderr
    assert "belongs to device" in nac("device", "add", "b", "--mac", "00:1b:77:49:54:fd", code=4).stderr
    assert "did you mean 'laptop-17'?" in nac("device", "disable", "laptop17", code=4).stderr
    assert "is not a MAC address" in nac("device", "add", "b", "--mac", "zz", code=2).stderr
    nac("device", "tag", "laptop-17", code=2)
    nac("device", "add", "a\x1b[31m", code=2)


@pytest.mark.parametrize("output", ["table", "json"])
def test_lists_filter(nac: Run, output: str) -> None:
    nac("device", "add", "one", "--owner", "Alice", "--tag", "x")
    nac("device", "add", "two")
    found = nac("device", "list", "--owner", "alice", "--tag", "X", "-o", output).output
    assert "one" in found
    assert "two" not in found


def test_a_user_from_add_to_remove(nac: Run) -> None:
    nac("user", "add", "alice", "--group", "ml", "--group", "staff")
    nac("user", "group", "Alice", "admins", "--remove", "staff")
    assert show(nac, "user", "show", "alice") == {"name": "alice", "disabled": False, "groups": ["admins", "ml"]}
    nac("user", "disable", "alice")
    assert "disabled" in nac("user", "list", "--group", "ML").output
    nac("user", "enable", "alice")
    assert "enabled" in nac("user", "show", "alice").output
    nac("user", "remove", "alice")
    nac("user", "remove", "alice", code=4)
    nac("user", "group", "alice", code=2)
    assert "no users" in nac("user", "list").stderr

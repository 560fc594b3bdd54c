"""Reports that are not what they seem: each is refused by its word, and a true one of every kind of key is taken."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from holders import holder
from reporter import b64, claims, jws

from nac.posture.refusal import RefusedError
from nac.posture.report import CLOCK_SKEW, MAX_OCTETS, verify

NOW = 1_790_000_000
NONCE = b64(b"n" * 16)
MINE = holder()
OTHER = holder()


def said(**others: Any) -> dict[str, Any]:
    return claims("laptop-17", NONCE, **{"iat": NOW, **others})


def mine(told: Any, **header: Any) -> bytes:
    return jws(MINE.key, MINE.signer.certificate, told, **header)


def parts(report: bytes) -> list[bytes]:
    return report.split(b".")


def unsigned() -> bytes:
    head, body, _ = parts(mine(said(), alg="none"))
    return head + b"." + body + b"."


def keyed_hash() -> bytes:
    """The public key as the secret of an HMAC (RFC 8725 section 2.1)."""
    head, body, _ = parts(mine(said(), alg="HS256"))
    key = MINE.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return head + b"." + body + b"." + b64(hmac.digest(key, head + b"." + body, "sha256")).encode()


def altered() -> bytes:
    head, body, signature = parts(mine(said()))
    told = json.loads(base64.urlsafe_b64decode(body + b"=="))
    told["nac"]["checks"][1]["result"] = "pass "[:4]
    told["nac"]["counter"] += 1
    return head + b"." + b64(json.dumps(told).encode()).encode() + b"." + signature


def der_signature() -> bytes:
    head, body, _ = parts(mine(said()))
    return head + b"." + body + b"." + b64(MINE.key.sign(head + b"." + body, ec.ECDSA(hashes.SHA256()))).encode()


def zero_signature() -> bytes:
    """R = S = 0 held for a verifier that forgot to look (CVE-2022-21449)."""
    head, body, _ = parts(mine(said()))
    return head + b"." + body + b"." + b64(bytes(64)).encode()


def spelled_otherwise() -> bytes:
    """The same octets in another spelling: the last character of 64 octets has four bits that say nothing."""
    report = mine(said())
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return report[:-1] + alphabet[alphabet.index(report[-1:]) ^ 1 : (alphabet.index(report[-1:]) ^ 1) + 1]


def nested(depth: int) -> bytes:
    told = json.dumps(said())[:-1] + ',"deep":' + "[" * depth + "]" * depth + "}"
    return mine(told.encode())


FORGERIES: list[tuple[str, Callable[[], bytes], str]] = [
    ("signed by another key", lambda: jws(OTHER.key, MINE.signer.certificate, said()), "bad_signature"),
    ("another device's report", lambda: jws(OTHER.key, OTHER.signer.certificate, said()), "foreign_key"),
    ("an altered claim", altered, "bad_signature"),
    ("no signature", unsigned, "malformed"),
    ("a keyed hash", keyed_hash, "malformed"),
    ("an algorithm of another key", lambda: mine(said(), alg="RS256"), "bad_signature"),
    ("another curve", lambda: mine(said(), alg="ES384"), "bad_signature"),
    ("a signature in DER", der_signature, "bad_signature"),
    ("zeros for a signature", zero_signature, "bad_signature"),
    ("another spelling", spelled_otherwise, "malformed"),
    ("a key in the header", lambda: mine(said(), jwk={"kty": "EC"}, crit=["jwk"]), "malformed"),
    ("another type of token", lambda: mine(said(), typ="JWT"), "malformed"),
    ("too large", lambda: mine(said(iss="x" * MAX_OCTETS)), "oversize"),
    ("deep where nothing is read", lambda: nested(12_000), "malformed"),
    ("deep where a value is", lambda: mine(said(said={"checks": [[[[]]]]})), "malformed"),
    ("for another audience", lambda: mine(said(aud="nac-posture-2")), "wrong_audience"),
    ("for several audiences", lambda: mine(said(aud=["nac-posture"])), "malformed"),
    ("a second too old", lambda: mine(said(iat=NOW - CLOCK_SKEW - 1)), "too_old"),
    ("a second too early", lambda: mine(said(iat=NOW + CLOCK_SKEW + 1)), "from_the_future"),
    ("of another name", lambda: mine(said(sub="laptop-18")), "foreign_key"),
    ("a counter below zero", lambda: mine(said(said={"counter": -1})), "malformed"),
    ("a counter beyond integers", lambda: mine(said(said={"counter": 2**60})), "malformed"),
    ("a short nonce", lambda: mine(said(eat_nonce="abc")), "malformed"),
    ("no claims", lambda: mine(b"{}"), "malformed"),
    ("no JSON", lambda: mine(b"\xff\xfe"), "malformed"),
    ("two parts", lambda: b".".join(parts(mine(said()))[:2]), "malformed"),
    ("four parts", lambda: mine(said()) + b".", "malformed"),
    ("nothing", lambda: b"", "malformed"),
]


@pytest.mark.parametrize(("forge", "word"), [row[1:] for row in FORGERIES], ids=[row[0] for row in FORGERIES])
def test_a_forgery_is_refused_by_its_word(forge: Callable[[], bytes], word: str) -> None:
    with pytest.raises(RefusedError) as refused:
        verify(forge(), MINE.signer, now=NOW)
    assert refused.value.word == word
    assert refused.value.fix


@pytest.mark.parametrize(
    ("kind", "alg"), [("p256", "ES256"), ("p384", "ES384"), ("ed25519", "EdDSA"), ("rsa", "PS256"), ("rsa", "RS256")]
)
def test_rfc7518_3_a_report_of_every_kind_of_key_is_taken(kind: str, alg: str) -> None:
    mine = holder(kind)
    report = verify(jws(mine.key, mine.signer.certificate, said(), alg=alg), mine.signer, now=NOW)
    assert report.claims.nac.counter == 1
    assert report.findings["firewall"].result == "pass"
    assert report.signer == mine.signer


@pytest.mark.parametrize("skew", [-CLOCK_SKEW, 0, CLOCK_SKEW])
def test_a_clock_may_differ_so_much(skew: int) -> None:
    assert verify(mine(said(iat=NOW + skew)), MINE.signer, now=NOW).claims.iat == NOW + skew


def test_unknown_claims_and_checks_are_ignored_and_a_check_said_twice_is_not_known() -> None:
    more = [
        {"name": "of_the_future", "result": "pass", "value": 1},
        {"name": "firewall", "result": "pass", "value": None},
        {"name": "firewall", "result": "fail", "value": None},
    ]
    report = verify(mine(said(said={"checks": more}, dloas=[])), MINE.signer, now=NOW)
    assert {name: finding.result for name, finding in report.findings.items()} == {"firewall": "unknown"}


def test_the_thumbprint_is_of_the_certificate() -> None:
    """RFC 7515 section 4.1.8, computed here anew."""
    head = json.loads(base64.urlsafe_b64decode(parts(mine(said()))[0] + b"=="))
    assert head["x5t#S256"] == b64(hashlib.sha256(MINE.signer.certificate).digest())


def test_every_octet_of_a_report_matters() -> None:
    """Any one bit flipped, anywhere: refused."""
    report = mine(said())
    for position in range(0, len(report), 7):
        damaged = bytearray(report)
        damaged[position] ^= 0x01
        with pytest.raises(RefusedError):
            verify(bytes(damaged), MINE.signer, now=NOW)

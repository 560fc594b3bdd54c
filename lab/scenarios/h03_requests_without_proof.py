"""Requests without a right Message-Authenticator, or against RFC 3579, get no answer (CVE-2024-3596)."""

from __future__ import annotations

from lab.hostile.attacker import Attacker, goes_on
from lab.hostile.packets import (
    EAP_MESSAGE,
    MESSAGE_AUTHENTICATOR,
    PROXY_STATE,
    USER_NAME,
    attribute,
    bypass,
    eap_message,
    identity,
    request,
    station,
)
from lab.scenarios.vocabulary import Campus

USER_PASSWORD = 2


def play(campus: Campus) -> None:
    with Attacker(campus, "ber-3") as attacker:
        secret, known, name = attacker.secret, bypass(attacker.mac), eap_message(identity(b"nobody"))
        there = station(attacker.mac, "nobody")
        attacker.is_discarded(
            {
                "another secret": request(known, b"not " + secret),
                "EAP, another secret": request(there + name, b"guess"),
            },
            "bad_message_authenticator",
        )
        attacker.is_discarded({"EAP, not signed": request(there + name, None)}, "eap_unprotected")
        proxied = [*known, attribute(PROXY_STATE, b"chosen prefix")]
        attacker.is_discarded(
            {"nothing signed": request(known, None), "Proxy-State, not signed": request(proxied, None)},
            "missing_message_authenticator",
        )
        attacker.is_discarded(
            {
                "two signatures": request([*known, attribute(MESSAGE_AUTHENTICATOR, bytes(16))], secret),
                "a short signature": request([*known, attribute(MESSAGE_AUTHENTICATOR, bytes(15))], None),
            },
            "malformed_message_authenticator",
        )
        password = attribute(USER_PASSWORD, bytes(16))
        attacker.is_discarded({"EAP with a password": request([*there, *name, password], secret)}, "eap_with_password")
        scattered = [attribute(EAP_MESSAGE, b"a"), attribute(USER_NAME, b"between"), attribute(EAP_MESSAGE, b"b")]
        attacker.is_discarded({"EAP in pieces": request(scattered, secret)}, "malformed_eap_message")
        attacker.is_discarded(
            {f"code {code}": request(known, secret, code=code) for code in (2, 3, 11, 40, 43, 0, 255)},
            "unexpected_code",
        )
    goes_on(campus)

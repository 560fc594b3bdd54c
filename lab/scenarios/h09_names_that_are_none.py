"""Identities made for terminals, logs and databases: they are refused as any stranger, and shown as harmless text."""

from __future__ import annotations

import secrets

from lab.hostile.attacker import Attacker, goes_on
from lab.hostile.packets import ACCESS_CHALLENGE, identity
from lab.scenarios.vocabulary import Campus

NAMES = (
    b"\x1b[2J\x1b]0;owned\x07",
    b"nobody\n2026-01-01 accept admin",
    b"'; drop table authentications; --",
    b"<script>alert(1)</script>",
    b"\xff\xfe\x00\xc0\xaf",
    b"",
    b"n" * 1000,
)


def play(campus: Campus) -> None:
    for name in NAMES:
        with Attacker(campus, "ber-3") as attacker:
            codes = attacker.converses([identity(name)], user=f"u-{secrets.token_hex(4)}")
            campus.must(codes[0] in (ACCESS_CHALLENGE, 3), f"answered: {name[:20]!r}")
    said = campus.nac("auth", "list", "--limit", "50") + (campus.lab.nac / "server.log").read_text()
    harmful = [character for character in said if not character.isprintable() and character != "\n"]
    campus.must(harmful == [], "no control character comes out of a list or the log")
    goes_on(campus)

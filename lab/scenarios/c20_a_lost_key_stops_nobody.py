"""With the server's key gone from the disk the running server keeps what it has, and says what is missing."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    laptop = campus.laptop("devops")
    campus.takes_over()
    key = campus.nac.folder / "pki/server-p256.key"
    away = key.with_suffix(".away")
    key.rename(away)
    try:
        campus.is_refused(campus.takes_over, saying=key.name)
        laptop.plugs_into("ber-1").signs_in().reaches("deployment")
    finally:
        away.rename(key)
        campus.takes_over()

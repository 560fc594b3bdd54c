"""TLS 1.3 and TLS 1.2 both get in, each recorded as what it was."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    for version in ("1.3", "1.2"):
        laptop = campus.laptop("devops")
        campus.takes_over()
        laptop.plugs_into("ber-1").signs_in(tls=version).reaches("deployment")
        campus.must(laptop.event["tls"]["version"] == version, f"recorded as TLS {version}")

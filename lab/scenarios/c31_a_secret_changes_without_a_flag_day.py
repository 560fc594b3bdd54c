"""A switch's secret is changed in three steps, and at none of them does anybody have to wait outside."""

from __future__ import annotations

import secrets

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    laptop = campus.laptop("devops")  # nobody else is at this switch
    new = secrets.token_urlsafe(24)
    file = campus.lab.folder / "devices" / f"{campus.tag}.secret"
    file.write_text(new)
    campus.takes_over()
    laptop.plugs_into("ber-3").signs_in()
    campus.admin("client", "rotate-secret", "ber-3", "--secret-file", str(file))
    campus.takes_over()
    laptop.is_asked_again().reaches("deployment")
    laptop.leaves()
    campus.shares("ber-3", new)
    laptop.plugs_into("ber-3").signs_in().reaches("deployment")
    campus.admin("client", "rotate-secret", "ber-3", "--finish")
    campus.takes_over()
    laptop.is_asked_again().reaches("deployment")

"""A switch's secret is changed in three steps, and at none of them does anybody have to wait outside."""

from __future__ import annotations

import secrets

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    laptop = campus.laptop("devops")
    new = secrets.token_urlsafe(24)
    file = campus.lab.folder / "new.secret"
    file.write_text(new)
    campus.takes_over()
    laptop.plugs_into("ber-2").signs_in()
    campus.admin("client", "rotate-secret", "ber-2", "--secret-file", str(file))
    campus.takes_over()
    laptop.is_asked_again().reaches("deployment")
    laptop.leaves()
    campus.shares("ber-2", new)
    laptop.plugs_into("ber-2").signs_in().reaches("deployment")
    campus.admin("client", "rotate-secret", "ber-2", "--finish")
    campus.takes_over()
    laptop.is_asked_again().reaches("deployment")

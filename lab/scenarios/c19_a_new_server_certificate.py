"""The server's certificate is renewed while it runs: who is in stays in, who comes sees the new one."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    inside, newcomer = campus.laptop("devops"), campus.laptop("devops")
    campus.takes_over()
    inside.plugs_into("ber-1").signs_in()
    campus.admin("pki", "server")
    campus.takes_over()
    inside.reaches("deployment")
    newcomer.plugs_into("ber-1").signs_in().reaches("deployment")
    inside.is_asked_again().reaches("deployment")

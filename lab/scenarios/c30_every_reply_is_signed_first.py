"""Each reply begins with a Message-Authenticator (CVE-2024-3596): accepts, rejects and challenges, of both methods."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus

REPLIES = (2, 3, 11)
MESSAGE_AUTHENTICATOR = 80


def play(campus: Campus) -> None:
    good, refused, printer = campus.laptop("devops"), campus.laptop(), campus.printer()
    campus.takes_over()
    good.plugs_into("ber-1").signs_in()
    refused.plugs_into("ber-1").is_refused("policy_default_deny")
    printer.plugs_into("ber-1").is_bypassed()
    replies = [rung for who in (good, refused, printer) for rung in who.packets() if rung.code in REPLIES]
    campus.must({rung.code for rung in replies} == set(REPLIES), f"{len(replies)} replies of all three kinds")
    campus.must(all(rung.octets[20] == MESSAGE_AUTHENTICATOR for rung in replies), "each is signed first")

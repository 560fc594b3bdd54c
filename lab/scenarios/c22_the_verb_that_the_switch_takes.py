"""Each make of switch is asked in the way that it takes: change in place, disconnect, or authenticate again."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus

VERBS = {"ber-1": "change", "ber-2": "disconnect", "bos-1": "reauthenticate"}


def play(campus: Campus) -> None:
    for switch, verb in VERBS.items():
        laptop = campus.laptop("devops")
        campus.takes_over()
        laptop.plugs_into(switch).signs_in().reaches("deployment")
        laptop.posture("unhealthy")
        laptop.loses("deployment").has_change("confirmed")
        (job,) = campus.nac.json("session", "jobs", "--mac", laptop.mac)
        campus.must(job["verb"] == verb, f"{switch} is told to {verb}")
        laptop.leaves()

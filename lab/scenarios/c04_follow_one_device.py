"""One device among many, by any notation of its address."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    wanted, other = campus.laptop("business"), campus.laptop("business")
    campus.takes_over()
    for laptop in (wanted, other):
        laptop.plugs_into("ber-1").signs_in()
    dotted = wanted.mac.replace(":", "")
    notation = ".".join(dotted[at : at + 4] for at in (0, 4, 8))
    found = campus.nac.json("auth", "list", "--mac", notation)
    campus.must({event["identity_device"] for event in found} == {wanted.name}, f"--mac {notation} shows it alone")

"""A device is its certificate: three MAC addresses, one entry in the inventory."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    laptop = campus.laptop("data-science")
    campus.takes_over()
    seen = []
    for ending in ("a1", "a2", "a3"):
        laptop.wears(f"02:12:5e:00:00:{ending}")
        laptop.plugs_into("ber-1").signs_in()
        seen.append((laptop.event["mac"], laptop.event["identity_device"]))
    campus.must(len({mac for mac, _ in seen}) == 3, "three addresses were seen")
    campus.must({device for _, device in seen} == {laptop.name}, "all three are the one device")

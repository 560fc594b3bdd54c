"""Who moves from port to port and from switch to switch has one place, the last one."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    laptop = campus.laptop("ml-engineering")
    campus.takes_over()
    laptop.plugs_into("ber-1").signs_in()
    laptop.moves_to("ber-1").moves_to("ber-2").moves_to("bos-1").reaches("dev-cluster")
    open_ports = [
        port
        for switch in ("ber-1", "ber-2", "bos-1")
        for port in campus.ports(switch)
        if port["session"] and port["session"]["user"] == laptop.identity
    ]
    campus.must(len(open_ports) == 1, "one port of the campus is open to it")
    live = campus.nac.json("session", "list", "--device", laptop.name)
    campus.must(
        [one["client"] for one in live if one["state"] == "active"] == ["bos-1"], "nac has one live session of it"
    )
    campus.must(laptop.event["identity_device"] == laptop.name, "and the record knows it by its certificate")

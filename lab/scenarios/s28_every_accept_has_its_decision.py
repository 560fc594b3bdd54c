"""Each Access-Accept on the wire has a stored decision with an id, and there is no decision without a rule."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    devices = [campus.laptop("ml-engineering"), campus.laptop("business", managed=False)]
    printer = campus.printer()
    campus.takes_over()
    for device in devices:
        device.plugs_into("ber-2").signs_in().signs_in()
    printer.plugs_into("ber-2").is_bypassed()
    for device in (*devices, printer):
        events = campus.nac.json("auth", "list", "--mac", device.mac)
        device.has_packets(Access_Accept=len(events))
        campus.must(
            all(event["id"] and event["decision"]["rule"] for event in events), "each has an id and names its rule"
        )

"""Coming back is a resumed handshake, and while a healthy device is asked again nothing stops flowing."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    laptop = campus.laptop("ml-engineering")
    campus.takes_over()
    laptop.plugs_into("ber-1").signs_in().reaches("training-cluster")
    full = laptop.event["tls"]["resumed"]
    session = laptop.host.seen()["session"]["accounting"]
    laptop.is_asked_again().reaches("training-cluster")
    campus.must((full, laptop.event["tls"]["resumed"]) == (False, True), "the second handshake is a resumption")
    campus.must(
        laptop.host.supplicant is not None and laptop.host.supplicant.resumed(), "and the supplicant says so, too"
    )
    campus.must(laptop.host.seen()["session"]["accounting"] == session, "it is still the same session")

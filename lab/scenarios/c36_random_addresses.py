"""A laptop that changes its address with every cable keeps its place; an address by itself opens nothing."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    laptop, printer = campus.laptop("data-science"), campus.printer()
    campus.takes_over()
    laptop.plugs_into("ber-1").signs_in().reaches("notebooks")
    laptop.wears("06:36:5e:00:00:01").plugs_into("ber-1").signs_in().is_in("data-science", vlan=121).reaches(
        "notebooks"
    )
    stranger = campus.printer(known=False)
    stranger.plugs_into("ber-1").is_bypassed_in_vain("unknown_mac")
    printer.plugs_into("ber-1").is_bypassed().reaches_only("print-server")

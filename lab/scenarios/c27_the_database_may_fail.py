"""While nobody can write into the database, devices get in as ever, and the record follows."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    laptop = campus.laptop("ml-engineering")
    campus.takes_over()
    laptop.plugs_into("ber-1")
    with campus.database_is_away():
        laptop.gets_in().reaches("training-cluster").cannot_reach("dataset-ingest")
        campus.must(laptop.host.seen()["vlan"] == 120, "it is in the VLAN that it always had, 120")
    laptop.is_recorded().is_in("ml-engineering", vlan=120)

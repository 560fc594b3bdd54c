"""What must not leave the region is closed to sessions from elsewhere, whoever asks with whatever device."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    laptop = campus.laptop("data-science")
    campus.takes_over()
    laptop.plugs_into("ber-1").signs_in().reaches("eu-archive", "curated-datasets")
    laptop.moves_to("bos-1").reaches("curated-datasets").cannot_reach("eu-archive")
    campus.must("eu-archive" not in laptop.event["decision"]["grants"], "the record of Boston does not grant it either")

"""What is protected has a name; the access list follows from it, and what is still named cannot be removed."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    with campus.policy(
        """
        resource shadow-hub { kind notebook  address 10.25.0.10  port tcp 3000 }
        allow shadow-hub when persona data-scientist and persona healthy
        """
    ):
        laptop = campus.laptop("data-science")
        campus.takes_over()
        laptop.plugs_into("ber-1").signs_in()
        campus.must("shadow-hub" in laptop.event["decision"]["grants"], "the grant names shadow-hub")
        campus.must(
            "10.25.0.10 tcp dport 3000" in laptop.host.seen()["list"], "the list in force has its address and port"
        )

    def names_what_is_not_there() -> None:
        with campus.policy("allow shadow-hub when persona data-scientist and persona healthy"):
            pass

    campus.is_refused(names_what_is_not_there, saying="shadow-hub")

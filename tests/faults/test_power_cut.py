"""A site comes back after a power cut: every port at once, retransmitting. Everybody gets in, nothing is done twice."""

from __future__ import annotations

import os
from collections import Counter

from lab_home import Home
from nac_server import Server, drained, serving, until
from sqlalchemy import func, select
from swarm import SOURCES, swarm

from nac.db.schema import Accounting, Authentication

DEVICES = int(os.environ.get("NAC_STORM", "2000"))
CERTIFICATES = 4
ML_ENGINEERING = "120"
"""The VLAN of the example policy for those whose devices are enrolled here."""


def records(server: Server) -> Counter[str]:
    """How many records of each kind are stored."""
    with server.database.read() as session:
        rows = session.execute(select(Accounting.status, func.count()).group_by(Accounting.status))
        return Counter({status: int(count) for status, count in rows})


def test_a_power_cut_lets_everybody_in_and_does_nothing_twice(home: Home) -> None:
    home.add_client("site", SOURCES, "--rate", "1000", "--burst", str(min(DEVICES // 2, 2000)))
    for _ in range(CERTIFICATES):
        home.enrol()
    with serving(home) as server:
        report = swarm(
            server,
            home,
            *("--profile", "power-cut", "--supplicants", str(DEVICES), "--attempts", "20"),
            *("--stay", "6", "--interim", "4", "--lose-every", "50", "--expect-segment", f"ml={ML_ENGINEERING}"),
        )
        until(lambda: drained(server), "the journal is drained", why=server.log)
        counters = server.status()["counters"]
        with server.database.read() as session:
            accepted = session.execute(
                select(Authentication.mac, func.count()).where(Authentication.result == "accept").group_by("mac")
            ).all()
            rejected = session.scalar(select(func.count()).where(Authentication.result == "reject"))
        stored = records(server)

    assert report["all_right"], report
    assert report["devices_in"] == DEVICES
    assert report["granted"] == {"ml": DEVICES}
    # A request that was sent again was answered again; it began no second handshake. Whose Access-Accept was lost in
    # all its transmissions logs in again, with the ticket of the handshake that it has behind it.
    logins = report["logins"]
    assert report["lost_replies"] > 0
    assert report["retransmits"] >= report["lost_replies"]
    assert counters["duplicates"] > 0
    assert logins["handshakes_full"] + logins["handshakes_resumed"] == DEVICES
    assert logins["handshakes_resumed"] <= DEVICES // 100, logins
    assert 0 <= counters["accepts"] - DEVICES <= logins["handshakes_resumed"], logins
    assert sum(count for _, count in accepted) == counters["accepts"]
    assert len(accepted) == DEVICES
    assert rejected == counters["rejects"] == 0
    # What was too much at once was turned away before it cost anything, and came again.
    assert counters["discard.rate_limited"] > 0
    # What was answered is stored, once.
    answered = report["accounting"]
    assert answered["start"] == answered["stop"] == DEVICES
    assert stored == Counter(
        {
            "start": DEVICES,
            "stop": DEVICES,
            "interim-update": answered["interim"],
            "accounting-on": report["switches"],
        }
    )
    assert counters["accounting.duplicates"] > 0

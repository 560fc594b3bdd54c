"""`nac policy diff | replay | matrix`: what a change would change, before it is made."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from sqlalchemy import select
from worlds import Nac, policy_of

from nac.db import Database
from nac.db.schema import Authentication, FactSet
from nac.events.retention import Limits, delete_older
from nac.policy.diff import difference
from nac.policy.replay import replay

Ask = Callable[..., Any]

BASE = """
resource a { address 10.0.0.1 port tcp 443 }
resource b { address 10.0.0.2 port tcp 443 }
segment s { vlan 1 }
segment t { vlan 2 }
persona one when user.groups has "one"
persona two when user.groups has "two"
place in s when persona one and device.managed
place in t when persona two
allow a when persona one
allow b when persona two
"""
NOW = int(time.time())


def changes(old: str, new: str) -> list[tuple[str | None, str, bool]]:
    found = difference(policy_of(old), policy_of(new), {})
    return [(gain.persona, gain.resource, gain.gained) for gain in found.gains]


def test_nothing_changes_when_only_the_words_do() -> None:
    other = BASE.replace("persona one and device.managed", "device.managed and not (not persona one)")
    found = difference(policy_of(BASE), policy_of(other), {})
    assert (found.gains, found.moves, found.declared) == ((), (), ())


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("allow b when persona two", "allow a, b when persona two", [("two", "a", True)]),
        ("allow a when persona one", "allow a when persona one and tls.version = \"1.3\"", [("one", "a", False)]),
        ("persona one and device.managed", "persona one", [("one", "a", True)]),
        ("allow b when persona two\n", 'allow b when persona two or device.tags has "x"\n', [("one", "b", True)]),
        ("port tcp 443 }\nsegment", "port tcp 22 }\nsegment", []),
        ("allow b when persona two\n", 'allow b when persona two\nforbid b when persona one\n', [(None, "b", False)]),
    ],
)  # fmt: skip
def test_gains_and_losses_of_personas(old: str, new: str, expected: list[tuple[str | None, str, bool]]) -> None:
    assert old in BASE
    assert changes(BASE, BASE.replace(old, new)) == expected


def test_moves_declarations_and_devices() -> None:
    new = BASE.replace("segment s { vlan 1 }", 'segment s { vlan 7 role "r" }').replace("place in t", "place in s")
    facts = {"method": "eap-tls", "user.known": True, "user.groups": ("two",), "device.managed": False}
    found = difference(policy_of(BASE), policy_of(new), {"tablet": facts})
    assert ("two", "t", "s") in [(move.persona, move.before, move.after) for move in found.moves]
    assert {(one.name, one.what) for one in found.declared} == {("s", "vlan: 1 -> 7"), ("s", "role: none -> r")}
    (device,) = found.devices
    assert (device.device, device.before.segment, device.after.segment) == ("tablet", "t", "s")


def test_diff_on_the_command_line(nac: Nac, ask: Ask, site: Path, laptop: str) -> None:
    candidate = site / "candidate.policy"
    text = (site / "policy/estate.policy").read_text()
    candidate.write_text(text + "allow observability when persona ml-engineer and persona healthy\n")
    rows = ask("diff", "policy", str(candidate))
    assert ("persona", "ml-engineer", "gains observability") in [
        (row["what"], row["name"], row["change"]) for row in rows
    ]
    assert any(row["what"] == "device" and row["name"] == laptop for row in rows)
    assert 'user.groups has "ml-engineering"' in next(row["example"] for row in rows if row["name"] == "ml-engineer")
    assert "nothing changes for anyone" in nac("policy", "diff", "policy").stderr


# --- replay ---


def authenticate(store: Callable[..., None], count: int) -> None:
    for number in range(count):
        device = number % 4
        facts = {
            "method": "eap-tls", "user.known": True, "user.groups": ["one" if device % 2 else "two"],
            "device.name": f"laptop-{device}", "device.managed": True, "device.tags": [],
            "certificate.days_left": 20 - number,
        }  # fmt: skip
        store(number, at=NOW - 3600 * number - 60, facts=facts)


def test_a_fact_set_is_kept_once(database: Database, store: Callable[..., None]) -> None:
    authenticate(store, 20)
    with database.read() as session:
        assert len(session.scalars(select(FactSet.id)).all()) == 4
        rows = session.execute(select(Authentication.days_left, Authentication.generation)).all()
    assert sorted(row.days_left for row in rows) == list(range(1, 21))
    assert all(row.generation is not None for row in rows)


def test_fact_sets_go_with_their_last_authentication(database: Database, store: Callable[..., None]) -> None:
    authenticate(store, 4)
    delete_older(database, Limits.all_at(NOW - 3600 - 120))
    with database.read() as session:
        assert len(session.scalars(select(FactSet.id)).all()) == 2


def test_replay_lists_changes_by_device_and_persona(database: Database, store: Callable[..., None]) -> None:
    authenticate(store, 20)
    current, candidate = (
        policy_of(BASE),
        policy_of(BASE.replace("allow a when persona one", "allow a, b when persona one")),
    )
    with database.read() as session:
        found = replay(session, current, candidate, since=NOW - 86400, until=NOW)
        again = replay(session, current, candidate, since=NOW - 86400, until=NOW)
        same = replay(session, current, current, since=NOW - 86400, until=NOW)
    assert (found.authentications, found.decisions, found.changes) == (20, 4, 10)
    told = [(one.device, one.personas, str(one.before), str(one.after), one.authentications) for one in found.changed]
    assert told == [(f"laptop-{number}", ("one",), "s: a", "s: a, b", 5) for number in (1, 3)]
    assert found.digest == again.digest
    assert same.changes == 0
    assert same.digest != found.digest


def test_replay_tells_days_and_times_apart_where_a_policy_does(database: Database, store: Callable[..., None]) -> None:
    authenticate(store, 20)
    hours = f"time >= {NOW - 3600 * 10}"
    candidate = policy_of(
        BASE.replace("allow a when persona one", f"allow a when persona one and certificate.days_left > 6 and {hours}")
    )
    with database.read() as session:
        found = replay(session, policy_of(BASE), candidate, since=NOW - 86400, until=NOW)
        shorter = BASE.replace("allow a when persona one", "allow a when persona one and certificate.days_left > 6")
        days = replay(session, policy_of(BASE), policy_of(shorter), since=NOW - 86400, until=NOW)
    lost = [number for number in range(20) if number % 2 and not (20 - number > 6 and number < 10)]
    assert found.changes == len(lost)
    assert days.changes == len([number for number in range(20) if number % 2 and 20 - number <= 6])
    assert found.decisions < 20


def test_replay_on_the_command_line(nac: Nac, site: Path, store: Callable[..., None]) -> None:
    authenticate(store, 8)
    (site / "policy/estate.policy").write_text(BASE)
    candidate = site / "candidate.policy"
    candidate.write_text(BASE.replace("place in t when persona two\n", ""))
    said = nac("policy", "replay", "--since", "2d", "--candidate", str(candidate)).stdout
    assert "8 authentications, 4 different ones, 4 answered otherwise; 0 never came to a decision" in said
    assert said.splitlines()[-1] == nac("policy", "replay", "--candidate", str(candidate)).stdout.splitlines()[-1]


# --- matrix ---


def test_the_matrix_of_the_four_personas(ask: Ask) -> None:
    cells = ask("matrix")
    reached = {one: {name for name, cell in cells[one].items() if cell != "never"} for one in cells}
    everyone = {"dns", "internet", "print-server"}
    assert cells["ml-engineer"]["internet"] == "sometimes", "a device in quarantine reaches nothing"
    assert reached["business-user"] - everyone >= {"front-ends"}
    assert "training-cluster" not in reached["data-scientist"]
    assert "dataset-ingest" not in reached["data-scientist"] | reached["ml-engineer"] | reached["devops"]
    assert "model-registry" in reached["ml-engineer"]
    assert "model-registry" not in reached["devops"] | reached["business-user"]


def test_what_every_session_reaches(ask: Ask, tmp_path: Path) -> None:
    policy = tmp_path / "open.policy"
    policy.write_text(
        "resource internet { kind internet }\nsegment office { vlan 7 }\n"
        'persona staff when user.groups has "staff"\nplace in office when persona staff\n'
        "allow internet when persona staff\n"
    )
    assert ask("matrix", "--policy", str(policy))["staff"]["internet"] == "always"


def test_the_matrix_as_a_picture(nac: Nac, site: Path) -> None:
    nac("policy", "matrix", "--svg", "matrix.svg")
    root = ElementTree.parse(site / "matrix.svg").getroot()  # noqa: S314 - written by ourselves
    titles = [element.text for element in root.iter("{http://www.w3.org/2000/svg}title")]
    assert "data-scientist, curated-datasets: sometimes" in titles

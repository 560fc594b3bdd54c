"""What a policy says, seen by the switch: where it stands, what time it is, what was before, and what changes."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import certificates
from access_lists import neutral, opened, placed
from eapol import EapolTest, network
from lab_home import SECRET, Device
from load_generator import burst
from nac_server import Server, serving
from nas import ACCESS_ACCEPT, ACCESS_REJECT, TUNNEL_PRIVATE_GROUP_ID, Nas, Packet, mab

from lab.bench.rules import text as rules

ServerWith = Callable[..., AbstractContextManager[Server]]

ANYWHERE: Final = {"switch": ["127.0.0.0/8"]}


def vlan(accept: Packet) -> int:
    """The VLAN of an Access-Accept."""
    assert accept.code == ACCESS_ACCEPT
    return int(accept.one(TUNNEL_PRIVATE_GROUP_ID))


def sign_in(server: Server, device: Device, eapol_test: EapolTest, source: str = "127.0.0.1") -> tuple[Packet, Any]:
    """The Access-Accept at the switch `source`, and the decision as `nac auth show -o json` prints it."""
    moved = device.moved(server.home.fresh_mac())
    outcome = eapol_test(network(moved), server.v4, moved.mac, source=source)
    assert outcome.success, outcome
    return outcome.accept, server.home.json("auth", "show", server.event(moved.mac).id)


# --- where ---

SITES: Final = """
resource eu-data  { kind dataset  address 10.22.0.0/28  port tcp 443  residency eu }
resource us-data  { kind dataset  address 10.32.0.0/28  port tcp 443  residency us }
resource eu-tools { kind mlops    address 10.23.0.10    port tcp 443 }
segment engineering { vlan 120 at berlin 121  session 8h }
site berlin { region eu  client "ber-*" }
site austin { region us }
place in engineering when user.groups has "ml-engineering"
allow eu-data, us-data when user.groups has "ml-engineering"
allow eu-tools when user.groups has "ml-engineering" and client.region = "eu"
forbid residency outside client.region
"""

STANDING: Final = {
    "ber-7": (["127.0.0.1"], 121, ["eu-data", "eu-tools"], ("berlin", "eu")),
    "us-1": (["127.0.0.2", "--site", "austin"], 120, ["us-data"], ("austin", "us")),
    "somewhere": (["127.0.0.3"], 120, [], (None, None)),
}
"""A client -> how it is added, and the VLAN, the grants, the site and the region there."""


def test_the_place_of_the_switch_decides(server_with: ServerWith, eapol_test: EapolTest) -> None:
    """A site's own VLAN, a condition on its region, and data that stays where it resides. Where that is unknown,
    nothing with a residency is open."""
    with server_with(SITES, {name: added for name, (added, *_) in STANDING.items()}) as server:
        device = server.home.enrol()
        server.reload()
        for name, ((source, *_), number, grants, (site, region)) in STANDING.items():
            accept, shown = sign_in(server, device, eapol_test, source)
            assert (shown["client"], vlan(accept), shown["decision"]["grants"]) == (name, number, grants)
            assert (shown["facts"].get("client.site"), shown["facts"].get("client.region")) == (site, region)
            with Nas(server.v4, secret=SECRET, source=source) as nas:
                assert opened("rfc4849", accept, nas) == neutral(server.home.policy, "rfc4849", grants)
        said = [words for _, words in shown["decision"]["reasons"]]
        assert any("because a fact it needs is unknown" in words and "residency" in words for words in said)


# --- when ---


def hours(zone: str, begin: timedelta, end: timedelta) -> str:
    """A window of every day around now, by the clock on the wall; it may run past midnight."""
    now = datetime.now(ZoneInfo(zone)).replace(tzinfo=None)
    return f'zone "{zone}" mon-sun {now + begin:%H:%M}-{now + end:%H:%M}'


def test_a_place_holds_during_its_hours(server_with: ServerWith) -> None:
    """An hour and a half around now, and all the rest of the day: a clock that is changed by an hour meanwhile changes
    neither."""
    around, wide = timedelta(minutes=90), timedelta(minutes=120)
    policy = f"""
resource print-server {{ kind other address 10.40.0.2 port tcp 9100 }}
segment closed {{ vlan 41 }}
segment printers {{ vlan 40 }}
schedule now {{ {hours("Europe/Berlin", -around, around)} }}
schedule then {{ {hours("Pacific/Auckland", wide, -wide)} }}
place in closed when device.kind = "printer" and during then
place in printers when device.kind = "printer" and during now
place in closed when device.kind = "camera" and during then
allow print-server when device.kind = "printer" and during now
"""
    with server_with(policy, ANYWHERE) as server, Nas(server.v4, secret=SECRET) as nas:
        printer, camera = server.home.add_printer(), server.home.fresh_mac()
        server.home.nac("device", "add", server.home.fresh_name("camera"), "--mac", camera, "--kind", "camera")
        server.reload()
        accept = nas.ask(mab(printer))
        assert vlan(accept) == 40
        assert opened("rfc4849", accept, nas) == neutral(server.home.policy, "rfc4849", ["print-server"])
        assert nas.ask(mab(camera)).code == ACCESS_REJECT
        decision = server.event(printer).decision
        assert decision is not None
        assert (decision.rule, decision.grants) == (f"{server.home.policy.name}:8", ["print-server"])
        assert server.event(camera).cause == "policy_default_deny"
        assert "no rule matched" in " ".join(server.home.nac("why", camera).split())


# --- what would be ---

PLAIN: Final = """
resource training { kind gpu-cluster address 10.20.0.0/24 port tcp 22 }
resource tracking { kind mlops address 10.23.0.10 port tcp 443 }
segment quarantine { vlan 66 }
segment engineering { vlan 120 }
place in engineering when user.groups has "ml-engineering"
allow training when user.groups has "ml-engineering"
"""

MONITORED: Final = """
forbid kind gpu-cluster when tls.version = "1.3" mode monitor
allow tracking when user.groups has "ml-engineering" mode monitor
"""

MONITORED_ABOVE: Final = """
reject "not at this hour" when user.groups has "ml-engineering" mode monitor
place in quarantine when user.groups has "ml-engineering" mode monitor
"""


def test_what_is_monitored_is_recorded_and_changes_nothing(server_with: ServerWith, eapol_test: EapolTest) -> None:
    with server_with(PLAIN, ANYWHERE) as server:
        device = server.home.enrol()
        server.reload()
        before, plain = sign_in(server, device, eapol_test)
        declared, _, placing = PLAIN.partition("place in")
        server.home.write_policy(f"{declared}{MONITORED_ABOVE}place in{placing}{MONITORED}")
        server.reload()
        after, shown = sign_in(server, device, eapol_test)
        assert placed(after) == placed(before)
        assert shown["decision"]["grants"] == plain["decision"]["grants"] == ["training"]
        assert shown["decision"]["segment"] == "engineering"
        would = {words.partition(":")[0] for _, words in shown["decision"]["reasons"] if words.startswith("would")}
        assert would == {"would have forbidden", "would have granted", "would have rejected", "would have placed"}
        assert not any(words.startswith("would") for _, words in plain["decision"]["reasons"])
        table = server.home.nac("auth", "show", shown["id"])
        assert "would have forbidden" in table
        # Without the two words the same rule decides.
        server.home.write_policy(PLAIN + MONITORED.replace(" mode monitor", ""))
        server.reload()
        enforced, shown = sign_in(server, device, eapol_test)
        assert shown["decision"]["grants"] == ["tracking"]
        assert placed(enforced) != placed(before)


# --- what was before, and what the key is kept in ---

PREVIOUS: Final = """
segment entry { vlan 10 }
segment inside { vlan 20 }
place in inside when user.groups has "ml-engineering" and previous.segment = "entry"
place in entry when user.groups has "ml-engineering"
"""


def test_the_second_login_sees_where_the_first_one_was_placed(server_with: ServerWith, eapol_test: EapolTest) -> None:
    """At another switch and over a reload too; each device for itself; and what a restart forgot is unknown."""
    with server_with(PREVIOUS, ANYWHERE) as server:
        home, device, other = server.home, server.home.enrol(), server.home.enrol()
        server.reload()

        def log_in(server: Server, device: Device, source: str) -> tuple[int, str | None]:
            accept, shown = sign_in(server, device, eapol_test, source)
            return vlan(accept), shown["facts"].get("previous.segment")

        assert log_in(server, device, "127.0.0.1") == (10, None)
        assert log_in(server, device, "127.0.0.2") == (20, "entry")
        server.reload()
        assert log_in(server, device, "127.0.0.1") == (10, "inside")
        assert log_in(server, other, "127.0.0.1") == (10, None)
    with serving(home) as server:
        assert log_in(server, device, "127.0.0.1") == (10, None)
        assert log_in(server, device, "127.0.0.1") == (20, "entry")


HARDWARE: Final = "1.3.6.1.4.1.99999.1.1"

ATTESTED: Final = """
resource training { kind gpu-cluster address 10.20.0.0/24 port tcp 22 }
segment engineering { vlan 120 }
place in engineering when user.groups has "ml-engineering"
allow training when user.groups has "ml-engineering"
forbid kind gpu-cluster when not certificate.key_attested
"""


def test_a_key_in_hardware_is_told_by_the_policy_of_its_certificate(
    server_with: ServerWith, eapol_test: EapolTest, tmp_path: Path
) -> None:
    with server_with(ATTESTED, ANYWHERE, {"trust.attested_policies": [HARDWARE]}) as server:
        like, issuer = server.home.enrol(), certificates.built_in(server.home)
        server.reload()
        for policies, attested in (([HARDWARE], True), ([HARDWARE + "1"], False), ([], False)):
            folder = tmp_path / f"device-{'-'.join(policies)}"
            device = certificates.device(issuer, like, folder, policies=policies)
            _, shown = sign_in(server, device, eapol_test)
            assert shown["facts"]["certificate.key_attested"] is attested
            assert shown["decision"]["grants"] == (["training"] if attested else [])


# --- what changes ---

FIRST: Final = """
resource training { kind gpu-cluster address 10.20.0.0/24 port tcp 22 environment prod }
resource playground { kind notebook address 10.24.0.0/26 port tcp 8888 environment dev }
segment engineering { vlan 120 }
segment sandbox { vlan 123 environment dev }
place in sandbox when device.tags has "development"
place in engineering when user.groups has "ml-engineering"
allow playground when user.groups has "ml-engineering"
never environment dev reaches environment prod
"""


def test_publish_and_roll_back_change_what_the_next_login_gets(server_with: ServerWith, eapol_test: EapolTest) -> None:
    with server_with(FIRST, ANYWHERE) as server:
        device, candidate = server.home.enrol(), server.home.folder / "candidate.policy"
        server.reload()

        def now() -> tuple[int, list[str]]:
            accept, shown = sign_in(server, device, eapol_test)
            with Nas(server.v4, secret=SECRET) as nas:
                grants = shown["decision"]["grants"]
                assert opened("rfc4849", accept, nas) == neutral(server.home.policy.parent, "rfc4849", grants)
            return vlan(accept), grants

        assert now() == (120, ["playground"])
        (first,) = server.home.json("policy", "history")

        opening = 'allow training when user.groups has "ml-engineering"'
        candidate.write_text(f"{FIRST}{opening}\n")
        refused = " ".join(server.home.nac("policy", "publish", str(candidate), code=3).split())
        assert "candidate.policy:9:1: error: this invariant does not hold" in refused
        assert 'device.tags has "development"' in refused
        assert "opens 10.20.0.1 tcp 22 in segment sandbox" in refused
        assert "candidate.policy:10: " + opening in refused
        assert server.home.json("policy", "history") == [first]
        assert now() == (120, ["playground"])

        mended = f'{opening} and not device.tags has "development"\n'
        candidate.write_text(FIRST.replace("vlan 120", "vlan 125") + mended)
        server.home.nac("policy", "publish", str(candidate), "--note", "the cluster opens")
        assert now() == (125, ["training", "playground"])
        server.home.nac("policy", "rollback", str(first["number"]))
        assert now() == (120, ["playground"])
        history = server.home.json("policy", "history")
        assert [one["note"] for one in history][:2] == [f"rollback to {first['number']}", "the cluster opens"]
        assert history[0]["digest"] == first["digest"]


# --- many rules ---


def test_ten_thousand_rules_are_swapped_while_printers_ask(server_with: ServerWith) -> None:
    """Requests are sent once. Each is answered by the one policy or by the other, and nothing is dropped."""
    before, after = rules.Rules(10_000, "middle"), rules.Rules(10_000, "last")
    unlimited = ["127.0.0.1", "--rate", "1000000", "--burst", "1000000"]
    with server_with(rules.policy(before), {"switch": unlimited}) as server, Nas(server.v4, secret=SECRET) as nas:
        mac, generation = rules.mac(rules.ASKED), server.status()["generation"]

        def ask() -> Counter[int]:
            return Counter(map(vlan, burst(nas, [nas.request(mab(mac)) for _ in range(32)])))

        answers = ask()
        assert set(answers) == {rules.VLANS["middle"]}
        server.home.write_policy(rules.policy(after))
        reload = threading.Thread(target=server.reload)
        reload.start()
        while reload.is_alive():
            answers += ask()
        reload.join()
        assert server.status()["generation"] > generation
        assert answers[rules.VLANS["middle"]] > 32, "it answered while the new policy was read"
        last = ask()
        assert set(last) == {rules.VLANS["last"]}
        counters = server.status()["counters"]
        assert counters["accepts"] == (answers + last).total()
        assert set(answers) <= set(rules.VLANS.values())
        lost = {name: count for name, count in counters.items() if name.startswith(("discard.", "kernel.dropped"))}
        assert lost
        assert not any(lost.values()), lost
        assert counters["duplicates"] == 0

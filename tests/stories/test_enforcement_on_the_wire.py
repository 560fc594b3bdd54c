"""Access lists between server and switch: lists that are fetched in pages, and what becomes of one that is too long."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

import pytest
from access_lists import download, fetch, listed, neutral, opened, placed
from eapol import EapolTest, network
from lab_home import SECRET, command
from nac_server import Server
from nas import (
    ACCESS_ACCEPT,
    ACCESS_CHALLENGE,
    ACCESS_REJECT,
    NAS_FILTER_RULE,
    PROXY_STATE,
    SESSION_TIMEOUT,
    STATE,
    VENDOR_SPECIFIC,
    Nas,
)

from nac.enforcement.budget import MAX_PACKET
from nac.enforcement.dictionary import shipped_dictionary
from nac.enforcement.download import list_name, pages
from nac.enforcement.layout import lay_out
from nac.enforcement.vendor import DIALECTS
from nac.events.query import AuthenticationFilter
from nac.policy.compile import resources_in_order
from nac.policy.load import load

ServerWith = Callable[..., AbstractContextManager[Server]]

FETCHING: Final = "cisco-dacl+ipv6"


def machines(name: str, count: int) -> str:
    """A resource of `count` hosts that no prefix joins."""
    hosts = ", ".join(f"10.30.{number >> 7}.{number * 2 & 0xFF}" for number in range(count))
    return f"resource {name} {{ kind gpu-cluster address {hosts}, 2001:db8:30::/64 port tcp 22 }}"


def policy(count: int, *, fallback: str = "") -> str:
    """An estate of `count` machines, all of which are granted to ML engineers."""
    return f"""
{machines("machines", count)}
resource print-server {{ kind other  address 10.40.0.2  port tcp 9100 }}
segment engineering {{ vlan 120  session 8h  filter-id "engineering.in"  {fallback} }}
segment printers    {{ vlan 40   session 24h }}
segment quarantine  {{ vlan 66   session 30m  filter-id "quarantine.in"  role "quarantine" }}
segment closed      {{ vlan 67 at berlin 68  session 20m }}
site berlin {{ client "ber-*" }}
place in printers    when method = "mab" and device.kind = "printer"
place in engineering when method = "eap-tls" and user.groups has "ml-engineering"
allow machines       when method = "eap-tls" and user.groups has "ml-engineering"
allow print-server   when method = "mab" and device.kind = "printer"
"""


# --- lists that are fetched ---


def encoded_list(path: Path, granted: list[str]) -> bytes:
    """The attributes of the list as the control plane lays them out."""
    resources = resources_in_order(load(path).policy)
    laid = lay_out(DIALECTS[FETCHING], load(path).policy.segments, resources, shipped_dictionary())
    return laid.access_list(granted).encoded


def attributes(octets: bytes) -> list[bytes]:
    """Each attribute as it stands on the wire."""
    found = []
    while octets:
        found.append(octets[: octets[1]])
        octets = octets[octets[1] :]
    return found


def named_list(texts: list[tuple[str, bytes]]) -> str:
    """The name of the list in an Access-Accept, which has nothing else of a list."""
    (pair,) = [value.decode() for name, value in texts if name == "Cisco-AVPair"]
    key, _, name = pair.partition("=")
    assert key == "ACS:CiscoSecure-Defined-ACL"
    return name


def test_a_long_list_is_fetched_page_by_page(server_with: ServerWith, eapol_test: EapolTest) -> None:
    """The accept has the name that follows from the list; each page holds whole lines, with room for four
    Proxy-State; together they are the list, and open what was granted."""
    with server_with(policy(150), {"switch": ["127.0.0.1", "--dialect", FETCHING]}) as server:
        device = server.home.enrol()
        server.reload()
        outcome = eapol_test(network(device), server.v4, device.mac)
        assert outcome.success, outcome
        assert outcome.accept.all(NAS_FILTER_RULE) == []
        name = named_list(placed(outcome.accept))
        expected = encoded_list(server.home.policy, ["machines"])
        assert name == list_name(expected)

        states = [(PROXY_STATE, bytes([number]) * 62) for number in range(4)]
        with Nas(server.v4, secret=SECRET) as nas:
            before = server.counter("access_list_pages")
            replies = fetch(nas, name, *states)
            assert [reply.code for reply in replies] == [ACCESS_CHALLENGE] * (len(replies) - 1) + [ACCESS_ACCEPT]
            assert len(replies) >= 3
            assert listed(replies) == pages(attributes(expected))
            assert all(len(reply.octets) <= MAX_PACKET for reply in replies)
            assert all(reply.all(PROXY_STATE) == [value for _, value in states] for reply in replies)
            assert replies[-1].all(STATE) == []
            assert server.counter("access_list_pages") == before + len(replies)
            assert opened(FETCHING, outcome.accept, nas) == neutral(server.home.policy, FETCHING, ["machines"])
        (event,) = server.events(device.mac)
        assert event.decision is not None
        assert event.decision.grants == ["machines"]


def test_a_changed_list_has_another_name(server_with: ServerWith, eapol_test: EapolTest) -> None:
    """A switch keeps what it has under a name; the old one can still be fetched by whoever was told it."""
    with server_with(policy(4), {"switch": ["127.0.0.1", "--dialect", FETCHING]}) as server:
        device = server.home.enrol()
        server.reload()
        first = named_list(placed(eapol_test(network(device), server.v4, device.mac).accept))
        old = encoded_list(server.home.policy, ["machines"])
        again = named_list(placed(eapol_test(network(device), server.v4, device.mac).accept))
        server.home.write_policy(policy(5))
        server.reload()
        second = named_list(placed(eapol_test(network(device), server.v4, device.mac).accept))
        assert first == again != second
        assert second == list_name(encoded_list(server.home.policy, ["machines"]))
        with Nas(server.v4, secret=SECRET) as nas:
            assert b"".join(listed(fetch(nas, first))) == old
            assert b"".join(listed(fetch(nas, second))) == encoded_list(server.home.policy, ["machines"])


UNKNOWN: Final = "#ACSACL#-IP-nac-0123456789abcdef"


def test_a_list_that_nobody_named_is_rejected_and_told(server_with: ServerWith, eapol_test: EapolTest) -> None:
    """Neither a name that was never told, nor a page that is not there, nor a switch that is sent its lists in line."""
    clients = {"fetching": ["127.0.0.1", "--dialect", FETCHING], "in-line": ["127.0.0.2"]}
    with server_with(policy(4), clients) as server:
        device = server.home.enrol()
        server.reload()
        name = named_list(placed(eapol_test(network(device), server.v4, device.mac).accept))
        with Nas(server.v4, secret=SECRET) as nas, Nas(server.v4, secret=SECRET, source="127.0.0.2") as other:
            assert nas.ask(download(name)).code == ACCESS_ACCEPT
            refusals = [
                nas.ask(download(UNKNOWN)),
                nas.ask([*download(name), (STATE, b"of another conversation")]),
                other.ask(download(name)),
            ]
        for refusal in refusals:
            assert refusal.code == ACCESS_REJECT
            assert refusal.all(VENDOR_SPECIFIC) == []
        (unknown,) = server.matching(AuthenticationFilter(user=UNKNOWN))
        assert (unknown.result, unknown.cause, unknown.client) == ("reject", "unknown_access_list", "fetching")
        server.matching(AuthenticationFilter(user=name), 2)
        why = " ".join(server.home.nac("why", UNKNOWN).split())
        assert "unknown_access_list" in why
        assert "this server has not named such a list" in why
        assert "The switch asks for an access list that it cannot have." in why
        assert "this client is sent no lists to fetch" in server.home.nac("why", name)


# --- what cannot be said ---

BARE: Final = "fortiswitch+ipv4"
"""Takes 45 lines."""

SWITCHES: Final = {
    "capable": ["127.0.0.1", "--dialect", FETCHING],
    "small": ["127.0.0.2", "--dialect", BARE],
    "aruba": ["127.0.0.3", "--dialect", "aos-cx+ipv4"],
}

VLAN: Final = [("Tunnel-Type", bytes([0, 0, 0, 13])), ("Tunnel-Medium-Type", bytes([0, 0, 0, 6]))]


def in_vlan(number: int) -> list[tuple[str, bytes]]:
    return [*VLAN, ("Tunnel-Private-Group-Id", str(number).encode())]


CONFINED: Final = [
    ("127.0.0.2", [*in_vlan(66), ("Filter-Id", b"quarantine")]),
    ("127.0.0.3", [*in_vlan(66), ("Aruba-User-Role", b"quarantine")]),
]


@pytest.mark.parametrize(("source", "reply"), CONFINED, ids=["fortiswitch", "aos-cx"])
def test_what_does_not_fit_falls_back_to_the_segment_for_it(
    server_with: ServerWith, eapol_test: EapolTest, source: str, reply: list[tuple[str, bytes]]
) -> None:
    """One policy, one device: all of it at the switch that can take it; at the other the fallback, exactly."""
    with server_with(policy(110, fallback="fallback quarantine"), SWITCHES) as server:
        device = server.home.enrol()
        server.reload()
        capable = eapol_test(network(device), server.v4, device.mac)
        assert placed(capable.accept)[:3] == in_vlan(120)
        small = device.moved(server.home.fresh_mac())
        accept = eapol_test(network(small), server.v4, small.mac, source=source).accept
        assert placed(accept) == reply
        assert accept.one(SESSION_TIMEOUT) == (30 * 60).to_bytes(4, "big")

        decision = server.event(small.mac).decision
        assert decision is not None
        assert (decision.verdict, decision.segment, decision.grants) == ("accept", "quarantine", [])
        why = " ".join(server.home.nac("why", small.mac).split())
        assert "confined to its fallback, because this client cannot take the access list" in why
        assert f"{server.home.policy.name}:{line_of(server, 'place in engineering')}" in why
        assert "confined" not in server.home.nac("why", server.event(device.mac).id)


def test_a_fallback_without_a_name_on_the_switch_is_closed_by_a_list(
    server_with: ServerWith, eapol_test: EapolTest
) -> None:
    """No role and no list on the switch: the list that grants nothing, never no list."""
    with server_with(policy(110, fallback="fallback closed"), SWITCHES) as server:
        device = server.home.enrol()
        server.reload()
        accept = eapol_test(network(device), server.v4, device.mac, source="127.0.0.2").accept
        assert placed(accept)[:3] == in_vlan(67)
        with Nas(server.v4, secret=SECRET, source="127.0.0.2") as nas:
            assert opened(BARE, accept, nas) == neutral(server.home.policy, BARE, [])
        decision = server.event(device.mac).decision
        assert decision is not None
        assert (decision.segment, decision.grants) == ("closed", [])


def test_the_closed_list_of_a_fallback_is_fetched_like_any_other(
    server_with: ServerWith, eapol_test: EapolTest
) -> None:
    """More than a switch may fetch, at a site where the fallback has a VLAN of its own."""
    with server_with(policy(400, fallback="fallback closed"), {"ber-1": SWITCHES["capable"]}) as server:
        device = server.home.enrol()
        server.reload()
        accept = eapol_test(network(device), server.v4, device.mac).accept
        assert placed(accept)[:3] == in_vlan(68)
        assert accept.one(SESSION_TIMEOUT) == (20 * 60).to_bytes(4, "big")
        assert named_list(placed(accept)) == list_name(encoded_list(server.home.policy, []))
        with Nas(server.v4, secret=SECRET) as nas:
            assert opened(FETCHING, accept, nas) == neutral(server.home.policy, FETCHING, [])


def test_without_a_fallback_the_policy_is_refused_and_the_running_one_stays(
    server_with: ServerWith, eapol_test: EapolTest
) -> None:
    with server_with(policy(110, fallback="fallback quarantine"), SWITCHES) as server:
        device = server.home.enrol()
        server.reload()
        running = server.status()["policy_digest"]
        server.home.write_policy(policy(110))
        reload = subprocess.run(command(server.home, "reload"), capture_output=True, text=True, check=False)
        assert reload.returncode == 6
        assert f"{server.home.policy.name}:{line_of(server, 'place in engineering')}" in reload.stderr
        assert BARE in reload.stderr
        assert "fallback" in reload.stderr
        assert server.status()["policy_digest"] == running
        accept = eapol_test(network(device), server.v4, device.mac, source="127.0.0.2").accept
        assert placed(accept) == CONFINED[0][1]


def test_a_client_that_the_policy_does_not_fit_is_not_taken_over(server_with: ServerWith) -> None:
    with server_with(policy(110), {"capable": SWITCHES["capable"]}) as server:
        server.home.add_client("small", *SWITCHES["small"])
        reload = subprocess.run(command(server.home, "reload"), capture_output=True, text=True, check=False)
        assert reload.returncode == 6
        assert BARE in reload.stderr
        assert "small" not in server.status()["clients"]


def line_of(server: Server, statement: str) -> int:
    """The line of the policy that begins with a statement."""
    lines = server.home.policy.read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.startswith(statement))

"""Each make takes what is sent to it: checked by simulated switches, which know the vendors' pages by themselves."""

from __future__ import annotations

import hashlib

import pytest
from sessions import session, wanted

from lab.nas import makes, radius
from lab.nas.das import Das, Faults, Port
from nac.clients.secret import SharedSecret
from nac.coa.client import VerbsError, parse_verbs
from nac.coa.error_cause import ERROR_CAUSES
from nac.coa.message import Code, sign
from nac.coa.recipe import Verb
from nac.coa.request import UnnameableError, message, plan
from nac.coa.session import Wanted
from nac.coa.vendor import RECIPES, recipe_of
from nac.enforcement.dictionary import shipped_dictionary
from nac.enforcement.vendor import DIALECTS, MAKES
from nac.events.types import Session

SECRET = SharedSecret(b"correct horse battery staple")
NOW = 1_900_000_000
LISTS = {"aos-cx": "Aruba-NAS-Filter-Rule", "ruckus-icx": "Filter-Id"}
"""What each that changes lists in place is sent; the others get the standard's attribute."""

PLANS = {
    # make: (reject, another segment, another access list), the first letters of the verbs
    "rfc4849": ("d", "cd", "cd"),
    "vlan-only": ("d", "d", "d"),
    "cisco-ios-xe": ("drb", "rdb", "rdb"),
    "cisco-dacl": ("drb", "rdb", "rdb"),
    "cisco-9800": ("dr", "rd", "rd"),
    "aos-cx": ("db", "db", "cdb"),
    "arubaos-switch": ("db", "db", "db"),
    "juniper-ex": ("db", "db", "db"),
    "arista-eos": ("db", "db", "db"),
    "extreme-exos": ("d", "d", "d"),
    "fortiswitch": ("drb", "rdb", "rdb"),
    "ruckus-icx": ("drb", "rdb", "crdb"),
    "dell-n": ("drb", "rdb", "rdb"),
    "mikrotik": ("d", "d", "d"),
    "meraki": ("dr", "rd", "rd"),
    "unifi": ("d", "d", "d"),
    "hostapd": ("d", "d", "d"),
}
SIMULATED = {make.name: make for make in makes.MAKES} | {"rfc4849": makes.STANDARD, "vlan-only": makes.STANDARD}


def letters(verbs: tuple[Verb, ...]) -> str:
    assert verbs[-1] is verbs[-2], "the last one is tried twice"
    return "".join(verb[0] for verb in verbs[:-1])


def planned(make: str, what: Wanted, one: Session | None = None, **more: object) -> tuple[Verb, ...]:
    return plan(recipe_of(make), one or session(), what, **{"chosen": None, **more})  # type: ignore[arg-type]


def test_every_make_has_a_recipe() -> None:
    assert set(RECIPES) == set(MAKES) == set(PLANS)
    assert recipe_of("cisco-ios-xe+ipv6") is recipe_of("cisco-ios-xe")
    assert all(recipe_of(dialect) for dialect in DIALECTS)


@pytest.mark.parametrize("make", PLANS)
def test_what_is_tried(make: str) -> None:
    said = tuple(letters(planned(make, what)) for what in (wanted(None), wanted("remediation"), wanted("office")))
    assert said == PLANS[make]


def test_the_same_segment_of_another_generation_may_have_another_vlan() -> None:
    assert letters(planned("ruckus-icx", wanted("office", generation=2))) == "rdb"


def test_a_port_in_the_air_is_not_bounced() -> None:
    wireless = session(nas={"port_type": "Wireless-802.11"})
    assert letters(planned("cisco-ios-xe", wanted(None), wireless)) == "dr"


def test_what_the_administrator_chose_and_what_was_refused_for_good() -> None:
    chosen = (Verb.BOUNCE, Verb.CHANGE)
    assert letters(planned("cisco-ios-xe", wanted(None), chosen=chosen)) == "b"
    assert letters(planned("juniper-ex", wanted("office"), chosen=(Verb.CHANGE, Verb.DISCONNECT))) == "cd"
    assert letters(planned("cisco-ios-xe", wanted("office"), useless={Verb.REAUTHENTICATE})) == "db"
    assert letters(planned("hostapd", wanted("office"), useless={Verb.DISCONNECT})) == "d", "there is nothing else"


def test_verbs_as_they_are_written() -> None:
    assert parse_verbs("Reauthenticate, disconnect") == (Verb.REAUTHENTICATE, Verb.DISCONNECT)
    for text in ("", "kick", "change,change"):
        with pytest.raises(VerbsError):
            parse_verbs(text)


def encoded(make: str) -> bytes:
    """VLAN and list, as the policy lays them out."""
    attributes = [("Tunnel-Type", "VLAN"), ("Tunnel-Medium-Type", "IEEE-802"), ("Tunnel-Private-Group-Id", "66")]
    attributes.append((LISTS.get(make, "NAS-Filter-Rule"), "permit in ip from any to 192.0.2.9"))
    return b"".join(shipped_dictionary().encode(*one) for one in attributes)


@pytest.mark.parametrize("make", sorted(set(SIMULATED) & set(PLANS)))
@pytest.mark.parametrize("segment", [None, "remediation", "office"])
def test_rfc5176_3_each_verb_is_taken_by_its_make(make: str, segment: str | None) -> None:
    das = Das(SIMULATED[make], SECRET.reveal(), faults=Faults(idle=True))
    one = session()
    das.ports.append(Port(one.mac or "", one.acct_session_id or "", lambda: True, one.audit_session_id))
    what = wanted(segment, encoded=encoded(make) if segment else b"")
    for verb in dict.fromkeys(planned(make, what, one)):
        asked = message(recipe_of(make), one, verb, what, shipped_dictionary(), now=NOW)
        octets = sign(asked, 1, SECRET)
        reply = das._answer(octets, ("127.0.0.1", 1))
        assert reply is not None, verb
        assert reply[0] == octets[0] + 1, (verb, radius.decode(reply))
        assert (asked.code is Code.DISCONNECT_REQUEST) == (verb is Verb.DISCONNECT)
        nothing = session(2, calling_station="00-1B-77-00-00-02", audit_session_id="0B")
        unknown = sign(message(recipe_of(make), nothing, verb, what, shipped_dictionary(), now=NOW), 2, SECRET)
        refused = das._answer(unknown, ("127.0.0.1", 1))
        assert refused is not None
        assert (radius.ERROR_CAUSE, (503).to_bytes(4, "big")) in radius.decode(refused)


def types(make: str, verb: Verb, what: Wanted, one: Session) -> list[int]:
    asked = message(recipe_of(make), one, verb, what, shipped_dictionary(), now=NOW)
    return [kind for kind, _ in radius.decode(sign(asked, 1, SECRET))]


def test_what_makes_differ_in() -> None:
    assert types("ruckus-icx", Verb.DISCONNECT, wanted(None), session()) == [80, 4, 31]
    assert types("extreme-exos", Verb.DISCONNECT, wanted(None), session()) == [80, 31, 55]
    assert types("hostapd", Verb.DISCONNECT, wanted(None), session()) == [80, 4, 32, 44, 31, 55]
    assert types("hostapd", Verb.DISCONNECT, wanted(None), session(acct_session_id=None)) == [80, 4, 32, 31, 55]
    v6 = session(nas={"address": "2001:db8::1"})
    assert types("hostapd", Verb.DISCONNECT, wanted(None), v6) == [80, 95, 32, 44, 31, 55]
    what = wanted("office", encoded=encoded("ruckus-icx"))
    assert types("ruckus-icx", Verb.CHANGE, what, session()) == [80, 4, 31, 11], "the VLAN stays, so it is not said"
    assert recipe_of("cisco-9800").port == recipe_of("meraki").port == 1700


def test_a_session_that_cannot_be_named_is_left_alone() -> None:
    """Without a name a Disconnect-Request would mean every session of the switch."""
    nameless = session(calling_station=None, acct_session_id=None, audit_session_id=None)
    for make in PLANS:
        with pytest.raises(UnnameableError):
            message(recipe_of(make), nameless, Verb.DISCONNECT, wanted(None), shipped_dictionary(), now=NOW)


def test_every_error_cause_of_rfc5176_3_5_has_words() -> None:
    assert set(ERROR_CAUSES) == {201, 202, *range(401, 408), *range(501, 509)}
    assert {cause.effect for cause in ERROR_CAUSES.values()} == {"gone", "begun", "unsupported", "refused"}
    assert all(cause.meaning.endswith(".") and cause.fix.endswith(".") for cause in ERROR_CAUSES.values())


def test_the_simulated_switch_checks_signatures() -> None:
    das = Das(makes.STANDARD, SECRET.reveal())
    asked = sign(
        message(recipe_of("rfc4849"), session(), Verb.DISCONNECT, None, shipped_dictionary(), now=NOW), 1, SECRET
    )
    assert das._answer(asked[:-1] + b"?", ("127.0.0.1", 1)) is None
    proof = asked.index(bytes([80, 18])) + 2
    forged = asked[:proof] + bytes(16) + asked[proof + 16 :]
    digest = hashlib.md5(forged[:4] + bytes(16) + forged[20:] + SECRET.reveal()).digest()  # noqa: S324
    assert das._answer(forged[:4] + digest + forged[20:], ("127.0.0.1", 1)) is None

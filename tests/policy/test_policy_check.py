"""Warnings, digests, sources, bounds of replies: what `load` and `compile_policy` say of policies that read well."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nac.enforcement.budget import MAX_POLICY
from nac.enforcement.dictionary import shipped_dictionary
from nac.errors import PolicyError
from nac.policy import load as loading
from nac.policy.compile import CompiledPolicy, compile_policy
from nac.policy.load import digest, load, read
from nac.policy.model import Value
from nac.policy.source import Source

SOUND = """\
resource gpu { address 10.20.0.0/24 port tcp 22 }
segment corp { vlan 120 }
persona ml when user.groups has "ml"
place in corp when persona ml
allow gpu when persona ml
"""


def compiled(text: str, dialects: tuple[str, ...] | None = None) -> CompiledPolicy:
    return compile_policy(read([Source("p.policy", text)]), shipped_dictionary(), dialects=dialects)


SITED = 'site berlin { region eu client "sw-*" }\n'
WORK = 'schedule work { zone "Europe/Berlin" mon-fri 08:00-18:00 }\n'

WARNINGS = [
    ("resource spare { address 10.1.1.1 }", "6:10", "no rule allows resource `spare`"),
    ("segment spare { vlan 1 }", "6:9", "no rule places in segment `spare`"),
    ("persona spare when device.known", "6:9", "persona `spare` is not used"),
    ('list spare { "a" }', "6:6", "list `spare` is not used"),
    (WORK, "6:10", "schedule `work` is not used"),
    (SITED, "6:6", "no rule and no segment asks for site `berlin`"),
    (
        'resource wide { address 10.0.0.0/8 } allow wide when persona ml\nforbid gpu when device.tags has "x"',
        "7:8",
        "what `gpu` shares with `wide` stays open",
    ),
    # never reached
    ("place in corp when persona ml and device.managed", "6:1", "this statement is never reached"),
    ('reject when ssid = "a"\nplace in corp when device.known and ssid = "A"', "7:1", "never reached"),
    ('reject when ssid = "a"\nreject when device.known and ssid = "a"', "7:1", "never reached"),
    # conditions that cannot hold
    ('reject when ssid = "a" and ssid in ("b", "c")', "6:1", "`ssid` would need two values at once"),
    ("reject when device.managed and not device.managed", "6:1", "`device.managed` would need two values at once"),
    ("reject when posture.age > 9 and posture.age <= 9", "6:1", "at least 10 and at most 9"),
    ("reject when not posture.age > 9 and posture.age = 10", "6:1", "at least 10 and at most 9"),
    ('reject when user.groups has "a" and not user.groups has "A"', "6:1", "something and for its opposite"),
    (f"{WORK}reject when during work and not during work", "7:1", "something and for its opposite"),
    (
        'persona odd when device.managed and not device.managed\nreject when ssid = "a" or persona odd',
        "6:9",
        "persona `odd` can never hold",
    ),
    # grants that nobody gets
    ('allow gpu when not user.groups has "ml" and device.managed', "6:1", "nobody can get this grant"),
    ("forbid gpu", "5:7", "nobody can reach `gpu`"),
    # what only a search finds
    ('reject when ssid = "a"\nreject when not ssid = "a"\nplace in corp when ssid = "b"', "8:1", "never reached"),
    ('place in corp when method = "mab" and certificate.uri has "x"', "6:1", "its parts rule each other out"),
    ('reject when ssid = "ab" and not ssid matches "a*"', "6:1", "its parts rule each other out"),
    (
        'allow gpu when persona ml and method = "mab" and certificate.uri has "x"',
        "6:1",
        "its parts rule each other out",
    ),
    # sites and regions
    (f'{SITED}reject when client.site = "berln"\nreject when client.site = "berlin"', "7:27", "no site `berln`"),
    (f'{SITED}reject when client.region = "us"', "7:29", "no site is in region `us`"),
    (
        f"{SITED}resource eu-data {{ address 10.9.0.1 residency us }} allow eu-data when persona ml\n"
        "forbid residency outside client.region",
        "7:10",
        "no site is in region `us`, where `eu-data` resides",
    ),
]


@pytest.mark.parametrize(("added", "place", "message"), WARNINGS, ids=[row[2] for row in WARNINGS])
def test_warnings(added: str, place: str, message: str) -> None:
    (warning,) = read([Source("p.policy", SOUND + added)]).warnings
    assert warning.render().startswith(f"p.policy:{place}: warning: ")
    assert message in warning.message


def test_no_warning_where_a_later_statement_may_still_take_effect() -> None:
    text = """\
    reject when ssid = "a" and device.managed mode monitor
    place in corp when device.managed and not user.groups has "x"
    reject when device.managed and not user.groups has "x" and ssid = "a"
    reject when user.groups has any ("a", "b")
    place in corp when user.groups has "b" and ssid = "a" or device.known
    """
    assert read([Source("p.policy", SOUND + text)]).warnings == ()


@pytest.mark.parametrize("named", ["list", "has any"])
def test_a_list_counts_once_however_long_it_is(named: str) -> None:
    values = ", ".join(f'"value-{number}"' for number in range(100_000))
    use = {"list": "user.name in list long", "has any": "user.groups has any list long"}[named]
    policy = compiled(f"list long {{ {values} }}\nreject when {use}\n{SOUND}")
    facts: dict[str, Value] = {"user.name": "VALUE-99999", "user.groups": ("ml", "value-7")}
    assert policy.native.decide(facts).verdict == "reject"
    assert policy.native.decide({**facts, "user.name": "value-x", "user.groups": ("ml",)}).verdict == "accept"


def test_a_list_has_at_most_100_000_values() -> None:
    values = ", ".join('"value"' for _ in range(100_001))
    with pytest.raises(PolicyError, match="at most 100,000 in one list"):
        read([Source("p.policy", f"list long {{ {values} }}")])


NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_a_schedule_that_is_over_is_warned_about() -> None:
    holidays = ", ".join(str((NOON + timedelta(days=day)).date()) for day in range(410))
    text = SOUND + f"{WORK[:-2]} except {holidays} }}\nreject when user.disabled and during work"
    checked = read([Source("p.policy", text)])
    (warning,) = compile_policy(checked, shipped_dictionary(), now=NOON).warnings
    assert warning.message == "schedule `work` does not hold at any time within the next 400 days"


def test_schedules_are_known_for_a_while_and_then_close() -> None:
    checked = read(
        [Source("p.policy", SOUND.replace("place in corp when", "place in corp when during work and") + WORK)]
    )
    policy = compile_policy(checked, shipped_dictionary(), now=NOON)
    until = int((NOON + timedelta(days=400)).timestamp())
    assert policy.known_until == until
    facts: dict[str, Value] = {"user.groups": ("ml",), "time": int(NOON.timestamp())}
    assert policy.native.decide(facts).segment == "corp"
    assert policy.native.decide({**facts, "time": int(NOON.timestamp()) + 7 * 3600}).segment is None
    assert policy.native.decide({**facts, "time": until + 7 * 86400}).segment is None


def test_a_test_of_another_year_runs_where_the_clock_is_read() -> None:
    """The compiled form knows 400 days; a test block keeps its meaning when it is older than that."""
    text = SOUND.replace("place in corp when", "place in corp when during work and") + WORK
    given = 'given user.groups has "ml", time = "{}" expect {}'
    text += f'test "noon" {{ {given.format("2019-07-01T12:00+02:00", "segment corp")} }}\n'
    text += f'test "night" {{ {given.format("2019-07-01T22:00+02:00", "reject")} }}\n'
    compile_policy(read([Source("p.policy", text)]), shipped_dictionary(), now=NOON)


def test_no_warning_where_ports_differ_or_the_internet_leaves_out_what_is_declared() -> None:
    text = """\
    resource admin { address 10.20.0.0/24 port tcp 443 }
    resource internet { kind internet }
    allow admin, internet when persona ml
    forbid gpu when device.tags has "x"
    """
    assert read([Source("p.policy", SOUND + text)]).warnings == ()


def test_without_a_place_everyone_is_rejected() -> None:
    (warning,) = read([Source("p.policy", "# nothing yet\n")]).warnings
    assert warning.message == "no `place` statement: everyone is rejected"


def test_dialects_without_lists_are_warned_about_when_clients_use_them() -> None:
    assert compiled(SOUND).warnings == ()
    (warning,) = compiled(SOUND, ("vlan-only",)).warnings
    assert "enforce `corp` by its VLAN alone" in warning.message
    assert compiled(SOUND.replace("vlan 120", 'vlan 120 filter-id "corp.in"'), ("vlan-only",)).warnings == ()


def test_unknown_dialect() -> None:
    with pytest.raises(PolicyError, match="there is no dialect `cisco-ios`; did you mean `cisco-ios-xe`"):
        compiled(SOUND, ("cisco-ios",))


def test_the_digest_is_of_the_text_not_of_its_white_space() -> None:
    one = digest([Source("a.policy", "place in corp\n")])
    assert one == digest([Source("a.policy", "place in corp  \n\n")])
    assert one != digest([Source("b.policy", "place in corp\n")])
    assert one != digest([Source("a.policy", "place in  corp\n")])
    assert compiled(SOUND).digest == digest([Source("p.policy", SOUND)])


def test_a_folder_is_read_in_the_order_of_its_names(tmp_path: Path) -> None:
    (tmp_path / "20-rules.policy").write_text("place in corp when persona ml\nallow gpu when persona ml\n")
    (tmp_path / "10-names.policy").write_bytes(b"\xef\xbb\xbf" + SOUND.split("place")[0].replace("\n", "\r\n").encode())
    (tmp_path / "notes.txt").write_text("not a policy")
    checked = load(tmp_path)
    assert [source.name for source in checked.policy.sources] == ["10-names.policy", "20-rules.policy"]
    assert checked.policy.rules[0].span.location == "20-rules.policy:1"


def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PolicyError, match=r"there is no file \*\.policy"):
        load(tmp_path)
    with pytest.raises(PolicyError, match=r"absent\.policy: No such file"):
        load(tmp_path / "absent.policy")
    bad = tmp_path / "bad.policy"
    bad.write_bytes(b"# fine\n# \xff\n")
    with pytest.raises(PolicyError, match=r"bad\.policy:2: not UTF-8 text"):
        load(bad)
    monkeypatch.setattr(loading, "MAX_FILE", 4)
    with pytest.raises(PolicyError, match="larger than 4 octets"):
        load(bad)


def wide(addresses: int, condition: str) -> str:
    """A second resource of so many lines, far apart, and an `allow` for it."""
    prefixes = ", ".join(f"10.{number // 100}.{number % 100 * 2}.0/24" for number in range(addresses))
    return f"resource wide {{ address {prefixes} port tcp 443 }}\nallow wide when {condition}\n"


def test_a_list_that_cannot_fit_names_rule_dialect_and_limit() -> None:
    with pytest.raises(PolicyError) as refused:
        compiled(SOUND + wide(100, "persona ml"), ("rfc4849", "vlan-only"))
    (diagnostic,) = refused.value.diagnostics
    assert diagnostic.startswith("p.policy:4:1: error: dialect rfc4849: a session placed here can be granted ")
    assert f"a RADIUS packet has room for {MAX_POLICY} (RFC 2865 3)" in diagnostic
    assert "place in corp when persona ml" in diagnostic
    assert "largest in octets: wide 4" in diagnostic


def test_with_a_fallback_it_is_a_warning() -> None:
    text = SOUND.replace("vlan 120", "vlan 120 fallback closed") + "segment closed { vlan 66 }\n"
    (warning,) = compiled(text + wide(100, "persona ml"), ("rfc4849",)).warnings
    assert warning.render().startswith("p.policy:4:1: warning: dialect rfc4849: a session placed here can be granted ")
    assert warning.fix == "there it is put into `closed` instead, the fallback of `corp`"


def test_a_list_that_a_dialect_cannot_write_is_refused_too() -> None:
    ranges = ", ".join(f"tcp {first}-{first + 998}" for first in range(1000, 60000, 2000))
    text = SOUND.replace("port tcp 22", f"port {ranges}")
    with pytest.raises(PolicyError) as refused:
        compiled(text, ("arista-eos+ipv4", "rfc4849"))
    assert refused.value.diagnostics[0].startswith("p.policy:4:1: error: dialect ")


def test_a_monitored_allow_does_not_count() -> None:
    compiled(SOUND + wide(100, "persona ml mode monitor"), ("rfc4849",))


def test_an_allow_that_contradicts_the_place_does_not_count() -> None:
    text = SOUND.replace("place in corp when persona ml", 'place in corp when method = "eap-tls" and persona ml')
    compiled(text + wide(100, 'method in ("mab", "none") and user.groups has "x"'))
    with pytest.raises(PolicyError):
        compiled(text + wide(100, 'method in ("mab", "EAP-TLS") and user.groups has "x"'))


def test_tests_run_on_the_compiled_form_too() -> None:
    text = SOUND + 'test "t" { given user.groups has "ML" expect segment corp reaches gpu }\n'
    assert compiled(text).native.decide({"user.groups": ["ml"]}).grants == ["gpu"]

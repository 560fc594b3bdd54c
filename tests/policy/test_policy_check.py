"""Warnings, digests, sources, bounds of replies: what `load` and `compile_policy` say of policies that read well."""

from pathlib import Path

import pytest

from nac.enforcement.budget import MAX_POLICY
from nac.enforcement.dictionary import shipped_dictionary
from nac.errors import PolicyError
from nac.policy import load as loading
from nac.policy.compile import CompiledPolicy, compile_policy
from nac.policy.load import digest, load, read
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


@pytest.mark.parametrize(
    ("added", "place", "message"),
    [
        ("resource spare { address 10.1.1.1 }", "6:10", "no rule allows resource `spare`"),
        ("segment spare { vlan 1 }", "6:9", "no rule places in segment `spare`"),
        ("persona spare when device.known", "6:9", "persona `spare` is not used"),
        (
            'resource wide { address 10.0.0.0/8 } allow wide when persona ml\nforbid gpu when device.tags has "x"',
            "7:8",
            "what `gpu` shares with `wide` stays open",
        ),
    ],
)
def test_warnings(added: str, place: str, message: str) -> None:
    (warning,) = read([Source("p.policy", SOUND + added)]).warnings
    assert warning.render().startswith(f"p.policy:{place}: warning: ")
    assert message in warning.message


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


def test_an_allow_that_contradicts_the_place_does_not_count() -> None:
    text = SOUND.replace("place in corp when persona ml", 'place in corp when method = "eap-tls" and persona ml')
    compiled(text + wide(100, 'method in ("mab", "none") and user.groups has "x"'))
    with pytest.raises(PolicyError):
        compiled(text + wide(100, 'method in ("mab", "EAP-TLS") and user.groups has "x"'))


def test_tests_run_on_the_compiled_form_too() -> None:
    text = SOUND + 'test "t" { given user.groups has "ML" expect segment corp reaches gpu }\n'
    assert compiled(text).native.decide({"user.groups": ["ml"]}).grants == ["gpu"]

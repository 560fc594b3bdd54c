"""Malformed policies: each names the line, the column and what is wrong."""

import pytest

from nac.errors import PolicyError
from nac.policy.load import read
from nac.policy.source import Source

DECLARED = """\
resource gpu { address 10.20.0.0/24 port tcp 22 }
segment corp { vlan 120 }
persona ml when user.groups has "ml"
place in corp when persona ml
allow gpu when persona ml
"""
"""Five sound lines: the table's text begins on line 6."""

TABLE = [
    # (text, line:column, what the message says, what the fix says)
    ("plaec in corp", "6:1", "expected a statement, found `plaec`", "did you mean `place`?"),
    ('"text"', "6:1", "expected a statement, found a text", "statements begin with"),
    ("place corp", "6:7", "expected `in`, found `corp`", ""),
    ("place in", "6:9", "expected the name of a segment, found the end of the file", ""),
    ("place in when ml", "6:10", "found the keyword `when`", ""),
    ("place in corpp", "6:10", "there is no segment `corpp`", "did you mean `corp`?"),
    ("place in 9corp", "6:10", "`9corp` is not a name", "a name is a letter"),
    ("place in corp when", "6:19", "expected a condition, found the end of the file", ""),
    ("place in corp when (device.managed", "6:35", "expected `)` to close the parenthesis", ""),
    ("place in corp when device.managed device.known", "6:35", "expected a statement", ""),
    ('reject when ssid != "corp"', "6:18", "there is no `!=`", "write `not ssid = ...`"),
    ("reject when ssid = corp", "6:20", "expected a value, found `corp`", 'ssid = "corp"'),
    ('reject when ssid "corp"', "6:18", "expected an operator between `ssid` and the text", "one of = has in matches"),
    ('reject when ssid = "corp', "6:20", "this text is not closed on its line", ""),
    ('reject when ssid = "a\\n"', "6:20", "may follow a backslash", ""),
    ('reject when ssid = "a\x07"', "6:20", "control characters", ""),
    ("reject when §", "6:13", "unexpected character `§`", ""),
    ("reject when ssid", "6:13", "`ssid` is of kind text and no condition by itself", 'write `ssid = "corp"`'),
    ('reject when ssid has "x"', "6:13", "`has` does not fit `ssid`", 'write `ssid = "corp"`'),
    ("reject when ssid = true", "6:20", "`ssid` is of kind text; this value is not", ""),
    ('reject when user.groups = "ml"', "6:13", "`=` does not fit `user.groups`", "user.groups has"),
    ('reject when device.managed = "yes"', "6:30", "kind boolean", "`device.managed` or `not device.managed`"),
    ("reject when certificate.days_left", "6:13", "kind integer and no condition", "certificate.days_left >= 90"),
    ('reject when certificate.days_left < "9"', "6:37", "kind integer", ""),
    ('reject when user.group has "ml"', "6:13", "there is no fact `user.group`", "did you mean `user.groups`?"),
    ("reject when persona mll", "6:21", "there is no persona `mll`", "did you mean `ml`?"),
    ('reject when mac = "00-11"', "6:19", '"00-11" is not a MAC address', ""),
    ('reject when ssid in "corp"', "6:21", "expected `(` before the list of texts", ""),
    ('reject when ssid in ("a" "b")', "6:26", "expected `)` or `,` after a value", ""),
    ("reject when " + "(" * 40 + "device.known" + ")" * 40, "6:46", "nest at most 32 deep", "persona NAME"),
    ("allow gpuu when persona ml", "6:7", "there is no resource `gpuu`", "did you mean `gpu`?"),
    ("allow gpu", "6:1", "this `allow` can hold for anyone", "user.groups has"),
    ('allow gpu when posture.status = "healthy"', "6:1", "can hold for anyone", ""),
    ('allow gpu when not user.groups has "ml"', "6:1", "can hold for anyone", ""),
    ("allow gpu when not device.managed", "6:1", "can hold for anyone", ""),
    ('allow gpu when device.managed or ssid = "corp"', "6:1", "can hold for anyone", ""),
    ("allow gpu, when persona ml", "6:12", "found the keyword `when`", ""),
    ("resource gpu { address 10.0.0.1 }", "6:10", "resource `gpu` is declared twice", "at test.policy:1:10"),
    ("resource r { kind gpu address 10.0.0.1 }", "6:19", "expected a kind of resource", "known:"),
    ("resource r { kind dataset }", "6:10", "resource `r` has no address", "address 10.0.0.0/24"),
    ("resource r { address 10.20.0.1/24 }", "6:22", "not a network address", "the network is `10.20.0.0/24`"),
    ("resource r { address 10.20.0.256 }", "6:22", "`10.20.0.256` is not a network address", ""),
    ("resource r { address 10.0.0.1, }", "6:32", "expected an address, found `}`", ""),
    ("resource r { address 10.0.0.1 port 22 }", "6:36", "expected a protocol", "known: tcp, udp, icmp"),
    ("resource r { address 10.0.0.1 port tcp 0 }", "6:40", "`0` is not a port", "from 1 to 65535"),
    ("resource r { address 10.0.0.1 port tcp 90-80 }", "6:40", "`90-80` is not a port", ""),
    ("resource r { address 10.0.0.1 stage training }", "6:37", "expected a stage", "did you mean `train`?"),
    ("resource r { address 10.0.0.1 colour }", "6:31", "expected a property or `}`", "known:"),
    ("resource r { address 10.0.0.1 address 10.0.0.2 }", "6:31", "`address` stands twice", ""),
    ("resource r { kind internet address 10.0.0.1 }", "6:10", "no address of its own", ""),
    ("resource r { address 10.0.0.1", "6:30", "expected a property or `}`, found the end of the file", ""),
    ("segment s { vlan 4095 }", "6:18", "`4095` is not a VLAN", "1 to 4094"),
    ('segment s { vlan "' + "x" * 33 + '" }', "6:18", "is not a VLAN", "at most 32 octets"),
    ("segment s { session 8hours }", "6:21", "not a session's duration", "`8h`"),
    ("segment s { session 31d }", "6:21", "not a session's duration", "`60s` to `30d`"),
    ("segment s { filter-id corp }", "6:23", "expected the name of the access list", "between quotes"),
    ("persona a when persona b\npersona b when persona a", "7:24", "leads back to itself: a -> b -> a", ""),
    ("persona a device.known", "6:11", "expected `when`, found `device.known`", ""),
    ("place in corp\nplace in corp when persona ml", "7:1", "this statement is never reached", "test.policy:6:1"),
    ('test "t" { given device.managed }', "6:6", "a test expects nothing", "expect segment"),
    ('test "t" { expect reject expect reject }', "6:6", "a test has one `expect`", ""),
    ('test "t" { given usr.name = "x" expect reject }', "6:18", "there is no fact `usr.name`", "`user.name`"),
    ('test "t" { given user.name = true expect reject }', "6:30", "kind text; this value is not", ""),
    ('test "t" { expect segment crop }', "6:27", "there is no segment `crop`", "did you mean `corp`?"),
    ('test "t" { expect segment corp }', "6:1", 'test "t": expected segment corp, got reject (nothing matched)', ""),
    (
        'test "t" { given user.groups = ("ml") expect segment corp not reaches gpu }',
        "6:71",
        'test "t": reaches `gpu`',
        "",
    ),
    ('test "t" { expect reject reaches gpu }', "6:34", 'test "t": does not reach `gpu`', ""),
]


@pytest.mark.parametrize(("text", "place", "message", "fix"), TABLE, ids=[row[0][:40] for row in TABLE])
def test_names_the_place(text: str, place: str, message: str, fix: str) -> None:
    with pytest.raises(PolicyError) as refused:
        read([Source("test.policy", DECLARED + text)])
    first = refused.value.diagnostics[0]
    head = first.splitlines()[0]
    assert head.startswith(f"test.policy:{place}: error: "), first
    assert message in head, first
    assert fix in first, first


def test_shows_the_line_with_a_caret() -> None:
    with pytest.raises(PolicyError) as refused:
        read([Source("a.policy", '\n\treject when usr.name = "x"\n')])
    assert refused.value.diagnostics == [
        "a.policy:2:14: error: there is no fact `usr.name`\n"
        '    2 |  reject when usr.name = "x"\n'
        "      |              ^^^^^^^^\n"
        "      = did you mean `user.name`?"
    ]


def test_several_errors_at_once() -> None:
    text = "place in\n\nallow when\nresource r {\n}\nreject when x !\nsegment s { vlan 0 }\n"
    with pytest.raises(PolicyError) as refused:
        read([Source("a.policy", text)])
    places = [diagnostic.split(": ")[0] for diagnostic in refused.value.diagnostics]
    assert places == ["a.policy:3:1", "a.policy:3:7", "a.policy:4:10", "a.policy:6:15", "a.policy:7:18"]

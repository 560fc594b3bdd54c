"""Malformed policies: each names the line, the column and what is wrong.

`malformed/*.policy` begin with two comments: `# LINE:COLUMN: message` of their first error, and what the fix says; both
may be parts of what is said.
"""

from pathlib import Path

import pytest

from nac.errors import PolicyError
from nac.policy.load import read
from nac.policy.source import Source

MALFORMED = sorted((Path(__file__).parent / "malformed").glob("*.policy"))


@pytest.mark.parametrize("path", MALFORMED, ids=[path.stem for path in MALFORMED])
def test_names_the_place(path: Path) -> None:
    text = path.read_text()
    expected, fix = (line.removeprefix("#").strip() for line in text.splitlines()[:2])
    place, message = expected.split(": ", 1)
    with pytest.raises(PolicyError) as refused:
        read([Source("test.policy", text)])
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

"""Line numbers of keys, against documents whose layout is known."""

from __future__ import annotations

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from nac.config.lines import Key, dotted, key_lines, line_of
from nac.config.render import literal

DOCUMENT = """\
top = 1 # [not.a.table]
"quoted key" = '# no comment'

[a.b]
text = \"\"\"
[c]
d = 1 \\\"\"\" still
\"\"\"\"\"
after = '''
x = 1
'''
list = [ 1, # one
  "two, ] }",
  { x = [
      3 ] },
]
[a]
dotted.key."with.dot" = 1979-05-27T07:32:00Z
[[t]]
n = 1
[[t]]
n = { m = 2, k.l = 3 }
[t.sub]
o = 4
"""

EXPECTED: dict[Key, int] = {
    ("top",): 1,
    ("quoted key",): 2,
    ("a", "b"): 4,
    ("a", "b", "text"): 5,
    ("a", "b", "after"): 9,
    ("a", "b", "list"): 12,
    ("a", "b", "list", 0): 12,
    ("a", "b", "list", 1): 13,
    ("a", "b", "list", 2): 14,
    ("a", "b", "list", 2, "x"): 14,
    ("a", "b", "list", 2, "x", 0): 15,
    ("a",): 17,
    ("a", "dotted"): 18,
    ("a", "dotted", "key"): 18,
    ("a", "dotted", "key", "with.dot"): 18,
    ("t",): 19,
    ("t", 0): 19,
    ("t", 0, "n"): 20,
    ("t", 1): 21,
    ("t", 1, "n"): 22,
    ("t", 1, "n", "m"): 22,
    ("t", 1, "n", "k"): 22,
    ("t", 1, "n", "k", "l"): 22,
    ("t", 1, "sub"): 23,
    ("t", 1, "sub", "o"): 24,
}


def test_toml_1_0_forms() -> None:
    tomllib.loads(DOCUMENT)
    assert key_lines(DOCUMENT) == EXPECTED


def test_a_key_that_is_not_written_falls_back_to_what_surrounds_it() -> None:
    lines = key_lines("[a]\n\nb = [1]\n")
    assert line_of(lines, ("a", "b", 7, "c")) == 3
    assert line_of(lines, ("a", "z")) == 1
    assert line_of(lines, ("z",)) is None


def test_dotted() -> None:
    assert dotted(("eap", "certificates", 0, "key")) == "eap.certificates[0].key"


_texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=8)
_values = st.recursive(
    st.integers(-9, 9) | st.booleans() | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.from_regex(r"[a-z]{1,3}", fullmatch=True), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.from_regex(r"[a-z-]{1,4}", fullmatch=True), _values, max_size=5), st.integers(0, 3))
def test_each_setting_on_its_own_line(document: dict[str, object], gap: int) -> None:
    text = "".join(f"{key} = {literal(value)}\n" + "# x\n" * gap for key, value in document.items())
    assert tomllib.loads(text) == document
    lines = key_lines(text)
    starts = [text.count("\n", 0, at) + 1 for at in _starts(text, document)]
    assert [lines[(key,)] for key in document] == starts
    assert _keys(document) == set(lines)


def _starts(text: str, document: dict[str, object]) -> list[int]:
    """Offsets of the settings: each is rendered as this prefix, in order, and nothing before it is that long."""
    offsets, at = [], 0
    for key, value in document.items():
        at = text.index(f"{key} = {literal(value)}\n", at)
        offsets.append(at)
        at += len(f"{key} = {literal(value)}\n")
    return offsets


def _keys(value: object, key: Key = ()) -> set[Key]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found: set[Key] = set()
    for name, inner in pairs:
        found |= {(*key, name)} | _keys(inner, (*key, name))
    return found

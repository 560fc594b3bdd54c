"""No text makes the reader fail in an unforeseen way: it is read, or refused with places that are in the text.

What passes every check is compiled too: the data plane takes whatever the checker lets through. `NAC_FUZZ_EXAMPLES`
scales the search; nothing here depends on a clock, sizes are what bounds it.
"""

import os
import re
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

import nac.policy
from nac.errors import PolicyError
from nac.policy.check import check
from nac.policy.compile import compile_native
from nac.policy.examine import examine
from nac.policy.facts import catalogue
from nac.policy.load import read
from nac.policy.parse import MAX_PROBLEMS, parse
from nac.policy.parse_condition import RESERVED
from nac.policy.resolve import resolve
from nac.policy.schedule import known_span
from nac.policy.source import Diagnostic, Severity, Source

EXAMPLES = int(os.environ.get("NAC_FUZZ_EXAMPLES", "200"))
SPAN = known_span(datetime(2026, 11, 23, tzinfo=UTC))

SOUND = [
    (Path(nac.policy.__path__[0]) / "examples" / "ai-estate.policy").read_text(),
    (Path(__file__).parent / "sentences.policy").read_text(),
    (Path(nac.policy.__path__[0]) / "examples" / "posture.policy").read_text(),
]
TOKENS = sorted(
    {
        *RESERVED,
        *(token for text in SOUND for token in re.findall(r'"[^"]*"|[A-Za-z0-9_][A-Za-z0-9_.:/-]*|[{}(),=<>]', text)),
        *("\n", "\n# ", "!=", "<=", '"', "\\", "::", "\x00", "é", "\u2028", "25:00-26:00", "0-0", "9" * 400, "a" * 300),
        *(
            "mon-sun",
            "00:00-24:00",
            "2026-02-30",
            'zone "../../etc"',
            'zone "Europe"',
            "at",
            "mode monitor",
            "list l {",
        ),
    }
)


def read_or_refuse(text: str) -> None:
    """Through every stage, as far as it goes."""
    source = Source("fuzz.policy", text)
    written, problems = parse([source])
    assert len(problems) <= MAX_PROBLEMS
    refused = told(problems, source)
    policy, problems = resolve(written)
    refused |= told(problems, source)
    refused |= told(check(policy, catalogue()), source)
    if not refused:
        told(examine(policy), source)
        compile_native(policy, [], "00", SPAN)


def told(problems: list[Diagnostic], source: Source) -> bool:
    """Every place is in the text, every message is shown; whether one is an error."""
    for problem in problems:
        assert 1 <= problem.span.line <= len(source.lines)
        assert 1 <= problem.span.column <= len(source.lines[problem.span.line - 1]) + 1
        assert problem.render()
    return any(problem.severity is Severity.ERROR for problem in problems)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
@settings(max_examples=EXAMPLES, deadline=None)
def test_any_text(text: str) -> None:
    read_or_refuse(text)


@given(st.lists(st.sampled_from(TOKENS), max_size=60))
@settings(max_examples=EXAMPLES, deadline=None)
def test_a_soup_of_tokens(tokens: list[str]) -> None:
    read_or_refuse(" ".join(tokens))


@given(st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_a_damaged_policy(data: st.DataObject) -> None:
    """Some places of a sound policy are cut out, overwritten with another token, or repeated."""
    text = data.draw(st.sampled_from(SOUND))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        length = data.draw(st.integers(0, 40))
        between = data.draw(st.sampled_from([*TOKENS, "", text[start : start + length] * 2]))
        text = text[:start] + between + text[start + length :]
    read_or_refuse(text)


@given(st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_statements_in_another_order(data: st.DataObject) -> None:
    """Lines of sound policies, shuffled and dropped: most of it is still read, and has to be sound or refused."""
    lines = [line for text in SOUND for line in text.splitlines() if line and not line.startswith((" ", "}", "#"))]
    chosen = data.draw(st.lists(st.sampled_from(lines), max_size=30))
    read_or_refuse("\n".join(chosen))


def test_deep_nesting_is_refused_not_overflowed() -> None:
    read_or_refuse("reject when " + "not " * 100_000 + "device.known")
    read_or_refuse("reject when " + "(" * 100_000)
    chain = "".join(f"persona p{i} when not persona p{i + 1}\n" for i in range(5000))
    read_or_refuse(chain + "persona p5000 when device.known\nreject when persona p0")
    doubling = "".join(f"persona p{i} when persona p{i + 1} and persona p{i + 1}\n" for i in range(60))
    read_or_refuse(doubling + "persona p60 when device.known\nreject when persona p0")


def test_the_whole_reader_raises_nothing_else() -> None:
    """`read` on every beginning of a sound policy: read, or refused with a place in it."""
    for cut in range(0, len(SOUND[1]), 97):
        for diagnostic in refusals(SOUND[1][:cut]):
            assert diagnostic.startswith("fuzz.policy:")


def refusals(text: str) -> list[str]:
    try:
        read([Source("fuzz.policy", text)])
    except PolicyError as refused:
        return refused.diagnostics
    return []

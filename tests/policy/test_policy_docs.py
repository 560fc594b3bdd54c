"""The documentation says what the code does: its policy compiles, its tables are those of the code."""

import re
from pathlib import Path

from nac.enforcement.dictionary import shipped_dictionary
from nac.enforcement.vendor import DIALECTS
from nac.policy.compile import compile_policy
from nac.policy.facts import catalogue
from nac.policy.load import read
from nac.policy.parse_declaration import KINDS, LABELS
from nac.policy.source import Source

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "policy.md").read_text()


def test_the_policy_of_the_tour_compiles() -> None:
    (block,) = re.findall(r"```\n(.*?)```", PAGE, re.DOTALL)
    assert compile_policy(read([Source("tour.policy", block)]), shipped_dictionary()).warnings == ()


def test_every_fact_is_listed_as_it_is() -> None:
    rows = [
        f"| `{fact.name}` | {fact.kind} | {'yes' if fact.identity else ''} | {fact.source} | `{fact.example}` |"
        for fact in catalogue().values()
    ]
    listed = [line for line in (DOCS / "facts.md").read_text().splitlines() if line.startswith("| `")]
    assert listed == rows


def test_every_word_of_the_grammar_is_named() -> None:
    for kind in KINDS:
        assert kind in PAGE
    for label, values in LABELS.items():
        assert f"`{label}` ({', '.join(values)})" in PAGE
    for dialect in DIALECTS:
        assert f"| `{dialect}`" in PAGE

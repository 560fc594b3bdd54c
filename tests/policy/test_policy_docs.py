"""The documentation says what the code does: its policy compiles, the reference is what the code says."""

import re
import runpy
from pathlib import Path

from nac.enforcement.dictionary import shipped_dictionary
from nac.policy.compile import compile_policy
from nac.policy.load import read
from nac.policy.parse_condition import RESERVED
from nac.policy.source import Source

ROOT = Path(__file__).parents[2]
TOUR = (ROOT / "docs" / "policy.md").read_text()
(BLOCK,) = re.findall(r"```\n(.*?)```", TOUR, re.DOTALL)


def test_the_policy_of_the_tour_compiles() -> None:
    assert compile_policy(read([Source("tour.policy", BLOCK)]), shipped_dictionary()).warnings == ()


def test_the_reference_is_up_to_date() -> None:
    page = runpy.run_path(str(ROOT / "scripts" / "policy-reference.py"))["page"]()
    said = (ROOT / "docs" / "policy-reference.md").read_text()
    assert said == page, "run: .venv/bin/python scripts/policy-reference.py"


def test_the_grammar_names_every_word_of_the_parser() -> None:
    grammar = (ROOT / "docs" / "policy-reference.md").read_text()
    assert {word for word in RESERVED if f'"{word}"' not in grammar} == set()

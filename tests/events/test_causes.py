"""The cause words and their page are one."""

import re
from pathlib import Path

from nac.events.causes import CAUSES, cause, page

ROOT = Path(__file__).parents[2]


def test_the_page_is_made_from_the_words() -> None:
    assert (ROOT / "docs/causes.md").read_text() == page()


def test_every_word_has_a_meaning_and_all_but_ok_a_fix() -> None:
    for word, about in CAUSES.items():
        assert word.replace("_", "").isalpha()
        assert word.islower()
        assert about.meaning.endswith(".")
        assert bool(about.fix) == (word != "ok")


def test_every_word_that_the_data_plane_makes_is_known() -> None:
    sources = (ROOT / "dataplane/server/src").rglob("*.rs")
    made = {word for path in sources for word in re.findall(r'Cause::new\(\s*"(\w+)"', path.read_text())}
    assert len(made) > 20
    assert made <= CAUSES.keys()


def test_a_word_of_a_newer_version() -> None:
    assert cause("of_a_newer_version").fix == ""

"""The programs that checks ask: bounded in time and in what they say."""

from __future__ import annotations

import pytest

from nac.agent import commands
from nac.agent.commands import CommandError, SystemCommands


def test_what_a_program_prints_is_returned_and_the_language_is_fixed() -> None:
    assert SystemCommands().run("env") == f"PATH={commands.SEARCHED}\nLC_ALL=C\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("false",), "ended with 1"),
        (("nac-no-such-program",), "is not installed"),
        (("yes",), "said more than"),
        (("sh", "-c", "exec >&-; sleep 100"), "ended with -9"),
        (("sleep", "100"), "ended with -9"),
    ],
)
def test_what_goes_wrong_is_said(words: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "PATIENCE_S", 0.5)
    with pytest.raises(CommandError, match=said):
        SystemCommands().run(*words)


def test_the_users_own_programs_are_not_asked(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert SystemCommands().run("true") == ""

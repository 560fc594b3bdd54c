"""What the agent keeps: the counter above all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from nac.agent.answer import Verdict
from nac.agent.missed import Missed
from nac.agent.state import State, Status
from nac.errors import ConflictError, StorageError

COUNTING = """
import sys
from pathlib import Path
from nac.agent.state import State
state = State(Path(sys.argv[1]))
while True:
    sys.stdout.write(f"{state.next_count(1000.0)}\\n")
    sys.stdout.flush()
"""


def test_the_counter_goes_up_whatever_the_clock_does(tmp_path: Path) -> None:
    state = State(tmp_path)
    assert [state.next_count(now) for now in (1000.0, 5000.0, 0.0)] == [1000, 1001, 1002]
    assert State(tmp_path).next_count(0.0) == 1003


def test_a_lost_folder_goes_on_above_what_was_sent(tmp_path: Path) -> None:
    before = [State(tmp_path / "one").next_count(1000.0) for _ in range(50)]
    assert State(tmp_path / "two").next_count(1000.0 + 60) > max(before)


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()


@pytest.mark.parametrize("lines", [1, 2, 7, 30, 77])
def test_kill_9_gives_no_number_twice(lines: int, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", COUNTING, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        said = [int(process.stdout.readline()) for _ in range(lines)]
        process.kill()
        said += [int(line) for line in process.stdout.read().split("\n") if line]
    assert said == list(range(1000, 1000 + len(said)))
    assert State(tmp_path).next_count(0.0) > said[-1]


def test_a_counter_that_is_none_stops_the_agent(tmp_path: Path) -> None:
    (tmp_path / "counter").write_text("many")
    with pytest.raises(StorageError) as caught:
        State(tmp_path).next_count(1.0)
    assert "delete it" in caught.value.fix


def test_the_counter_is_the_agents_alone(tmp_path: Path) -> None:
    State(tmp_path).next_count(1.0)
    assert (tmp_path / "counter").stat().st_mode & 0o777 == 0o600


def test_two_agents_do_not_share_a_folder(tmp_path: Path) -> None:
    with State(tmp_path).alone(), pytest.raises(ConflictError), State(tmp_path).alone():
        pass
    with State(tmp_path).alone():
        pass


def test_the_status_is_what_was_kept(tmp_path: Path) -> None:
    status = Status(1, Verdict("healthy", 100), 2, "trouble", "fix", (Missed(1, ("firewall",), ()),))
    State(tmp_path).keep(status)
    assert State(tmp_path).status() == status


@pytest.mark.parametrize("content", ["", "{", '{"delivered_at": "x"}'])
def test_a_broken_status_is_none(content: str, tmp_path: Path) -> None:
    (tmp_path / "status.json").write_text(content)
    assert State(tmp_path).status() == Status()

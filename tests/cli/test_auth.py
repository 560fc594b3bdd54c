"""`nac auth` and `nac why` on stored events, hostile ones among them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from nac.events.types import AuthenticationEvent, DiscardEvent

Run = Callable[..., Result]
Sample = Callable[..., AuthenticationEvent]
Store = Callable[..., None]

HOSTILE = "\x1b]0;owned\x07\x1b[2J[red]\u202ebob\r\nroot: ok"


def test_list_and_its_filters(nac: Run, sample: Sample, store: Store) -> None:
    store(*(sample(name) for name in ("accepted", "expired", "printer")))
    lines = nac("auth", "list").stdout.splitlines()
    assert [line.split()[3] for line in lines[1:]] == ["ok", "certificate_expired", "ok"]
    assert "(anonymous@lab.example)" in lines[2]
    assert "Alice@lab.example" in lines[3]
    found = json.loads(nac("auth", "list", "--mac", "001B.7749.54FE", "--result", "reject", "-o", "json").stdout)
    assert [event["cause"] for event in found] == ["certificate_expired"]
    assert found[0]["certificate"]["serial"] == "4a02"
    assert "no authentications match" in nac("auth", "list", "--since", "1s", "--user", "x", "--client", "y").stderr
    nac("auth", "list", "--mac", "nonsense", code=2)


def test_show_has_every_field(nac: Run, sample: Sample, store: Store) -> None:
    store(sample("accepted"))
    text = nac("auth", "show", "a1b2c3d4").stdout
    for expected in ("certificate.serial", "Tunnel-Private-Group-Id=120", "campus.policy:12: place in ml", "Gi1/0/12"):
        assert expected in text
    assert json.loads(nac("auth", "show", "a1b2c3d4", "-o", "json").stdout)["id"].startswith("a1b2")
    nac("auth", "show", "ffffffff", code=4)


@pytest.mark.parametrize(
    "arguments", [["auth", "list"], ["auth", "tail"], ["auth", "show", "a1b2c3d4"], ["why", "a1b2c3d4"]]
)
@pytest.mark.parametrize("output", ["table", "json"])
def test_hostile_text_is_shown_not_obeyed(
    nac: Run, sample: Sample, store: Store, arguments: list[str], output: str
) -> None:
    event = sample("accepted", user_name=HOSTILE, identity_user=HOSTILE, client=HOSTILE, cause="ok", detail=HOSTILE)
    store(event)
    out = nac(*arguments, "-o", output).stdout
    assert not any(character in out for character in ("\x1b", "\x07", "\r", "\u202e"))
    assert "owned" in out
    if output == "table":
        assert "\\x1b]0;owned\\x07" in out
        assert "[red]" in out


def test_tail_is_oldest_first_and_json_lines(nac: Run, sample: Sample, store: Store) -> None:
    store(*(sample(name) for name in ("accepted", "expired", "printer")))
    lines = nac("auth", "tail", "--limit", "2", "-o", "json").stdout.splitlines()
    assert [json.loads(line)["sequence"] for line in lines] == [2, 3]


def test_tail_follows_what_happens(site: Path, sample: Sample, store: Store) -> None:
    store(sample("accepted"))
    command = [sys.executable, "-c", "from nac.cli import main; main()", "auth", "tail", "-f", "-o", "json"]
    with subprocess.Popen(
        [*command, "--result", "reject", "--limit", "5"],
        cwd=site,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    ) as process:
        assert process.stdout is not None
        store(sample("expired", id="0" * 32))
        assert json.loads(process.stdout.readline())["id"] == "0" * 32
        store(sample("printer"), sample("expired", id="1" * 32))
        assert json.loads(process.stdout.readline())["id"] == "1" * 32
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, "")


def test_why_is_ten_lines_at_most_with_the_failing_check_marked(nac: Run, sample: Sample, store: Store) -> None:
    store(sample("accepted"), sample("expired"))
    lines = nac("why", "00-1b-77-49-54-fe").stdout.splitlines()
    assert len(lines) <= 10
    failing = [line for line in lines if line.startswith("FAIL")]
    assert len(failing) == 1
    assert "certificate" in failing[0]
    assert "51 days ago" in failing[0]
    assert "Issue a new certificate for laptop-18." in lines[-1]
    found = json.loads(nac("why", "laptop-17", "-o", "json").stdout)
    assert found["event"]["cause"] == "ok"
    assert [step["name"] for step in found["steps"]][:2] == ["result", "asked"]


def test_why_of_the_unknown_is_4_and_still_helps(nac: Run, store: Store) -> None:
    import time

    at = int(time.time() - 60) * 1_000_000
    store(DiscardEvent(1, at, "unknown_client", "no client has this address", None, "10.9.9.9", 44))
    result = nac("why", "001b774954fd", code=4)
    assert "44 packets from 10.9.9.9 were not answered: unknown_client" in result.stdout
    assert "nac client list" in result.stdout
    assert json.loads(nac("why", "x\x1b", "-o", "json", code=4).stdout)["event"] is None

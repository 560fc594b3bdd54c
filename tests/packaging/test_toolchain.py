"""A missing toolchain is one line that says what to install."""

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "toolchain.sh"
ALWAYS = ("sh", "dirname", "sed", "sort", "head", "cut")


def _run(path: Path, *, python: str = "python3") -> subprocess.CompletedProcess[str]:
    shell = shutil.which("sh")
    assert shell is not None
    environment = {"PATH": str(path), "PYTHON": python}
    return subprocess.run([shell, str(SCRIPT)], env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder to be the whole PATH: small tools, a Python, a compiler, a Rust that is new enough."""
    for name in ALWAYS:
        found = shutil.which(name)
        assert found is not None
        (tmp_path / name).symlink_to(found)
    for name, said in (("python3", "Python 3.11.2"), ("cc", ""), ("cargo", ""), ("rustc", "rustc 1.95.0 (abc)")):
        _say(tmp_path / name, said)
    return tmp_path


def _say(program: Path, text: str, *, code: int = 0) -> None:
    program.unlink(missing_ok=True)
    program.write_text(f"#!/bin/sh\necho '{text}'\nexit {code}\n")
    program.chmod(0o755)


def test_nothing_is_said_when_all_is_there(tools: Path) -> None:
    done = _run(tools)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("missing", "said"),
    [("python3", "no Python"), ("cc", "no C compiler"), ("cargo", "no Rust toolchain"), ("rustc", "no Rust toolchain")],
)
def test_one_line_for_what_is_missing(tools: Path, missing: str, said: str) -> None:
    (tools / missing).unlink()
    done = _run(tools)
    assert done.returncode == 1
    assert done.stderr.startswith(f"nac: {said}")
    assert "install" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("version", ["1.94.9", "1.9.0", "0.99.0"])
def test_an_old_rust_is_named_with_its_version(tools: Path, version: str) -> None:
    _say(tools / "rustc", f"rustc {version} (abc 2020-01-01)")
    done = _run(tools)
    assert done.returncode == 1
    assert f"Rust {version} is too old" in done.stderr


@pytest.mark.parametrize("version", ["1.95.0", "1.95.1", "1.100.0", "2.0.0"])
def test_a_newer_rust_will_do(tools: Path, version: str) -> None:
    _say(tools / "rustc", f"rustc {version} (abc)")
    assert _run(tools).returncode == 0


def test_an_old_python_is_named(tools: Path) -> None:
    _say(tools / "python3", "Python 3.9.2", code=1)
    done = _run(tools)
    assert done.returncode == 1
    assert "Python 3.9.2 is too old" in done.stderr

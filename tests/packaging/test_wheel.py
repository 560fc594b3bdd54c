"""The wheel holds everything that nac needs at run time, and nothing else of the checkout."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MATURIN = Path(sys.executable).with_name("maturin")


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The files of a wheel that is built now; the data plane comes from Cargo's cache."""
    out = tmp_path_factory.mktemp("wheels")
    command = [MATURIN, "build", "--release", "--locked", "--auditwheel", "skip", "--out", out]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = out.glob("*.whl")
    assert re.fullmatch(r"nac-[0-9.]+-cp311-abi3-\w+\.whl", wheel.name)
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_every_module_is_in(names: set[str]) -> None:
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "nac").rglob("*.py")}
    assert modules <= names


@pytest.mark.parametrize("pattern", ["nac/policy/examples/*.policy", "nac/dictionaries/dictionary.*"])
def test_data_is_in(names: set[str], pattern: str) -> None:
    files = {str(path.relative_to(ROOT)) for path in ROOT.glob(pattern)}
    assert files
    assert files <= names


def test_the_extension_its_stub_and_the_type_marker_are_in(names: set[str]) -> None:
    assert {"nac/_dataplane.abi3.so", "nac/_dataplane.pyi", "nac/py.typed"} <= names
    assert "nac/db/migrations/script.py.mako" in names


def test_nothing_else_is_in(names: set[str]) -> None:
    outside = {name for name in names if not re.match(r"nac/|nac-[0-9.]+\.dist-info/", name)}
    assert not outside
    assert not [name for name in names if "__pycache__" in name]


def test_the_licence_goes_along(names: set[str]) -> None:
    assert any(name.endswith("LICENSE") for name in names)

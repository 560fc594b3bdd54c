"""`python -m lab.campus.switch NAME FOLDER`: one switch of the plan, in whose namespace this must run."""

from __future__ import annotations

import sys
from pathlib import Path

from lab.campus.plan import SECRET_FILE, switch_named
from lab.campus.switch.process import Switch


def main(name: str, folder: Path) -> None:
    """Run until ended."""
    switch = Switch(switch_named(name), folder, (folder / SECRET_FILE).read_bytes())
    print("ready", flush=True)
    switch.run()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))

"""`python -P -m nac.agent FILE`: what `nac agent run` becomes, without the command line's three megabytes."""

from __future__ import annotations

import sys
from pathlib import Path

from nac.agent.config import load_agent_config
from nac.agent.finding import tame
from nac.agent.run import run
from nac.errors import NacError


def main(path: Path) -> int:
    """Run with the settings in `path`; returns the exit code (`nac/errors.py`)."""
    try:
        run(load_agent_config(path))
    except NacError as error:
        sys.stderr.write(f"nac: {tame(error.message)}\nfix: {tame(error.fix)}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

"""A whole server in a process whose interpreter is stuck: `python gil_holder.py NAC_TOML SHARED_FILE`.

Prints its addresses as JSON and waits for a line on standard input. Then one call into C, which never returns and never
lets go of the GIL, writes 1 into octet 0 of the shared file. Octet 1 is counted up by a Python thread while it can run.
"""

from __future__ import annotations

import collections
import itertools
import json
import mmap
import sys
import threading
from pathlib import Path

from nac.service import Service


def beat(shared: mmap.mmap) -> None:
    """Count as long as this thread gets the GIL."""
    while True:
        shared[1] = (shared[1] + 1) % 256


def hold_the_gil(shared: mmap.mmap) -> None:
    """Never returns. `deque` runs through the iterator in C: not one bytecode in which the GIL could change hands."""
    endless = itertools.chain(map(shared.__setitem__, (0,), (1,)), itertools.repeat(None))
    collections.deque(endless, maxlen=0)


def main() -> None:
    config, shared_file = map(Path, sys.argv[1:])
    with shared_file.open("r+b") as file, mmap.mmap(file.fileno(), 2) as shared:
        service = Service(config, threading.Event())
        threading.Thread(target=beat, args=(shared,), daemon=True).start()
        print(json.dumps(service.addresses), flush=True)
        sys.stdin.readline()
        hold_the_gil(shared)


if __name__ == "__main__":
    main()

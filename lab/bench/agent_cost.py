"""What a running posture agent costs: its memory and processor time, a line a minute.

python -m lab.bench.agent_cost PID [SECONDS]
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Final

TICKS: Final = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure the process for so many seconds, five minutes unless told."""
    pid, seconds = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 300
    first, began = _ticks(pid), time.monotonic()
    while (gone := time.monotonic() - began) < seconds:
        time.sleep(min(60.0, seconds - gone))
        used, gone = (_ticks(pid) - first) / TICKS, time.monotonic() - began
        print(f"{gone:4.0f} s  {used:6.2f} s of processor, {100 * used / gone:.2f} %  {_memory(pid)}", flush=True)


def _ticks(pid: int) -> int:
    """User and system time, of programs that it ran and waited for too (proc_pid_stat(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15])


def _memory(pid: int) -> str:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return ", ".join(" ".join(line.split()) for line in lines if line.startswith(("VmRSS", "VmHWM")))


if __name__ == "__main__":
    main()

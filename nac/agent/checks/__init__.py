"""The checks, one file each: `run(machine) -> Finding`, reading only what the machine gives.

A check may raise `UnreadableError` or `CommandError`: its finding is then unknown, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from nac.agent.commands import CommandError
from nac.agent.finding import Finding, unknown
from nac.agent.machine import Machine
from nac.agent.root import UnreadableError

NAMES: Final = (
    "disk_encryption",
    "firewall",
    "os_supported",
    "patch_age_days",
    "kernel",
    "automatic_updates",
    "secure_boot",
    "screen_lock",
    "required_processes",
    "forbidden_processes",
    "listening_ports",
    "administrators",
    "agent_integrity",
    "rogue_notebook",
    "local_model_server",
    "gpu_driver",
    "cuda",
    "unapproved_models",
    "plaintext_tokens",
)
"""Every check by the name that reports and posture policies use, in the order of a report."""

Run = Callable[[Machine], Finding]


@dataclass(frozen=True)
class Check:
    """`pace`: a slow check walks through folders, so it is made once an hour; the others with each observation."""

    name: str
    run: Run
    pace: Literal["quick", "slow"] = "quick"

    def finding(self, machine: Machine) -> Finding:
        """What it finds; never raises: what could not be read, or was read and made no sense, is unknown."""
        try:
            return self.run(machine)
        except (UnreadableError, CommandError) as error:
            return unknown(str(error))
        except Exception as error:  # noqa: BLE001  # what a device holds may break one check, never the agent
            return unknown(f"what was read makes no sense: {type(error).__name__}: {error}")

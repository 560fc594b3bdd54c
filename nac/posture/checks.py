"""The checks that a report may hold: what each finds, and what its owner is told when it fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

CheckKind = Literal["state", "number", "text", "findings", "list"]
"""`state`: on or off. `number`, `text`: a value. `findings`: a list of what is wrong, empty when all is well. `list`:
of what there is, good or bad."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check. `about`: what it looks at; `says`: what failed, and `fix`: what to do, in words for the device's
    user."""

    name: str
    kind: CheckKind
    about: str
    says: str
    fix: str


_ALL: Final = (
    Check("disk_encryption", "state", "whether the disk is encrypted", "The disk is not encrypted.",
          "Turn on disk encryption: LUKS, FileVault or BitLocker."),
    Check("firewall", "state", "whether a firewall is active and denies by default", "The firewall is off.",
          "Turn on the firewall and let it refuse incoming connections by default."),
    Check("os_supported", "text", 'operating system and release, as in "debian 12"',
          "This release of the operating system is not supported.", "Upgrade to a supported release."),
    Check("patch_age_days", "number", "days since the last update was installed", "Updates are overdue.",
          "Install all updates, then restart if you are asked to."),
    Check("kernel", "text", "version of the kernel", "The kernel is too old.", "Install updates and restart."),
    Check("automatic_updates", "state", "whether updates install by themselves", "Automatic updates are off.",
          "Turn on automatic updates."),
    Check("secure_boot", "state", "whether the firmware verifies what it starts", "Secure boot is off.",
          "Turn on secure boot in the firmware's settings."),
    Check("screen_lock", "state", "whether the screen locks by itself", "The screen does not lock by itself.",
          "Let the screen lock after a few minutes."),
    Check("required_processes", "findings", "programs that must run and do not", "A required program is not running.",
          "Start the programs named here, or install them."),
    Check("forbidden_processes", "findings", "programs that must not run and do", "A forbidden program is running.",
          "Stop the programs named here."),
    Check("listening_ports", "list", 'ports that listen, as in "tcp/0.0.0.0:8888"',
          "A port listens that should not.", "Stop the program that listens, or let it listen on 127.0.0.1 only."),
    Check("administrators", "list", "users with administrator's rights", "Someone is administrator who should not be.",
          "Remove the rights of the users named here."),
    Check("agent_integrity", "state", "whether the agent's own files are as they were installed",
          "The posture agent was changed.", "Install the agent again."),
    Check("rogue_notebook", "findings", "notebook servers open to the network or without a token",
          "A notebook server is open to the network.", "Let it listen on 127.0.0.1 and require a token, or stop it."),
    Check("local_model_server", "findings", "servers of language models", "A local model server is running.",
          "Stop it and use the approved model service."),
    Check("gpu_driver", "text", "version of the GPU's driver", "The GPU driver is too old.", "Update the GPU driver."),
    Check("cuda", "text", "version of CUDA", "CUDA is too old.", "Update CUDA."),
    Check("unapproved_models", "findings", "files of models outside the approved folders",
          "Model files lie outside the approved folders.", "Move these files to an approved folder, or delete them."),
    Check("plaintext_tokens", "findings", "files that hold access tokens", "Access tokens lie in the clear.",
          "Remove the tokens from the files named here, and revoke them."),
)  # fmt: skip

CHECKS: Final[Mapping[str, Check]] = {check.name: check for check in _ALL}
"""Every check by its name."""

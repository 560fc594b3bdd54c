"""A laptop that carries the posture agent, in the words of the scenarios: what changes on it, what is known of it."""

from __future__ import annotations

import html
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from lab.campus import firewall, namespace, notebook
from lab.campus.agent import AgentHome
from lab.campus.https import posture_page
from lab.campus.nac_home import until
from lab.scenarios.device import Device
from lab.scenarios.forger import Forger

_JUPYTER: Final = "jupyter-notebook"


@dataclass
class Workstation(Device):
    """`home`: its agent's files."""

    home: AgentHome = field(kw_only=True)
    _agent: subprocess.Popen[bytes] | None = None
    _notebook: subprocess.Popen[bytes] | None = None

    # --- what happens on it ---

    def plugs_into(self, switch: str) -> Self:
        """Its own firewall comes up with the cable."""
        super().plugs_into(switch)
        return self.firewall_goes_up()

    def agent_starts(self) -> Self:
        """`nac agent run` comes up."""
        self._agent = self.home.start(self.host.place)
        return self._happens("its agent starts")

    def agent_is_killed(self) -> Self:
        """It gets no chance to say anything."""
        assert self._agent is not None, f"no agent runs on {self.name}"
        self._agent.kill()
        self._agent.wait()
        return self._happens("its agent is killed")

    def firewall_goes_up(self) -> Self:
        """Its own firewall denies what comes in."""
        firewall.switch_on(self.host.place)
        return self._happens("its firewall goes up")

    def firewall_goes_down(self) -> Self:
        """Somebody switches it off."""
        firewall.switch_off(self.host.place)
        return self._happens("its firewall goes down")

    def notebook_opens(self) -> Self:
        """Somebody starts a notebook server for everybody, and it answers."""
        script, log = self.home.folder / _JUPYTER, self.home.folder / "notebook.log"
        script.unlink(missing_ok=True)
        script.symlink_to(Path(notebook.__file__).resolve())
        log.unlink(missing_ok=True)
        words = [sys.executable, str(script), "--ip=0.0.0.0", "--NotebookApp.token="]
        self._notebook = namespace.start(self.host.place, *words, log=log)
        until(lambda: True if "serving" in log.read_text() else None, "it serves", alive=[self._notebook], log=log)
        return self._happens("a notebook server opens")

    def notebook_closes(self) -> Self:
        """And ends it."""
        assert self._notebook is not None, f"no notebook runs on {self.name}"
        self._notebook.terminate()
        self._notebook.wait()
        return self._happens("the notebook server closes")

    def _happens(self, what: str) -> Self:
        self.campus.tell(f"{self.name}: {what}", time.monotonic())
        return self

    # --- what is known of it ---

    def stands(self) -> dict[str, Any]:
        """As `nac posture list` has it now; empty before its first report."""
        found = self.campus.nac.json("posture", "list")
        return next((dict(one) for one in found if one["device"] == self.name), {})

    def comes_to_be(self, status: str, *, failing: str = "", freshness: str = "") -> Self:
        """nac must come to know this of it, from its reports or from their end. `failing`: the only failed check."""
        wanted = ([failing] if failing else []) if status != "unknown" else None

        def is_so() -> bool:
            told = self.stands()
            failed = [one["check"] for one in told.get("failed", [])]
            is_wanted = told.get("status") == status and (wanted is None or failed == wanted)
            return is_wanted and freshness in ("", told["freshness"])

        words = f"{status}{f', {failing} failing' if failing else ''}{f', {freshness}' if freshness else ''}"
        return self._comes_to(is_so, f"be known as {words}")

    def comes_into(self, segment: str, *, vlan: int) -> Self:
        """Its live port comes to be in this VLAN, by a change that names the segment."""

        def is_there() -> bool:
            jobs = self.campus.nac.json("session", "jobs", "--mac", self.mac)
            return self.host.seen()["vlan"] == vlan and bool(jobs) and segment in jobs[0]["wanted"]

        return self._comes_to(is_there, f"be in {segment}, VLAN {vlan}")

    def page_says(self, *words: str) -> Self:
        """Its user opens the remediation page and reads each of these."""
        assert self.certificate is not None
        page = html.unescape(posture_page(self.host.place, self.certificate) or "")
        for word in words:
            self.campus.must(word in page, f"the page that {self.name} sees says: {word}")
        return self

    def is_found(self, kind: str) -> str:
        """A finding of this kind must come (`nac posture findings`); its evidence."""
        self._comes_to(lambda: kind in self._findings(), f"have the finding {kind}")
        return self._findings()[kind]

    def is_cleared(self, kind: str) -> Self:
        """The finding of this kind must come to be over."""
        return self._comes_to(lambda: kind not in self._findings(), f"have no finding {kind}")

    def _findings(self) -> dict[str, str]:
        """Evidence of what is open."""
        found = self.campus.nac.json("posture", "findings", "--device", self.name)
        return {one["kind"]: one["evidence"] for one in found}

    def forger(self) -> Forger:
        """Somebody who writes reports with its key."""
        return Forger(self)

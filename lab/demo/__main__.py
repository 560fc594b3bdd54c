"""`python -m lab.demo [FOLDER]`: see `lab.demo`. Exit code 1 when something did not happen as it must.

FOLDER (default: demo-state) is removed and made anew.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from lab.demo import access_list, screen
from lab.demo.command import CommandError
from lab.demo.estate import Estate, build
from lab.demo.outcome import Outcome, faults
from lab.demo.scenes import SCENES, Refused, Scene
from lab.demo.server import Events, following, serving
from lab.demo.supplicant import OwnSupplicant, Supplicant, Uplink, best
from lab.demo.switch import Switch, UnverifiedError, switch
from nac.policy.load import load
from nac.policy.model import Resource

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "demo-state"
SUPPLICANT = ROOT / "target" / "release" / "nac-supplicant"


@dataclass(frozen=True)
class Stage:
    """Everything that a scene plays with."""

    estate: Estate
    events: Events
    switch: Switch
    supplicant: Supplicant
    bypass: OwnSupplicant
    resources: list[Resource]

    def play(self, scene: Scene) -> Outcome:
        """Let the device of a scene come. Raises `CommandError`, `UnverifiedError`."""
        if scene.first is not None:
            screen.command(scene.first(self.estate))
        self.switch.forget()
        uplink = Uplink(self.switch.address, self.estate.secret)
        if scene.certificate is None:
            accepted = self.bypass.bypass(uplink, scene.mac)
        else:
            accepted = self.supplicant.connect(uplink, self.estate.certificate(scene.certificate), scene.mac)
        answer = self.switch.answer()
        rules = [access_list.Rule.parse(text) for text in answer.filter_rules]
        opened = access_list.opened(rules, self.resources) if rules else []
        return Outcome(accepted, answer, opened, self.events.of(scene.mac))


def main(folder: Path) -> int:
    """Run all scenes. Returns the exit code."""
    own = OwnSupplicant(SUPPLICANT)
    supplicant = best(folder, own)
    try:
        estate = build(folder, listen="127.0.0.1:0")
        with serving(estate.nac), following(estate.nac) as events:
            address = estate.nac.json("status")["addresses"][0]
            host, _, port = address.rpartition(":")
            screen.say(f"nac listens on {address}, its files are in {folder.name}/; supplicant: {supplicant.name}")
            if supplicant is own:
                screen.say("(eapol_test is not installed; as root: apt-get install eapoltest)")
            with switch((host, int(port)), estate.secret.read_bytes()) as carrier:
                resources = list(load(folder / "policy").policy.resources)
                wrong = _play(Stage(estate, events, carrier, supplicant, own, resources))
            _show_why(estate)
    except (CommandError, UnverifiedError) as error:
        screen.say(f"nac demo: {error}", fg="red")
        return 1
    screen.say()
    if wrong:
        screen.say(f"{wrong} of {len(SCENES)} scenes went wrong; see {folder.name}/server.log", fg="red")
        return 1
    screen.say(f"All {len(SCENES)} scenes went as they must. The server is stopped; look around in {folder.name}/:")
    screen.say(f"  cd {folder.name} && ../.venv/bin/nac auth list")
    return 0


def _play(stage: Stage) -> int:
    """How many scenes went wrong."""
    wrong = 0
    for number, scene in enumerate(SCENES, 1):
        outcome = stage.play(scene)
        found = faults(outcome, scene.expected)
        screen.scene(number, scene, outcome, found)
        wrong += bool(found)
    return wrong


def _show_why(estate: Estate) -> None:
    """The explanation of a refusal, as an admin would ask for it."""
    refused = next(scene for scene in SCENES if isinstance(scene.expected, Refused))
    screen.command(f"nac why {refused.mac}")
    screen.sample(estate.nac("why", refused.mac))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).absolute() if len(sys.argv) > 1 else FOLDER))

"""What `nac lab` does; `nac.cli.lab` only parses the command line, so that nac does not hang on its lab."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.campus import construct, report, residents, teardown
from lab.campus.error import LabError
from lab.campus.host import Host
from lab.campus.nac_home import Nac
from lab.campus.plan import SERVERS, SWITCHES
from lab.campus.probe import answering
from lab.campus.residents import Resident
from lab.campus.state import Lab
from lab.campus.switch.ask import ask
from lab.scenarios.found import chosen, scenarios
from lab.scenarios.playing import Verdict, play
from lab.swarm.run import Swarm
from nac.cli.output import Format, note, print_json, print_record, print_table, say

PAUSE_S = 0.5

LATENCIES = (
    ("admission", "from a device's first attempt to its Access-Accept"),
    ("round", "one round trip of a login"),
    ("accounting", "one record until its answer"),
    ("report", "from a posture report's being due to its verdict"),
    ("change", "from the beginning of a report to the change at the switch"),
)
"""Of a swarm's report, and what they span."""

PERCENTILES = ("p50", "p90", "p99", "p99_9", "max")


def up(folder: Path) -> None:
    """Make the campus, and let everybody who works there sign in."""
    begun = time.monotonic()
    lab = _up(folder)
    made = f"{len(SWITCHES)} switches, {len(SERVERS)} servers, nac"
    say(f"lab {lab.id} is up after {time.monotonic() - begun:.1f} s: {made}")
    say(f"its nac: nac -c {folder}/nac/nac.toml auth list")


def _up(folder: Path) -> Lab:
    lab = construct.up(folder)
    try:
        residents.settle(lab, Nac(lab.nac))
    except BaseException:
        teardown.down(lab)
        raise
    return lab


def down(folder: Path) -> None:
    """Remove what runs; also what a killed lab left. Without a lab there is nothing to do."""
    construct.require()
    lab = Lab.found(folder)
    if lab is not None:
        teardown.down(lab)
    say(f"no lab runs in {folder}; its files are still there")


def status(folder: Path) -> None:
    """Every port with its session."""
    construct.require()
    lab = Lab.opened(folder)
    names = {(one.switch, one.port): one.name for one in residents.of(lab)}
    rows = []
    for switch in SWITCHES:
        for port in ask(lab.switch(switch.name), "ports"):
            session = port["session"] or {}
            words = [session.get(key) for key in ("user", "method", "mac")]
            name = names.get((switch.name, port["port"]))
            rows.append([switch.name, port["port"], name, *words, port["vlan"], port["address"]])
    print_table(
        ["SWITCH", "PORT", "HOST", "USER", "METHOD", "MAC", "VLAN", "ADDRESS"], rows, empty="nobody is plugged in"
    )


def execute(folder: Path, host: str, words: Sequence[str]) -> int:
    """Run a program on a resident's device; its exit code."""
    construct.require()
    lab = Lab.opened(folder)
    names = [one.name for one in residents.of(lab)]
    if host not in names:
        raise LabError(f"nobody called {host} is plugged in", fix=f"name one of {', '.join(names)}")
    return subprocess.run(["ip", "netns", "exec", Host(lab, host, "").place, *words], check=False).returncode


def list_scenarios() -> None:
    """What there is to play."""
    print_table(["SCENARIO", "TITLE"], [[one.name, one.title] for one in scenarios()])


def run(folder: Path, words: Sequence[str]) -> bool:
    """Play, tell each verdict, write the report; True when all is well.

    A lab that is not up is made for this, and removed.
    """
    playing = chosen(words)
    construct.require()
    lab = Lab.running(folder)
    own = lab is None
    lab = lab or construct.up(folder)
    try:
        begun = time.monotonic()
        verdicts = play(lab, playing, _tell)
        page = report.write(lab, verdicts)
    finally:
        if own:
            teardown.down(lab)
    wrong = sum(bool(verdict.failure) for verdict in verdicts)
    say(f"{len(verdicts)} scenarios in {time.monotonic() - begun:.0f} s, {wrong} wrong; {page}")
    return not wrong


def _tell(verdict: Verdict) -> None:
    scenario = verdict.scenario
    say(f"{'WRONG' if verdict.failure else 'ok':5}  {verdict.seconds:5.1f} s  {scenario.name:42}  {scenario.title}")
    if verdict.failure:
        note(f"       {verdict.failure}")


@dataclass(frozen=True)
class Sight:
    """What a resident has at one moment."""

    place: str
    reached: frozenset[str]


def watch(folder: Path, seconds: float | None) -> None:
    """Who reaches what, tried with real requests; then every change as it happens."""
    construct.require()
    lab = Lab.opened(folder)
    people = residents.of(lab)
    ends_at = time.monotonic() + seconds if seconds is not None else None
    try:
        with ThreadPoolExecutor(max_workers=max(1, len(people))) as pool:
            seen = dict(zip(people, pool.map(lambda one: _look(lab, one), people), strict=True))
            _print_matrix(seen)
            while ends_at is None or time.monotonic() < ends_at:
                time.sleep(PAUSE_S)
                for resident, now in zip(people, pool.map(lambda one: _look(lab, one), people), strict=True):
                    if now != seen[resident]:
                        _print_change(resident, seen[resident], now)
                        seen[resident] = now
    except KeyboardInterrupt:
        return


def _look(lab: Lab, resident: Resident) -> Sight:
    told = resident.seen(lab)
    if told is None:
        return Sight("unplugged", frozenset())
    place = f"VLAN {told['vlan']}" if told["session"] else "closed"
    found = answering(resident.host(lab).place, SERVERS)
    return Sight(place, frozenset(server.resource for server in found))


def swarm(wanted: dict[str, Any], output: Format) -> bool:
    """Let a `Swarm` of these fields loose and tell what came of it; True when all was right."""
    report = Swarm(**wanted).run()
    if output == "json":
        print_json(report)
    else:
        _print_swarm(report)
    return bool(report["all_right"])


def _print_swarm(report: dict[str, Any]) -> None:
    logins, told = report["logins"], report["accounting"]
    granted = ", ".join(f"{segment} {count}" for segment, count in report["granted"].items())
    print_record(
        {
            "devices in": f"{report['devices_in']} of {report['supplicants']} on {report['switches']} switches",
            "all in after": f"{report['all_in_s']:.1f} s",
            "logins": f"{logins['accepts']} accepted, {logins['rejects']} refused, {logins['timeouts']} not answered",
            "handshakes": f"{logins['handshakes_full']} full, {logins['handshakes_resumed']} resumed",
            "keys": f"{logins['msk_verified']} right, {logins['msk_wrong']} wrong",
            "segments": f"{granted}; {report['granted_wrong']} others",
            "accounting": f"{told['start']} starts, {told['stop']} stops, {told['unanswered']} not answered",
            **_posture_of_swarm(report),
            "requests sent again": report["retransmits"],
            "replies not believed": report["dropped_replies"],
        }
    )
    rows = [
        [what, *(f"{report['latency_us'][name][one] / 1000:.1f}" for one in PERCENTILES)]
        for name, what in LATENCIES
        if report["latency_us"][name]["samples"]
    ]
    print_table(["MILLISECONDS", *(name.upper().replace("_", ".") for name in PERCENTILES)], rows)
    for cause, count in report["causes"].items():
        note(f"{count} times: {cause}")
    say("all right" if report["all_right"] else "not all was right")


def _posture_of_swarm(report: dict[str, Any]) -> dict[str, str]:
    """What is told of a swarm that reports."""
    told, changes = report["posture"], report["changes"]
    if told is None:
        return {}
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in told["verdicts"].items())
    ended = [
        f"{verdict}: " + ", ".join(f"{segment} {count}" for segment, count in segments.items())
        for verdict, segments in report["left"].items()
    ]
    return {
        "reports": f"{told['accepted']} taken, {told['refused']} refused, {told['unanswered']} not answered",
        "verdicts": f"{verdicts}; {told['verdicts_wrong']} not deserved",
        "changes": f"{changes['acked']} made, {changes['ended']} put off, {changes['not_known']} too late",
        "in force at the end": "; ".join(ended),
    }


def _print_matrix(seen: dict[Resident, Sight]) -> None:
    rows = [
        [server.resource, *("●" if server.resource in sight.reached else "·" for sight in seen.values())]
        for server in SERVERS
    ]
    print_table(
        ["SERVER", *(resident.name for resident in seen)],
        [["(place)", *(sight.place for sight in seen.values())], *rows],
    )


def _print_change(resident: Resident, before: Sight, now: Sight) -> None:
    words = [f"{time.strftime('%H:%M:%S')}  {resident.name}: {before.place}"]
    if now.place != before.place:
        words.append(f"-> {now.place}")
    for verb, changed in (("loses", before.reached - now.reached), ("gains", now.reached - before.reached)):
        if changed:
            words.append(f"{verb} {', '.join(sorted(changed))}")
    say(" ".join(words))

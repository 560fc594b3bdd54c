"""What a run of scenarios left: one HTML page with the drawing, every step, every ladder and every access list."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Final

from lab.campus import capture
from lab.campus.drawing import topology
from lab.campus.ladder import Rung, ladder
from lab.campus.plan import SWITCHES
from lab.campus.state import Lab
from lab.scenarios.playing import Verdict
from lab.scenarios.record import Signed

_AFTER_S: Final = 0.2
"""What still belongs to an authentication after its end: the Accounting-Request that says so."""

_STYLE: Final = """
body { font: 15px/1.45 sans-serif; color: #1c2733; max-width: 1180px; margin: 2em auto; padding: 0 1em }
h1, h2 { font-weight: 600 } table { border-collapse: collapse } td, th { padding: .2em .8em; text-align: left }
tr:nth-child(even) { background: #f4f6f8 } pre { background: #f4f6f8; padding: .6em; overflow-x: auto; font-size: 12px }
.ok { color: #2c7a3f } .wrong { color: #b3261e; font-weight: 600 } .ladder td { font-size: 13px; white-space: nowrap }
.arrow { color: #5b7fb0 } details { margin: .3em 0 } summary { cursor: pointer }
"""


def write(lab: Lab, verdicts: Sequence[Verdict]) -> Path:
    """Write the page and the captures beside it, while the lab still runs; where the page is."""
    folder = lab.folder / "report"
    folder.mkdir(exist_ok=True)
    for switch in SWITCHES:
        shutil.copyfile(capture.path(lab, switch.name), folder / f"{switch.name}.pcap")
    (folder / "topology.svg").write_text(topology({}))
    page = folder / "index.html"
    page.write_text(_page(lab, verdicts), encoding="utf-8")
    return page


def _page(lab: Lab, verdicts: Sequence[Verdict]) -> str:
    wrong = sum(bool(verdict.failure) for verdict in verdicts)
    said = f"{len(verdicts)} scenarios, {wrong} wrong" if wrong else f"{len(verdicts)} scenarios, all as they must be"
    captures = ", ".join(f'<a href="{switch.name}.pcap">{switch.name}.pcap</a>' for switch in SWITCHES)
    return "\n".join(
        [
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{said}</title>',
            f"<style>{_STYLE}</style>",
            f"<h1>{said}</h1><p>{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, lab {lab.id}. Captures: {captures} (EAPOL and "
            "RADIUS; wpa_supplicant writes no TLS keys, so the handshakes stay as they are on the wire).</p>",
            topology({}),
            "<h2>Verdicts</h2><table><tr><th>scenario<th>title<th>verdict<th>seconds</tr>",
            *map(_row, verdicts),
            "</table>",
            *(_section(lab, verdict) for verdict in verdicts),
        ]
    )


def _row(verdict: Verdict) -> str:
    name, title = verdict.scenario.name, escape(verdict.scenario.title)
    return f'<tr><td><a href="#{name}">{name}</a><td>{title}<td>{_word(verdict)}<td>{verdict.seconds:.1f}</tr>'


def _word(verdict: Verdict) -> str:
    return '<span class="wrong">wrong</span>' if verdict.failure else '<span class="ok">as it must be</span>'


def _section(lab: Lab, verdict: Verdict) -> str:
    scenario = verdict.scenario
    steps = "".join(
        f"<li>{escape(step.text)} <small>{step.seconds:.2f} s</small></li>" for step in verdict.record.steps
    )
    failure = f'<pre class="wrong">{escape(verdict.failure)}</pre>' if verdict.failure else ""
    signed = "".join(_signed(lab, one) for one in verdict.record.signed)
    head = f'<h2 id="{scenario.name}">{scenario.covers}: {escape(scenario.title)}</h2><p>{escape(scenario.story)}</p>'
    return f"{head}{failure}<ol>{steps}</ol>{signed}"


def _signed(lab: Lab, signed: Signed) -> str:
    event = signed.event
    head = f"{signed.device} at {signed.switch}: {event['result']} {event['cause']}, id {event['id'][:8]}"
    rungs = ladder(lab, signed.switch, signed.mac, signed.begun, signed.ended + _AFTER_S)
    rows = "".join(_rung(rung, signed.begun) for rung in rungs)
    return (
        f"<details><summary>{escape(head)}</summary>"
        f'<table class="ladder"><tr><th>ms<th>host<th><th>switch<th><th>nac</tr>{rows}</table>'
        f"<pre>{escape(signed.port['list'])}</pre></details>"
    )


def _rung(rung: Rung, begun: float) -> str:
    """One packet in the columns of a ladder."""
    text = escape(rung.text)
    between_host = "host" in (rung.source, rung.target)
    to_right = rung.source == "host" or rung.target == "nac"
    arrow = f'<span class="arrow">{"──▶" if to_right else "◀──"}</span> {text}'
    cells = ["│", arrow if between_host else "", "│", "" if between_host else arrow, "│"]
    return f"<tr><td>{(rung.at - begun) * 1000:.1f}{''.join(f'<td>{cell}' for cell in cells)}</tr>"

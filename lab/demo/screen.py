"""The demo in words."""

from __future__ import annotations

import os
import textwrap

import click

from lab.demo.access_list import Opened
from lab.demo.outcome import Outcome
from lab.demo.scenes import Accepted, Scene

WIDTH = 110
_LABEL = 11

_SHOWN_LINES = 3


def say(text: str = "", *, fg: str | None = None, bold: bool = False) -> None:
    """One line; in colour on a terminal that wants it."""
    click.echo(click.style(text, fg=fg, bold=bold), color=False if "NO_COLOR" in os.environ else None)


def scene(number: int, told: Scene, outcome: Outcome, wrong: list[str]) -> None:
    """One device, what it was told, and why."""
    say()
    say(f"{number}. {told.title}", bold=True)
    _row("device", _device(outcome))
    if outcome.answer.code == "Access-Accept":
        _accept(outcome, told)
    else:
        _row("refused", f"{outcome.event['cause']}: {outcome.event['detail']}", fg="yellow")
        if outcome.event["fix"]:
            _row("fix", outcome.event["fix"])
    for fault in wrong:
        _row("WRONG", fault, fg="red")


def command(text: str) -> None:
    """A command that an admin gives between two scenes."""
    say()
    say(f"$ {text}", fg="cyan")


def sample(text: str) -> None:
    """What a command printed, wrapped to the width of the page."""
    for line in text.splitlines():
        folded = textwrap.wrap(line.rstrip(), WIDTH, subsequent_indent=" " * 19, break_on_hyphens=False)
        for part in folded or [""]:
            say(f"  {part}")


def _accept(outcome: Outcome, told: Scene) -> None:
    timeout = outcome.answer.first("Session-Timeout")
    again = f", asked again after {int(timeout) / 3600:g} h" if timeout else ""
    lines = len(outcome.answer.filter_rules)
    _row("accepted", f"VLAN {outcome.vlan}, access list of {lines} lines{again}", fg="green")
    expected = told.expected.opens if isinstance(told.expected, Accepted) else frozenset()
    for entry in outcome.opened:
        if entry.resource in expected:
            _row("opens", f"{entry.resource}: {_lines(entry)}")
    if others := [entry.resource for entry in outcome.opened if entry.resource not in expected]:
        _row("opens also", ", ".join(others))
    decision = outcome.event["decision"]
    reasons = dict(decision["reasons"])
    _row("because", f"{reasons.get(decision['rule'], decision['verdict'])} ({decision['rule']})")


def _device(outcome: Outcome) -> str:
    event = outcome.event
    if event["method"] == "mab":
        return f"no 802.1X, MAC address {event['mac']}"
    tls, certificate = event["tls"], event["certificate"]
    spoken = f"EAP-TLS, TLS {tls['version']}" if tls else "EAP-TLS"
    if certificate is None:
        return spoken
    names = ", ".join(certificate["names"][:2])
    return f"{spoken}, certificate for {names}, from {certificate['issuer']}"


def _lines(entry: Opened) -> str:
    """Destinations and ports as they stand in the access list, shortened."""
    texts = [rule.text.partition(" from any to ") for rule in entry.lines]
    said = [f"{head.removeprefix('permit in ')} {rest}" for head, _, rest in texts]
    more = f"; and {len(said) - _SHOWN_LINES} more" if len(said) > _SHOWN_LINES else ""
    return "; ".join(said[:_SHOWN_LINES]) + more


def _row(label: str, text: str, *, fg: str | None = None) -> None:
    first, *rest = textwrap.wrap(text, WIDTH - _LABEL - 3, break_on_hyphens=False) or [""]
    say("   " + click.style(f"{label:<{_LABEL}}", fg=fg) + first)
    for line in rest:
        say(" " * (_LABEL + 3) + line)

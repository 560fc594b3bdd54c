"""`nac status`: what the running server is doing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import click

from nac.cli.invocation import Invocation, pass_invocation
from nac.cli.output import Format, cell, output_option, print_json, print_record, print_table, say


@click.command("status")
@output_option
@pass_invocation
def cli(invocation: Invocation, output: Format) -> None:
    """Show addresses, generation, counters and RADIUS clients of the running server.

    A client with requests `without MA` would be cut off by message_authenticator = require.
    """
    from nac.control.ask import ask

    status = ask(invocation.control_socket(), "status").status or {}
    if output == "json":
        print_json(status)
        return
    _print(status)


def _print(status: Mapping[str, Any]) -> None:
    counters: Mapping[str, int] = status["counters"]
    print_record(
        {
            "up since": f"{datetime.fromtimestamp(status['started_at'], UTC):%Y-%m-%d %H:%M:%SZ}",
            "node": status["journal"]["node"],
            "listening on": status["addresses"],
            "accounting on": status["accounting_addresses"],
            "generation": f"{status['generation']}, published {_span(status['snapshot']['age_s'])} ago",
            "policy": status["policy_digest"][:16],
            "accepts / rejects": f"{counters['accepts']} / {counters['rejects']}",
            "conversations open": counters["conversations.open"],
            "devices / users": f"{counters['facts.devices']} / {counters['facts.users']}",
            "events stored": status["events"]["stored"],
            "journal": _journal(status["journal"]),
            "sessions": _sessions(counters),
            "session changes": _changes(status["coa"]),
            "database": _database(status["database"]),
            "events lost": status["events"]["dropped"] + counters["events.dropped"],
            "log lines lost": status["log"]["lost"],
            "dropped by the kernel": counters["kernel.dropped"],
        }
    )
    discards = {name.removeprefix("discard."): count for name, count in counters.items() if name.startswith("discard.")}
    shown = [(name, count) for name, count in discards.items() if count]
    if shown:
        say("")
        print_table(["discarded because", "packets"], shown)
    say("")
    columns = [
        "client",
        "requests",
        "accepts",
        "rejects",
        "discarded",
        "without MA",
        "bad secret",
        "old secret",
        "accounting",
    ]
    print_table(columns, [_client(name, row) for name, row in status["clients"].items()], empty="no RADIUS clients")
    say("")
    print_table(["in use", "name", "ends"], [_end(one) for one in status["validity"]])
    if unsigned := [name for name, row in status["clients"].items() if row["without_message_authenticator"]]:
        say(f"clients that send no Message-Authenticator: {cell(unsigned)}")
    if status["refused"]:
        say(f"refused at the last reload: {cell(status['refused'])}")
    for name, error in status["failing"].items():
        say(f"failing: {name}: {cell(error)}")
    for warning in status["warnings"]:
        say(f"warning: {warning}")


def _sessions(counters: Mapping[str, int]) -> str:
    named = ("accounted", "stale", "differing")
    return ", ".join(
        [f"{counters['sessions.open']} open", *(f"{counters[f'sessions.{name}']} {name}" for name in named)]
    )


def _changes(coa: Mapping[str, Any]) -> str:
    """Those that are not over, by state; failures and answers with a wrong signature since the start."""
    states = [f"{coa[state]} {state}" for state in ("decided", "sent", "acked", "unreachable", "failed") if coa[state]]
    silent = [f"{coa['silent_switches']} switches do not answer"] if coa["silent_switches"] else []
    dropped = [f"{count} answers dropped: {reason}" for reason, count in coa["dropped"].items()]
    return "; ".join(
        [", ".join(states) or "none open", *silent, f"{coa['failures']} failures since the start", *dropped]
    )


def _journal(journal: Mapping[str, Any]) -> str:
    age = "" if journal["age_s"] is None else f", the oldest {journal['age_s']:.0f} s old"
    taken = f"{journal['octets'] / 2**20:.1f} of {journal['bound'] / 2**20:.0f} MiB"
    alarm = f"; {journal['alarm']}" if journal["alarm"] else ""
    damaged = f"; damaged: {', '.join(journal['damaged'])}" if journal["damaged"] else ""
    return f"{journal['waiting']} waiting{age}; {taken}{alarm}{damaged}"


def _database(database: Mapping[str, Any]) -> str:
    """How far it is behind: what waits for it, and since when."""
    age = "" if database["age_s"] is None else f", the oldest for {_span(database['age_s'])}"
    committed = database["committed_at"]
    last = (
        "nothing stored yet" if committed is None else f"last stored {datetime.fromtimestamp(committed, UTC):%H:%M:%SZ}"
    )
    error = f"; {database['error']}" if database["error"] else ""
    return f"{database['engine']} {database['version']}; {database['waiting']} waiting{age}; {last}{error}"


def _span(seconds: float) -> str:
    """In the largest unit that it has two of."""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _end(one: Mapping[str, Any]) -> list[str]:
    """A list lives for days: its end needs the hour."""
    days = (one["ends_at"] - datetime.now(UTC).timestamp()) / 86400
    return [
        one["kind"],
        one["name"],
        f"{datetime.fromtimestamp(one['ends_at'], UTC):%Y-%m-%d %H:%MZ} ({days:.0f} days)",
    ]


def _client(name: str, row: Mapping[str, int]) -> list[str | int]:
    return [
        name,
        row["requests"],
        row["accepts"],
        row["rejects"],
        row["discarded"],
        row["without_message_authenticator"],
        row["bad_message_authenticator"],
        row["second_secret"],
        row["accounting"],
    ]

"""`nac auth`: what was asked and answered."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

import click
import msgspec

from nac.cli.invocation import Invocation, pass_invocation
from nac.cli.output import (
    Cell,
    Format,
    cell,
    local_time,
    output_option,
    print_json,
    print_json_line,
    print_record,
    print_table,
    say,
)
from nac.cli.parameters import DurationParameter, MacParameter
from nac.config.duration import Duration
from nac.db import Database
from nac.events.query import AuthenticationFilter, RowId, StoredAuthentication, by_id, following, last_row, newest
from nac.events.types import AuthenticationEvent, Result
from nac.identity.mac import MacAddress

POLL_SECONDS: Final = 0.2
_AT_ONCE: Final = 1000

_F = TypeVar("_F", bound=Callable[..., Any])


def _filters(command: _F) -> _F:
    """The options that say which authentications are meant."""
    for option in (
        click.option("--since", type=DurationParameter(), help="Only the last span of time, such as 1h."),
        click.option("--result", type=click.Choice(["accept", "reject", "abandoned"])),
        click.option("--client", help="Only through this client."),
        click.option("--device", help="Only this device."),
        click.option("--user", help="Only this user, authenticated or only said."),
        click.option("--mac", type=MacParameter(), help="Only this MAC address, in any notation."),
    ):
        command = option(command)
    return command


@click.group("auth")
def cli() -> None:
    """Authentications: list, show, follow. A user in (parentheses) was said, not proven."""


@cli.command("list")
@_filters
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
@output_option
@pass_invocation
def list_(invocation: Invocation, /, limit: int, output: Format, **filters: Any) -> None:
    """List the newest authentications, newest first."""
    with invocation.database() as database, database.read() as session:
        found = newest(session, _filter(**filters), limit)
    if output == "json":
        print_json([msgspec.to_builtins(stored.event) for stored in found])
        return
    columns = ("TIME", "RESULT", "CAUSE", "MAC", "USER", "DEVICE", "CLIENT", "SEGMENT", "ID")
    print_table(columns, [_row(stored.event) for stored in found], empty="no authentications match")


@cli.command("show")
@click.argument("authentication")
@output_option
@pass_invocation
def show(invocation: Invocation, authentication: str, output: Format) -> None:
    """Show everything about one authentication, by its id or the start of it."""
    with invocation.database() as database, database.read() as session:
        stored = by_id(session, authentication)
    if output == "json":
        print_json(msgspec.to_builtins(stored.event))
    else:
        print_record(_everything(stored.event))


@cli.command("tail")
@_filters
@click.option("--limit", type=click.IntRange(0, 100_000), default=10, show_default=True, help="How many to start with.")
@click.option("-f", "--follow", is_flag=True, help="Go on as they happen, until interrupted.")
@output_option
@pass_invocation
def tail(invocation: Invocation, /, limit: int, follow: bool, output: Format, **filters: Any) -> None:
    """Print the newest authentications, oldest first, one a line (JSON lines with -o json)."""
    wanted = _filter(**filters)
    with invocation.database() as database:
        with database.read() as session:
            seen = last_row(session)
            found = newest(session, wanted, limit) if limit else []
        for stored in reversed(found):
            _print_line(stored, output)
        if follow:
            _follow(database, wanted, seen, output)


def _follow(database: Database, wanted: AuthenticationFilter, seen: RowId, output: Format) -> None:
    try:
        while True:
            with database.read() as session:
                newer = last_row(session)
                found = following(session, wanted, seen, _AT_ONCE)
            for stored in found:
                _print_line(stored, output)
            if len(found) == _AT_ONCE:
                seen = found[-1].row_id
                continue
            seen = max(seen, newer)
            time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        return


def _filter(
    *,
    mac: MacAddress | None,
    user: str | None,
    device: str | None,
    client: str | None,
    result: Result | None,
    since: Duration | None,
) -> AuthenticationFilter:
    start = int(time.time()) - since.seconds if since is not None else None
    text = mac.text if mac is not None else None
    return AuthenticationFilter(mac=text, user=user, device=device, client=client, result=result, since=start)


def _row(event: AuthenticationEvent) -> list[Cell]:
    said = f"({event.user_name})" if event.user_name else None
    return [
        local_time(event.at / 1_000_000),
        event.result,
        event.cause,
        event.mac,
        event.identity_user or said,
        event.identity_device,
        event.client,
        event.decision.segment if event.decision else None,
        event.id[:8],
    ]


def _print_line(stored: StoredAuthentication, output: Format) -> None:
    if output == "json":
        print_json_line(msgspec.to_builtins(stored.event))
    else:
        say("  ".join(cell(value) for value in _row(stored.event)))


def _everything(event: AuthenticationEvent) -> dict[str, Cell]:
    """Every field that is there, nested ones with dotted names, times in words."""
    fields: dict[str, Cell] = {}
    for name, value in _flat(event).items():
        if name in {"at", "ended_at"}:
            fields[name] = local_time(value / 1_000_000)
        elif name in {"certificate.not_before", "certificate.not_after"}:
            fields[name] = local_time(value)
        else:
            fields[name] = value
    return fields


def _flat(event: AuthenticationEvent) -> dict[str, Any]:
    import msgspec

    flat: dict[str, Any] = {}
    for name, value in msgspec.to_builtins(event).items():
        if isinstance(value, dict):
            flat.update({f"{name}.{inner}": found for inner, found in value.items()})
        elif name != "type":
            flat[name] = value
    for name in ("reply.attributes", "decision.reasons"):
        if name in flat:
            separator = "=" if name == "reply.attributes" else ": "
            flat[name] = [separator.join(pair) for pair in flat[name]]
    return {name: value for name, value in flat.items() if value is not None}

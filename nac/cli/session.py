"""`nac session`: who is on the network now, and what is done about it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any, Final

import click
import msgspec
from sqlalchemy.orm import Session as OrmSession

from nac.cli.invocation import Invocation, pass_invocation
from nac.cli.output import (
    Format,
    cell,
    note,
    output_option,
    print_json,
    print_json_line,
    print_record,
    print_table,
    say,
)
from nac.cli.parameters import DurationParameter, MacParameter
from nac.cli.session_rows import SHORT, job_record, job_row, past_session, session_record, session_row
from nac.coa.admin import PAGE
from nac.coa.history import JobFilter, job_by_id, newest_jobs
from nac.coa.job import FINAL, State
from nac.config.duration import Duration
from nac.control.ask import ask
from nac.control.message import Command
from nac.db import Database
from nac.db.audit import os_user, record
from nac.errors import ConflictError, ControlError, NacError, NotFoundError
from nac.events.types import CoaEvent, Session
from nac.identity.devices import DeviceChange, Devices
from nac.identity.mac import MacAddress
from nac.identity.name import Name
from nac.sessions.query import SessionFilter, Used, by_id, newest

POLL_SECONDS: Final = 0.1
JOB_APPEARS_S: Final = 5.0
"""How long a change may take from the command to a job: half a second to be noticed, the rest is for a busy server."""

QUARANTINE: Final = "quarantine"
"""The tag that the shipped policies put into a segment of its own."""

_watch = click.option("--watch", is_flag=True, help="Follow it to its end; exits with 4 when it failed.")


class SessionRefusedError(NacError):
    """The server will not do what was asked."""

    exit_code = 4


@click.group("session")
def cli() -> None:
    """Live sessions: list, show, change.

    SESSION is an id or its first eight digits, a MAC address, an Acct-Session-Id, a device or a user.
    """


@cli.command("list")
@click.option("--mac", type=MacParameter(), help="Only this MAC address, in any notation.")
@click.option("--user", help="Only this user.")
@click.option("--device", help="Only this device.")
@click.option("--client", help="Only through this client.")
@click.option("--state", type=click.Choice(["active", "accounted", "stale"]), help="Only in this state.")
@click.option("--since", type=DurationParameter(), help="Also those that ended in the last span of time, such as 1h.")
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=200, show_default=True)
@output_option
@pass_invocation
def list_(
    invocation: Invocation,
    mac: MacAddress | None,
    user: str | None,
    device: str | None,
    client: str | None,
    state: str | None,
    since: Duration | None,
    limit: int,
    output: Format,
) -> None:
    """List live sessions, in the order of their ids.

    They come from the running server; with --since, or where none runs, from the database, the newest first.
    """
    wanted = SessionFilter(mac=mac.text if mac else None, user=user, device=device, client=client, state=state)
    if since is not None:
        found = _stored(invocation, replace(wanted, since=int(time.time()) - since.seconds), limit)
    else:
        try:
            found = list(_pages(invocation, wanted, limit))
        except ControlError as error:
            note(f"{error.message}: as the database has them")
            found = _stored(invocation, replace(wanted, opened=True), limit)
    if output == "json":
        print_json([msgspec.to_builtins(one) for one in found])
        return
    columns = ("SESSION", "STATE", "MAC", "USER", "DEVICE", "CLIENT", "PORT", "SEGMENT", "SINCE", "SEEN")
    print_table(columns, [session_row(one) for one in found], empty="no live session matches")
    if len(found) == limit:
        note(f"the first {limit}; --limit shows more")


@cli.command("show")
@click.argument("session")
@output_option
@pass_invocation
def show(invocation: Invocation, session: str, output: Format) -> None:
    """Show everything about one session, what it used, and its changes.

    One that is over, or where no server runs, is looked up in the database by its id or the beginning of it.
    """
    with invocation.database() as database, database.read() as rows:
        try:
            found: Session = msgspec.convert(_ask(invocation, "session", {"subject": session}), Session)
        except (ControlError, SessionRefusedError):
            found = past_session(by_id(rows, session))
        jobs = newest_jobs(rows, JobFilter(session=found.session), 10)
        used = _used(rows, found.session)
    if output == "json":
        shown = asdict(used) if used else None
        print_json({**msgspec.to_builtins(found), "used": shown, "changes": msgspec.to_builtins(jobs)})
        return
    print_record(session_record(found, used, jobs))


@cli.command("reauth")
@click.argument("session")
@_watch
@output_option
@pass_invocation
@click.pass_context
def reauth(ctx: click.Context, invocation: Invocation, session: str, watch: bool, output: Format) -> None:
    """Let the device log in again, where the switch can do that."""
    _change(ctx, invocation, session, "reauthenticate", watch=watch, output=output)


@cli.command("disconnect")
@click.argument("session")
@_watch
@output_option
@pass_invocation
@click.pass_context
def disconnect(ctx: click.Context, invocation: Invocation, session: str, watch: bool, output: Format) -> None:
    """End a session. The device may log in again at once: to keep it out, disable it, its user or its certificate."""
    _change(ctx, invocation, session, "disconnect", watch=watch, output=output)


@cli.command("quarantine")
@click.argument("session")
@_watch
@output_option
@pass_invocation
@click.pass_context
def quarantine(ctx: click.Context, invocation: Invocation, session: str, watch: bool, output: Format) -> None:
    """Give the session's device the tag `quarantine`: the policy says what that means, now and at each login."""
    _tag(ctx, invocation, session, DeviceChange(add_tags=(Name.parse(QUARANTINE),)), watch=watch, output=output)


@cli.command("release")
@click.argument("session")
@_watch
@output_option
@pass_invocation
@click.pass_context
def release(ctx: click.Context, invocation: Invocation, session: str, watch: bool, output: Format) -> None:
    """Take the tag `quarantine` from the session's device."""
    _tag(ctx, invocation, session, DeviceChange(remove_tags=(Name.parse(QUARANTINE),)), watch=watch, output=output)


@cli.command("jobs")
@click.argument("job", required=False)
@click.option("--open", "is_open", is_flag=True, help="Only those that are not over.")
@click.option("--state", type=click.Choice([state.value for state in State]), help="Only in this state.")
@click.option("--node", help="Only of this server, by its id or the beginning of it.")
@click.option("--session", help="Only of this session, by its id or the beginning of it.")
@click.option("--mac", type=MacParameter(), help="Only of this MAC address, in any notation.")
@click.option("--client", help="Only through this client.")
@click.option("--since", type=DurationParameter(), help="Only the last span of time, such as 1h.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
@output_option
@pass_invocation
def jobs(
    invocation: Invocation,
    /,
    mac: MacAddress | None,
    since: Duration | None,
    limit: int,
    output: Format,
    **filters: Any,
) -> None:
    """List changes of live sessions, newest first; with JOB everything about one."""
    since_us = int((time.time() - since.seconds) * 1_000_000) if since else None
    wanted = JobFilter(mac=mac.text if mac else None, since_us=since_us, **filters)
    with invocation.database() as database, database.read() as session:
        found = [job_by_id(session, wanted.job)] if wanted.job else newest_jobs(session, wanted, limit)
    if output == "json":
        print_json(msgspec.to_builtins(found[0] if wanted.job else found))
    elif wanted.job:
        print_record(job_record(found[0]))
    else:
        columns = ("DECIDED", "STATE", "VERB", "WANTED", "WHY", "TOOK", "MAC", "CLIENT", "NODE", "SESSION", "JOB")
        print_table(columns, [job_row(one) for one in found], empty="no change of a session is known")


# --- asking the server ---


def _ask(invocation: Invocation, command: Command, query: dict[str, str | int | None]) -> Any:
    answer = ask(invocation.control_socket(), command, query)
    if not answer.ok:
        raise SessionRefusedError(answer.message, fix=answer.fix)
    return answer.found


def _pages(invocation: Invocation, wanted: SessionFilter, limit: int) -> Iterator[Session]:
    query = {name: getattr(wanted, name) for name in ("mac", "user", "device", "client", "state")}
    after, left = "", limit
    while left > 0:
        page = _ask(invocation, "sessions", {**query, "after": after, "most": min(PAGE, left)})
        found = msgspec.convert(page, list[Session])
        yield from found
        if len(found) < min(PAGE, left):
            return
        left -= len(found)
        after = found[-1].session


def _stored(invocation: Invocation, wanted: SessionFilter, limit: int) -> Sequence[Session]:
    with invocation.database() as database, database.read() as rows:
        return [past_session(one) for one in newest(rows, wanted, limit)]


def _used(rows: OrmSession, session: str) -> Used | None:
    """What accounting said so far; a session that opened just now may not be stored yet."""
    try:
        return by_id(rows, session).used
    except NotFoundError:
        return None


# --- changing ---


def _change(
    ctx: click.Context, invocation: Invocation, subject: str, verb: str, *, watch: bool, output: Format
) -> None:
    done = _ask(invocation, "change", {"subject": subject, "verb": verb, "actor": os_user()})
    session = msgspec.convert(done["session"], Session)
    if watch:
        with invocation.database() as database:
            _follow(ctx, database, JobFilter(job=done["job"]), output)
    elif output == "json":
        print_json({"job": done["job"], "session": done["session"]})
    else:
        say(f"session {session.session[:SHORT]} of {cell(session.mac)}: {verb} is job {done['job']}")


def _tag(
    ctx: click.Context, invocation: Invocation, subject: str, change: DeviceChange, *, watch: bool, output: Format
) -> None:
    session = msgspec.convert(_ask(invocation, "session", {"subject": subject}), Session)
    if session.identity_device is None:
        raise ConflictError(
            f"no device is known behind session {session.session[:SHORT]}",
            fix="`nac device add NAME --mac ADDRESS` makes it one; `nac session disconnect` works without",
        )
    since = time.time_ns() // 1000
    actor = os_user()
    with invocation.database() as database:
        with database.write() as rows:
            device = Devices(rows, actor=actor, now=int(time.time())).change(session.identity_device, change).name
            record(rows, actor, f"session {ctx.info_name}", session.session, f"device={device} mac={session.mac}")
        if watch:
            _follow(ctx, database, JobFilter(session=session.session, since_us=since), output)
        elif output == "json":
            print_json({"device": device, "session": msgspec.to_builtins(session)})
        else:
            say(f"device {cell(device)}: {ctx.info_name}; `nac session jobs` shows what comes of it")


def _follow(ctx: click.Context, database: Database, wanted: JobFilter, output: Format) -> None:
    """Print each step of a job once, until it is over."""
    patience = time.monotonic() + JOB_APPEARS_S
    shown = -1
    while True:
        with database.read() as session:
            found = newest_jobs(session, wanted, 1)
        if found and found[0].step > shown:
            shown = found[0].step
            _print_step(found[0], output)
            if found[0].state in {*FINAL, State.FAILED}:
                ctx.exit(NotFoundError.exit_code if found[0].state == State.FAILED else 0)
        if not found and time.monotonic() > patience:
            raise ControlError(
                "nothing was decided otherwise about this session",
                fix="`nac policy explain --device NAME` shows what the policy makes of its facts",
            )
        time.sleep(POLL_SECONDS)


def _print_step(job: CoaEvent, output: Format) -> None:
    if output == "json":
        print_json_line(msgspec.to_builtins(job))
        return
    after = f"{(job.at - job.decided_at) / 1e6:8.3f} s"
    how = f" by {cell(job.by)}" if job.by else ""
    detail = f": {cell(job.detail)}" if job.detail else ""
    say(f"{after}  {job.state:11}  {cell(job.verb)} ({cell(job.wanted)}){how}{detail}")

"""`nac posture`: how healthy devices are, what fails, and what would."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click
import msgspec

from nac.cli.invocation import Invocation, pass_invocation
from nac.cli.output import (
    Cell,
    Format,
    cell,
    local_time,
    note,
    output_option,
    print_json,
    print_record,
    print_table,
    say,
)
from nac.cli.policy.loaded import loaded, policy_option
from nac.db import audit
from nac.errors import NotFoundError
from nac.events.types import PostureRefusedEvent
from nac.identity.devices import Devices
from nac.posture import query
from nac.posture.checks import CHECKS
from nac.posture.freshness import ages, lifetime
from nac.posture.importers import Source, read_export
from nac.posture.judge import Failure, applying, judge
from nac.posture.query import Listed
from nac.posture.record import DeviceRecord
from nac.posture.refusal import FIXES
from nac.posture.service import rules
from nac.posture.simulate import read_findings
from nac.posture.store import Postures

_F = TypeVar("_F", bound=Callable[..., Any])

SHOWN_REFUSALS: Final = 50
"""The newest; `nac posture refused --limit` shows more."""


@click.group("posture")
def cli() -> None:
    """Health of devices: verdicts, checks, findings, and what would change.

    Devices report through `nac agent` to [posture] listen; `posture` statements of the policy say what is asked.
    """


@cli.command("list")
@click.option("--status", type=click.Choice(["healthy", "degraded", "unhealthy", "unknown"]), help="Only these.")
@click.option("--failed", metavar="CHECK", help="Only devices that fail this check.")
@output_option
@pass_invocation
def list_(invocation: Invocation, status: str | None, failed: str | None, output: Format) -> None:
    """List the devices that have reported."""
    now = int(time.time())
    with invocation.database() as database, database.read() as session:
        every = [_as_json(one) for one in query.listed(session, now=now)]
    found = [
        one
        for one in every
        if status in (None, one["status"]) and failed in (None, *(failure["check"] for failure in one["failed"]))
    ]
    if output == "json":
        print_json(found)
        return
    rows: list[list[Cell]] = [
        [
            one["device"],
            one["status"],
            one["freshness"],
            one["score"],
            [failure["check"] for failure in one["failed"]],
            local_time(one["reported_at"]),
            one["source"],
        ]
        for one in found
    ]
    columns = ("DEVICE", "STATUS", "FRESHNESS", "SCORE", "FAILED", "REPORTED", "SOURCE")
    print_table(columns, rows, empty="no device has reported; see `[posture] listen` and `nac agent`")


@cli.command("show")
@click.argument("device")
@output_option
@pass_invocation
def show(invocation: Invocation, device: str, output: Format) -> None:
    """Show how a device stands, and what to fix."""
    now = int(time.time())
    with invocation.database() as database, database.read() as session:
        record = Devices(session, actor=audit.os_user(), now=now).get(device)
        found = [_as_json(one) for one in query.listed(session, now=now, device=record.key)]
        name = record.name
    if not found:
        raise NotFoundError(f"device {name!r} has not reported", fix="start its agent, or see `nac posture findings`")
    if output == "json":
        print_json(found[0])
        return
    one = found[0]
    moments = {moment: local_time(one[moment]) for moment in ("reported_at", "fresh_until", "stale_from", "expires_at")}
    fields = {key: one[key] for key in ("device", "status", "freshness", "score", "passed", "source")}
    print_record({**fields, **moments})
    _print_failed(one["failed"])


@cli.command("history")
@click.argument("device")
@output_option
@pass_invocation
def history(invocation: Invocation, device: str, output: Format) -> None:
    """Show how a device's verdict changed, and which of its reports were refused."""
    with invocation.database() as database, database.read() as session:
        record = Devices(session, actor=audit.os_user(), now=int(time.time())).get(device)
        refused = [_refusal(one) for one in query.refusals(session, name=record.name, most=SHOWN_REFUSALS)]
        found: list[dict[str, Any]] = [
            {
                "at": change.at,
                "status": change.status,
                "score": change.score,
                "failed": change.failed.split(",") if change.failed else [],
                "why": change.why,
            }
            for change in query.history(session, record)
        ]
    found = sorted([*found, *(_as_change(one) for one in refused)], key=lambda one: one["at"])
    if output == "json":
        print_json(found)
        return
    rows: list[list[Cell]] = [
        [local_time(one["at"]), one["status"], one["score"], one["failed"], one["why"]] for one in found
    ]
    print_table(("TIME", "STATUS", "SCORE", "FAILED", "WHY"), rows, empty="its verdict never changed")


@cli.command("refused")
@click.option("--device", help="Only of this device, or of a stranger by the name in its certificate.")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=SHOWN_REFUSALS, show_default=True, help="At most so many."
)
@output_option
@pass_invocation
def refused(invocation: Invocation, device: str | None, limit: int, output: Format) -> None:
    """List the newest reports that were refused, and why."""
    with invocation.database() as database, database.read() as session:
        found = [_refusal(one) for one in query.refusals(session, name=device, most=limit)]
    if output == "json":
        print_json(found)
        return
    rows: list[list[Cell]] = [
        [local_time(one["at"]), one["device"] or one["names"], one["word"], one["count"], one["address"], one["detail"]]
        for one in found
    ]
    print_table(("TIME", "DEVICE", "REFUSED", "COUNT", "ADDRESS", "DETAIL"), rows, empty="no report was refused")


@cli.command("checks")
@output_option
def checks(output: Format) -> None:
    """List the checks that a report may hold."""
    if output == "json":
        print_json(
            [{"name": one.name, "kind": one.kind, "about": one.about, "fix": one.fix} for one in CHECKS.values()]
        )
        return
    print_table(("CHECK", "KIND", "ABOUT"), [[one.name, one.kind, one.about] for one in CHECKS.values()])


@cli.command("findings")
@click.option("--device", help="Only of this device.")
@click.option("--all", "cleared", is_flag=True, help="Those that are over too.")
@output_option
@pass_invocation
def findings(invocation: Invocation, device: str | None, cleared: bool, output: Format) -> None:
    """List what people should look at: shared identities, shadow AI, refused reports."""
    now = int(time.time())
    with invocation.database() as database, database.read() as session:
        record = Devices(session, actor=audit.os_user(), now=now).get(device) if device else None
        found: list[dict[str, Any]] = [
            {
                "device": name,
                "kind": one.kind,
                "evidence": one.evidence,
                "count": one.count,
                "first_at": one.first_at,
                "last_at": one.last_at,
                "cleared_at": one.cleared_at,
            }
            for one, name in query.findings(session, device=record, cleared=cleared)
        ]
    if output == "json":
        print_json(found)
        return
    rows: list[list[Cell]] = [
        [one["device"], one["kind"], one["count"], local_time(one["last_at"]), one["evidence"]] for one in found
    ]
    print_table(("DEVICE", "KIND", "COUNT", "LAST", "EVIDENCE"), rows, empty="nothing was found")


@cli.command("clear")
@click.argument("device")
@click.argument("kind")
@pass_invocation
def clear(invocation: Invocation, device: str, kind: str) -> None:
    """Close a finding of KIND, such as shared_identity, once its cause is gone."""
    now = int(time.time())
    with invocation.database() as database, database.write() as session:
        record = Devices(session, actor=audit.os_user(), now=now).get(device)
        postures = Postures(session, rules(invocation.config.posture, loaded(invocation, None).policy), now=now)
        if not postures.clear(DeviceRecord.of(record), kind):
            raise NotFoundError(
                f"device {record.name!r} has no open finding {kind!r}", fix="see `nac posture findings`"
            )
        postures.finish()
        audit.record(session, audit.os_user(), "posture clear", record.name, f"kind={kind}")
        name = record.name
    say(f"finding {cell(kind)} of device {cell(name)} is cleared")


@cli.command("simulate")
@click.argument("report", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--device", help="Judge it as this device's; else as one that is managed and nothing else.")
@policy_option
@output_option
@pass_invocation
def simulate(invocation: Invocation, report: Path, device: str | None, path: Path | None, output: Format) -> None:
    """Judge a REPORT (JSON, as `nac agent report --print` writes it) by the policy; nothing is stored."""
    now = int(time.time())
    policy = loaded(invocation, path).policy
    found = read_findings(report)
    facts: dict[str, Any] = {"device.known": True, "device.managed": True, "device.tags": ()}
    if device is not None:
        with invocation.database() as database, database.read() as session:
            facts = DeviceRecord.of(Devices(session, actor=audit.os_user(), now=now).get(device)).facts
    postures = applying(policy, facts)
    verdict = judge(postures, found, {}, now=now)
    times = lifetime(now, ages(postures.all, rules(invocation.config.posture, policy).ages))
    result: dict[str, Any] = {
        "status": verdict.status,
        "score": verdict.score,
        "passed": list(verdict.passed),
        "failed": [_failure(one) for one in verdict.failed],
        "postures": [posture.name.text for posture in postures.all],
        "fresh_until": times.fresh_until,
        "stale_from": times.ageing_until,
        "expires_at": times.expires_at,
    }
    if output == "json":
        print_json(result)
        return
    print_record({key: result[key] for key in ("status", "score", "passed", "postures")})
    _print_failed([_failure(one) for one in verdict.failed])
    if not postures.certain:
        note("note: no `posture` of the policy applies to it, so nothing says what healthy is")


@cli.command("fleet")
@output_option
@pass_invocation
def fleet(invocation: Invocation, output: Format) -> None:
    """Count devices by status, and checks by how often they fail."""
    with invocation.database() as database, database.read() as session:
        counted = query.fleet(session, now=int(time.time()))
    names = sorted(
        counted.failing.keys() | counted.forgiven.keys() | counted.passing.keys(),
        key=lambda name: (-counted.failing[name], -counted.forgiven[name], name),
    )
    if output == "json":
        found = [
            {"check": n, "failing": counted.failing[n], "in_grace": counted.forgiven[n], "passing": counted.passing[n]}
            for n in names
        ]
        print_json({"statuses": dict(counted.statuses), "checks": found})
        return
    print_record({status: counted.statuses[status] for status in ("healthy", "degraded", "unhealthy", "unknown")})
    rows: list[list[Cell]] = [
        [name, counted.failing[name], counted.forgiven[name], counted.passing[name]] for name in names
    ]
    print_table(("CHECK", "FAILING", "IN GRACE", "PASSING"), rows, empty="no report was judged")


@cli.command("what-if")
@click.option("--require", "required", metavar="CHECK", help='As in a posture: "patch_age_days <= 14".')
@click.option("--forbid", "forbidden", metavar="CHECK", help='As in a posture: "rogue_notebook".')
@policy_option
@output_option
@pass_invocation
def what_if(
    invocation: Invocation, required: str | None, forbidden: str | None, path: Path | None, output: Format
) -> None:
    """Show who would fall if a check were asked for, by the reports that are stored."""
    if (required is None) == (forbidden is None):
        raise click.UsageError("name one of --require and --forbid")
    added = query.requirement(f"require {required}" if required is not None else f"forbid {forbidden}")
    with invocation.database() as database, database.read() as session:
        judged, fallen = query.what_if(session, loaded(invocation, path).policy, added, now=int(time.time()))
    if output == "json":
        devices = [{"device": f.device, "before": f.before, "after": f.after, "why": f.why} for f in fallen]
        print_json({"judged": judged, "fallen": devices})
        return
    rows: list[list[Cell]] = [[one.device, one.before, one.after, one.why] for one in fallen]
    print_table(("DEVICE", "NOW", "THEN", "WHY"), rows, empty="nobody would fall")
    note(f"{len(fallen)} of {judged} devices would stand worse")


@cli.command("import")
@click.argument("export", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--from", "source", required=True, type=click.Choice(["fleet", "intune"]), help="What wrote it.")
@policy_option
@pass_invocation
def import_(invocation: Invocation, export: Path, source: Source, path: Path | None) -> None:
    """Take what another tool found on devices that are on record. A device with an agent of its own is left to it."""
    now = int(time.time())
    policy, taken, unknown, left = loaded(invocation, path).policy, 0, 0, 0
    reports = read_export(export, source)
    with invocation.database() as database, database.write() as session:
        devices = Devices(session, actor=audit.os_user(), now=now)
        postures = Postures(session, rules(invocation.config.posture, policy), now=now)
        for report in reports:
            found = devices.find_any(report.names)
            device = DeviceRecord.of(found) if found is not None else None
            if device is None:
                unknown += 1
            elif postures.has_agent(device):
                left += 1
            else:
                postures.judge(device, report.findings, source=source)
                taken += 1
        postures.finish()
        audit.record(session, audit.os_user(), "posture import", export.name, f"from={source} devices={taken}")
    say(f"{taken} devices judged; {left} have an agent of their own, {unknown} are not on record")


def _as_json(one: Listed) -> dict[str, Any]:
    """Times are Unix seconds."""
    verdict, times = one.standing.verdict, one.standing.lifetime
    return {
        "device": one.standing.device,
        "status": one.status,
        "freshness": one.freshness,
        "score": verdict.score,
        "passed": list(verdict.passed),
        "failed": [_failure(failure) for failure in verdict.failed],
        "source": one.source,
        "reported_at": times.reported_at,
        "fresh_until": times.fresh_until,
        "stale_from": times.ageing_until,
        "expires_at": times.expires_at,
    }


def _refusal(event: PostureRefusedEvent) -> dict[str, Any]:
    """`at`: Unix seconds."""
    said: dict[str, Any] = msgspec.structs.asdict(event)
    return said | {"at": event.at // 1_000_000, "fix": FIXES.get(event.word)}


def _as_change(refusal: dict[str, Any]) -> dict[str, Any]:
    times = f" ({refusal['count']} times)" if refusal["count"] > 1 else ""
    why = f"{refusal['word']}: {refusal['detail']}{times}"
    return {"at": refusal["at"], "status": "refused", "score": None, "failed": [], "why": why}


def _failure(failure: Failure) -> dict[str, Any]:
    return {"check": failure.check, "says": failure.says, "fix": failure.fix, "grace_until": failure.grace_until}


def _print_failed(failed: list[dict[str, Any]]) -> None:
    for one in failed:
        grace = f" (until {local_time(one['grace_until'])} this is forgiven)" if one["grace_until"] else ""
        say(f"{cell(one['check'])}: {cell(one['says'])}{grace}")
        say(f"  fix: {cell(one['fix'])}")

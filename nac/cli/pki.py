"""`nac pki`: the built-in certificate authority. Everything it prints of a certificate is public."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar, get_args

import click
from sqlalchemy.orm import Session

from nac.cli.invocation import Invocation, pass_invocation
from nac.cli.output import Cell, Format, cell, note, output_option, print_json, print_record, print_table, say
from nac.db.audit import Actor, os_user
from nac.errors import ConflictError, NacError, StorageError
from nac.pki.audit import record_init, record_issue, record_lists, record_revocations, record_server
from nac.pki.authority import Authority, create_authority
from nac.pki.crl import DEFAULT_DAYS, BuiltCrl, build_crls, refresh_if_due
from nac.pki.issue import issue_client
from nac.pki.key_kind import KeyKind
from nac.pki.names import ClientNames, certificate_names
from nac.pki.profile import CLIENT_DAYS, SERVER_DAYS
from nac.pki.read import read_certificates
from nac.pki.record import Reason, Revocation, serial_text
from nac.pki.revoke import find, revocable, revoke
from nac.pki.server import issue_server_certificates
from nac.pki.show import (
    CertificateRow,
    Kind,
    ListRow,
    authority_warnings,
    describe_certificate,
    list_certificates,
    list_crls,
)

_F = TypeVar("_F", bound=Callable[..., Any])
LONGEST_DAYS: Final = 7300


def _directory_option(command: _F) -> _F:
    return click.option(
        "--directory",
        type=click.Path(file_okay=False, path_type=Path),
        help="Folder of the authority. Default: [pki] directory of the configuration.",
    )(command)


def _days_option(default: int) -> Callable[[_F], _F]:
    return click.option("--days", type=click.IntRange(1, LONGEST_DAYS), default=default, show_default=True)


@click.group("pki")
def cli() -> None:
    """Certificates: make an authority, issue and revoke, see what ends soon."""


@cli.command("init")
@click.option("--organization", default="nac", show_default=True, help="O of the authority's names.")
@click.option("--server-name", "server_names", multiple=True, required=True, help="DNS name of the RADIUS server.")
@_directory_option
@output_option
@pass_invocation
def init(
    invocation: Invocation, organization: str, server_names: tuple[str, ...], directory: Path | None, output: Format
) -> None:
    """Make a root, an issuing CA, the server's certificates and the revocation lists in a new folder."""
    path = directory or invocation.config.pki.directory
    authority = create_authority(path, organization=organization, server=server_names, now=_now())
    with _audited(invocation, lambda session, actor: record_init(session, actor, authority)):
        rows = list_certificates(authority, now=_now())
        if output == "json":
            print_json({"directory": str(path), "certificates": [_row_json(row) for row in rows]})
            return
        say(f"certificate authority made in {cell(str(path))}")
        _print_rows(rows)
        note(f"deploy {path / 'root.pem'} to devices; keep {path / 'root.key'} offline where you can")


@cli.command("server")
@click.option("--server-name", "server_names", multiple=True, help="DNS name. Default: the names it has now.")
@_days_option(SERVER_DAYS)
@_directory_option
@output_option
@pass_invocation
def server(
    invocation: Invocation, server_names: tuple[str, ...], days: int, directory: Path | None, output: Format
) -> None:
    """Renew the server's certificates with new keys. A running server takes them up; no session is dropped."""
    authority = _authority(invocation, directory)
    names = list(server_names) or certificate_names(read_certificates(authority.folder.path / "server-p256.pem")[0])
    written = issue_server_certificates(authority, names, now=_now(), days=days)
    renewed = [files.certificate for files in written]
    with _audited(invocation, lambda session, actor: record_server(session, actor, renewed)):
        if output == "json":
            print_json([{"chain": str(files.chain), "key": str(files.key)} for files in written])
            return
        for files in written:
            say(f"renewed {cell(str(files.chain))} for {cell(names)}")


@cli.command("issue")
@click.option("--user", help="User principal name, as in alice@corp.example.")
@click.option("--device", help="Name of the device, as in laptop-17.")
@click.option("--uri", "uris", multiple=True, help="A URI as a further name.")
@click.option("--policy", "policies", multiple=True, help="Certificate policy OID; policies of nac can ask for it.")
@click.option("--key", type=click.Choice([kind.value for kind in KeyKind]), default="p256", show_default=True)
@click.option(
    "--csr",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Sign the key of this PKCS#10 request instead of making one; its names are not used.",
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder for the files.")
@click.option("--name", "stem", help="What the files are called. Default: the device, else the user.")
@_days_option(CLIENT_DAYS)
@_directory_option
@output_option
@pass_invocation
def issue(
    invocation: Invocation,
    /,
    user: str | None,
    device: str | None,
    uris: tuple[str, ...],
    key: str,
    csr: Path | None,
    directory: Path | None,
    output: Format,
    **settings: Any,
) -> None:
    """Issue a certificate to a user, a device, or a user on a device."""
    if not user and not device:
        raise click.UsageError("say whom it is for: --user NAME, --device NAME, or both")
    names = ClientNames(user, device, uris)
    authority = _authority(invocation, directory)
    files = issue_client(authority, names, key=csr or KeyKind(key), now=_now(), **settings)
    with _audited(invocation, lambda session, actor: record_issue(session, actor, files.certificate)):
        row = describe_certificate(authority, files.certificate, now=_now())
        written = {"chain": str(files.chain), "key": str(files.key) if files.key else None, "ca": str(files.ca)}
        if output == "json":
            print_json({**_row_json(row), **written})
            return
        say(f"issued to {cell(row.names)}, valid until {row.not_after:%Y-%m-%d}")
        print_record({"serial": row.serial, "fingerprint": row.fingerprint, **written})


@cli.command("revoke")
@click.argument("reference")
@click.option("--reason", type=click.Choice(get_args(Reason)), default="unspecified", show_default=True)
@click.option("--all", "every", is_flag=True, help="Revoke every live certificate of that name.")
@_directory_option
@output_option
@pass_invocation
def revoke_(
    invocation: Invocation, reference: str, reason: Reason, every: bool, directory: Path | None, output: Format
) -> None:
    """Revoke by serial number, SHA-256 fingerprint, certificate file or name, and sign the lists anew."""
    authority = _authority(invocation, directory)
    certificates = find(authority, reference)
    if len(certificates) > 1:
        certificates = revocable(authority, certificates, _now()) or certificates
    if len(certificates) > 1 and not every:
        serials = ", ".join(serial_text(certificate.serial_number) for certificate in certificates)
        raise ConflictError(
            f"{len(certificates)} certificates are called {reference}: {serials}", fix="name one serial, or add --all"
        )
    done = revoke(authority, certificates, now=_now(), reason=reason)
    with _audited(invocation, lambda session, actor: record_revocations(session, actor, done.entries)):
        if output == "json":
            entries = [_revocation_json(entry) for entry in done.entries]
            print_json({"revoked": entries, "lists": _lists_json(done.lists)})
            return
        for entry in done.entries:
            say(f"revoked {cell(entry.name)}, serial {entry.serial}: {entry.reason}")
        _say_lists(done.lists)


@cli.command("crl")
@_days_option(DEFAULT_DAYS)
@click.option("--if-due", is_flag=True, help="Only when a list is missing or past half of its time.")
@_directory_option
@output_option
@pass_invocation
def crl(invocation: Invocation, days: int, if_due: bool, directory: Path | None, output: Format) -> None:
    """Sign the revocation lists anew. A running server does this by itself where it can read the keys.

    With --if-due it is upkeep, which is not in the audit.
    """
    authority = _authority(invocation, directory)
    if if_due:
        _show_lists(authority, refresh_if_due(authority, now=_now(), days=days), output)
        return
    built = build_crls(authority, now=_now(), days=days)
    with _audited(invocation, lambda session, actor: record_lists(session, actor, built)):
        _show_lists(authority, built, output)


@cli.command("show")
@click.argument("reference", required=False)
@click.option("--expiring", type=click.IntRange(0, LONGEST_DAYS), help="Only what ends within so many days.")
@click.option("--kind", type=click.Choice(get_args(Kind)), help="Only certificates of this kind.")
@_directory_option
@output_option
@pass_invocation
def show(
    invocation: Invocation,
    reference: str | None,
    expiring: int | None,
    kind: Kind | None,
    directory: Path | None,
    output: Format,
) -> None:
    """List certificates with status and days left, or show one by serial, fingerprint, file or name."""
    authority, now = _authority(invocation, directory), _now()
    if reference is not None:
        _show_found([describe_certificate(authority, c, now=now) for c in find(authority, reference)], output)
        return
    rows = [row for row in list_certificates(authority, now=now) if kind in (None, row.kind)]
    if expiring is not None:
        rows = [row for row in rows if row.status == "valid" and row.days_left <= expiring]
    lists = list_crls(authority, now=now)
    warnings = authority_warnings(authority, now=now)
    if output == "json":
        print_json(
            {
                "certificates": [_row_json(row) for row in rows],
                "lists": [_list_json(row) for row in lists],
                "warnings": [{"said": str(w), "fix": w.fix, "level": w.level} for w in warnings],
            }
        )
        return
    _print_rows(rows)
    for entry in lists:
        until = f"{entry.next_update:%Y-%m-%d %H:%M} UTC" if entry.next_update else "unknown"
        state = "current" if entry.current else "STALE"
        say(f"list of {entry.authority}: {state}, number {cell(entry.number)}, {entry.entries} revoked, until {until}")
    for warning in warnings:
        note(f"{warning.level}: {warning}; {warning.fix}")


def _show_found(rows: list[CertificateRow], output: Format) -> None:
    if output == "json":
        print_json([_row_json(row) for row in rows])
        return
    for row in rows:
        fields: dict[str, Cell] = {**_row_json(row)}
        entry = fields.pop("revocation")
        if isinstance(entry, dict):
            at = datetime.fromtimestamp(entry["at"], UTC)
            fields["revoked"] = f"{at:%Y-%m-%d %H:%M} UTC, {entry['reason']}"
        print_record({**fields, "names": row.names, "not_before": f"{row.not_before}", "not_after": f"{row.not_after}"})


def _print_rows(rows: list[CertificateRow]) -> None:
    columns = ("KIND", "NAME", "SERIAL", "KEY", "STATUS", "ENDS", "DAYS", "WARNING")
    cells: list[list[Cell]] = [
        [
            row.kind,
            row.name,
            row.serial,
            row.key,
            row.status,
            f"{row.not_after:%Y-%m-%d}",
            row.days_left,
            None if row.warning in ("fine", row.status) else row.warning,
        ]
        for row in rows
    ]
    print_table(columns, cells, empty="no certificates")


def _show_lists(authority: Authority, built: list[BuiltCrl], output: Format) -> None:
    if output == "json":
        print_json(_lists_json(built))
        return
    _say_lists(built)
    if not built:
        note("nothing is due")
    elif not authority.has_key("root"):
        note(f"the root's key is not here: {authority.folder.crl('root')} is unchanged")


def _say_lists(lists: tuple[BuiltCrl, ...] | list[BuiltCrl]) -> None:
    for built in lists:
        end = f"{built.next_update:%Y-%m-%d %H:%M} UTC"
        say(f"signed {cell(str(built.path))}: number {built.number}, {built.entries} revoked, until {end}")


def _row_json(row: CertificateRow) -> dict[str, Any]:
    """A certificate as `-o json` prints it; times are Unix seconds."""
    return {
        "kind": row.kind,
        "name": row.name,
        "names": list(row.names),
        "serial": row.serial,
        "fingerprint": row.fingerprint,
        "key": row.key,
        "issuer": row.issuer,
        "not_before": int(row.not_before.timestamp()),
        "not_after": int(row.not_after.timestamp()),
        "days_left": row.days_left,
        "status": row.status,
        "warning": None if row.warning == "fine" else row.warning,
        "revocation": _revocation_json(row.revocation) if row.revocation else None,
    }


def _revocation_json(entry: Revocation) -> dict[str, Any]:
    return {"serial": entry.serial, "name": entry.name, "at": entry.at, "reason": entry.reason, "issuer": entry.issuer}


def _list_json(row: ListRow) -> dict[str, Any]:
    return {
        "authority": row.authority,
        "number": row.number,
        "entries": row.entries,
        "this_update": int(row.this_update.timestamp()),
        "next_update": int(row.next_update.timestamp()) if row.next_update else None,
        "current": row.current,
    }


def _lists_json(lists: tuple[BuiltCrl, ...] | list[BuiltCrl]) -> list[dict[str, Any]]:
    return [
        {
            "authority": built.authority,
            "path": str(built.path),
            "number": built.number,
            "entries": built.entries,
            "next_update": int(built.next_update.timestamp()),
        }
        for built in lists
    ]


@contextmanager
def _audited(invocation: Invocation, record: Callable[[Session, Actor], None]) -> Iterator[None]:
    """The block tells what was done; then it is entered into the audit, or said that it is not."""
    try:
        yield
    finally:
        try:
            if invocation.has_database():
                with invocation.database() as database, database.write() as session:
                    record(session, os_user())
            else:
                note("not in the audit: there is no database here")
        except NacError as error:
            raise StorageError(f"done, but not in the audit: {error.message}", fix=error.fix) from error


def _authority(invocation: Invocation, directory: Path | None) -> Authority:
    return Authority.open(directory or invocation.config.pki.directory)


def _now() -> datetime:
    return datetime.now(UTC)

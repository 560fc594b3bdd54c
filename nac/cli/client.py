"""`nac client`: the switches and wireless controllers that may ask, and their shared secrets.

A secret is printed once, when it is made. It is never taken from the command line, where others could read it.
"""

from __future__ import annotations

import sys
import time
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Any

import click
from msgspec import UNSET

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
from nac.cli.parameters import NameParameter, PrefixParameter, VerbsParameter
from nac.clients.seal import load_seal
from nac.clients.secret import LONGEST_OCTETS, RECOMMENDED_OCTETS, SharedSecret
from nac.clients.store import ClientChange, Clients, NewClient, Prefix
from nac.coa.client import to_coa_client, verbs_text
from nac.coa.error_cause import error_cause, in_words
from nac.coa.learnt import Lesson, lessons_of
from nac.coa.probe import probe
from nac.coa.recipe import Verb
from nac.coa.vendor import recipe_of
from nac.db.audit import os_user
from nac.db.schema import Client
from nac.enforcement.dictionary import shipped_dictionary
from nac.enforcement.snippet import SECRET, configuration
from nac.enforcement.vendor import DIALECTS, MAKES
from nac.errors import NotFoundError
from nac.identity.name import Name

_secret_file = click.option(
    "--secret-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path, allow_dash=True),
    help="Take the secret from this file (- for standard input), instead of a new random one.",
)


class _AddressParameter(click.ParamType[IPv4Address | IPv6Address]):
    name = "address"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> IPv4Address | IPv6Address:
        try:
            return ip_address(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


_PORT = click.IntRange(1, 65535)
_VERBS_HELP = f"Which means to use, in order, joined by commas: {', '.join(Verb)}. Default: as its make takes them."


@click.group("client")
def cli() -> None:
    """RADIUS clients: switches and wireless controllers. The running server takes a change over by itself."""


@cli.command("add")
@click.argument("name", type=NameParameter())
@click.argument("prefix", type=PrefixParameter())
@click.option(
    "--dialect",
    type=click.Choice(sorted(DIALECTS)),
    default="rfc4849",
    show_default=True,
    help="How its access lists are written.",
)
@click.option("--site", help="Where it stands; policies may ask for it.")
@click.option(
    "--message-authenticator",
    type=click.Choice(["require", "observe"]),
    default="require",
    show_default=True,
    help="What to do with requests without one (CVE-2024-3596): discard, or only count.",
)
@click.option(
    "--fragment-size", type=click.IntRange(200, 1400), default=1024, show_default=True, help="Octets of EAP per packet."
)
@click.option("--max-tls", type=click.Choice(["1.2", "1.3"]), default="1.3", show_default=True)
@click.option(
    "--rate",
    "conversations_per_second",
    type=click.IntRange(1, 1_000_000),
    default=500,
    show_default=True,
    help="New conversations per second; more are shed.",
)
@click.option("--burst", type=click.IntRange(1, 1_000_000), default=2000, show_default=True, help="How many at once.")
@click.option("--coa-port", type=_PORT, help="Where it takes changes of live sessions. Default: as its make does.")
@click.option("--coa-verbs", type=VerbsParameter(), help=_VERBS_HELP)
@click.option("--coa/--no-coa", "coa_enabled", default=True, show_default=True, help="Change its live sessions.")
@_secret_file
@output_option
@pass_invocation
def add(
    invocation: Invocation,
    /,
    name: Name,
    prefix: Prefix,
    secret_file: Path | None,
    coa_verbs: tuple[Verb, ...] | None,
    output: Format,
    **settings: Any,
) -> None:
    """Add a client by its address or prefix, and print its shared secret (once)."""
    secret = _given(secret_file) or SharedSecret.generate()
    seal = load_seal(invocation.config.secrets_key)
    new = NewClient(name, prefix, coa_verbs=verbs_text(coa_verbs) if coa_verbs else None, **settings)
    with invocation.database() as database, database.write() as session:
        clients = Clients(session, actor=os_user(), now=int(time.time()))
        client = clients.add(new, secret, seal)
        shown = _as_json(client)
        overlaps = [f"{other.prefix} ({other.name})" for other in clients.overlaps(client)]
    _print_secret(shown, None if secret_file else secret, output, done="added")
    if overlaps:
        note(f"note: {prefix} overlaps {', '.join(overlaps)}; the longest match answers")


@cli.command("list")
@output_option
@pass_invocation
def list_(invocation: Invocation, output: Format) -> None:
    """List clients."""
    with invocation.database() as database, database.read() as session:
        clients = [_as_json(c) for c in Clients(session, actor=os_user(), now=int(time.time())).find()]
    if output == "json":
        print_json(clients)
        return
    rows: list[list[Cell]] = [
        [c["name"], c["prefix"], c["dialect"], c["site"], c["message_authenticator"], len(c["secrets"])]
        for c in clients
    ]
    columns = ("NAME", "PREFIX", "DIALECT", "SITE", "MESSAGE-AUTHENTICATOR", "LIVE SECRETS")
    print_table(columns, rows, empty="no clients: every request is discarded; add one with `nac client add`")


@cli.command("show")
@click.argument("client")
@output_option
@pass_invocation
def show(invocation: Invocation, client: str, output: Format) -> None:
    """Show one client, without its secrets."""
    with invocation.database() as database, database.read() as session:
        clients = Clients(session, actor=os_user(), now=int(time.time()))
        row = clients.get(client)
        found = _as_json(row)
        found["overlaps"] = [f"{other.prefix} ({other.name})" for other in clients.overlaps(row)]
        lessons = list(lessons_of(session, row.name))
    learnt = [
        {"verb": verb, "answer": one.answer, "error_cause": one.error_cause, "at": one.at // 1_000_000}
        for verb, one in lessons
    ]
    if output == "json":
        print_json({**found, "coa_learnt": learnt})
        return
    said = [f"{verb}: {one.answer}{_cause(one)} at {local_time(one.at / 1e6)}" for verb, one in lessons]
    secrets = [f"{s['octets']} octets, since {local_time(s['since'])}" for s in found["secrets"]]
    print_record({**found, "secrets": secrets, "added": local_time(found["added"]), "coa learnt": said})


@cli.command("set")
@click.argument("client")
@click.option("--coa-port", type=_PORT, help="Where it takes changes of live sessions.")
@click.option("--coa-verbs", type=VerbsParameter(), help=_VERBS_HELP)
@click.option("--coa/--no-coa", "coa_enabled", default=None, help="Change its live sessions.")
@click.option("--coa-default", is_flag=True, help="Port and verbs as its make has them.")
@pass_invocation
def set_(
    invocation: Invocation,
    client: str,
    coa_port: int | None,
    coa_verbs: tuple[Verb, ...] | None,
    coa_enabled: bool | None,
    coa_default: bool,
) -> None:
    """Change how a client takes changes of live sessions."""
    if coa_default and (coa_port or coa_verbs):
        raise click.UsageError("--coa-default takes neither --coa-port nor --coa-verbs")
    unset = None if coa_default else UNSET
    change = ClientChange(
        coa_enabled=UNSET if coa_enabled is None else coa_enabled,
        coa_port=coa_port or unset,
        coa_verbs=verbs_text(coa_verbs) if coa_verbs else unset,
    )
    if change == ClientChange():
        raise click.UsageError("nothing to change; see --help")
    with invocation.database() as database, database.write() as session:
        name = Clients(session, actor=os_user(), now=int(time.time())).change(client, change).name
    say(f"client {cell(name)} changed")


@cli.command("test-coa")
@click.argument("client")
@click.option("--address", type=_AddressParameter(), help="Which switch, where the client is a prefix.")
@output_option
@pass_invocation
def test_coa(invocation: Invocation, client: str, address: IPv4Address | IPv6Address | None, output: Format) -> None:
    """Ask a client to disconnect a session that cannot exist: its refusal shows that port and secret are right.

    Run it where the server runs: the switch knows that address. Exits with 4 when nothing answers.
    """
    with invocation.database() as database, database.read() as session:
        row = Clients(session, actor=os_user(), now=int(time.time())).get(client)
        found = to_coa_client(row, load_seal(invocation.config.secrets_key))
        network = ip_network(row.prefix)
    if address is None and network.num_addresses > 1:
        raise click.UsageError(f"{row.name} is {network}: say which switch with --address")
    where = str(address or network.network_address)
    probed = probe(found, where, shipped_dictionary(), invocation.config.coa.source)
    target = f"{probed.target.address} port {probed.target.port}"
    if probed.answer is None:
        dropped = ", ".join(f"{count} with a wrong {reason}" for reason, count in probed.dropped.items())
        raise NotFoundError(
            f"{target} does not answer" + (f" as it should: {dropped}" if dropped else ""),
            fix="check dynamic authorization on the switch: that it is on, its port (`nac client set NAME "
            "--coa-port`), the shared secret, and that it takes requests from this address",
        )
    cause = in_words(probed.answer.error_cause)
    if output == "json":
        print_json(
            {
                "address": probed.target.address,
                "port": probed.target.port,
                "acknowledged": probed.answer.acknowledged,
                "error_cause": probed.answer.error_cause,
            }
        )
        return
    said = "acknowledged what cannot be" if probed.answer.acknowledged else f"refused, {cause}"
    say(f"{target}: {said}; port and secret are right")
    if not probed.answer.acknowledged and error_cause(probed.answer.error_cause).effect == "unsupported":
        note(f"but: {error_cause(probed.answer.error_cause).meaning} {error_cause(probed.answer.error_cause).fix}")


@cli.command("rotate-secret")
@click.argument("client")
@click.option("--finish", is_flag=True, help="Retire the older secret, once the device uses the new one.")
@_secret_file
@output_option
@pass_invocation
def rotate_secret(invocation: Invocation, client: str, finish: bool, secret_file: Path | None, output: Format) -> None:
    """Add a second live secret; both are accepted until --finish, so nothing stops meanwhile."""
    if finish and secret_file:
        raise click.UsageError("--finish takes no secret")
    now = int(time.time())
    with invocation.database() as database:
        if finish:
            with database.write() as session:
                name = Clients(session, actor=os_user(), now=now).finish_rotation(client).name
            say(f"client {cell(name)}: the older secret is retired")
            return
        secret = _given(secret_file) or SharedSecret.generate()
        seal = load_seal(invocation.config.secrets_key)
        with database.write() as session:
            shown = _as_json(Clients(session, actor=os_user(), now=now).start_rotation(client, secret, seal))
    _print_secret(shown, None if secret_file else secret, output, done="has a second secret")
    note(f"next: set it on the device, then `nac client rotate-secret {shown['name']} --finish`")


@cli.command("remove")
@click.argument("client")
@pass_invocation
def remove(invocation: Invocation, client: str) -> None:
    """Forget a client and its secrets: its requests are discarded from now on."""
    with invocation.database() as database, database.write() as session:
        name = Clients(session, actor=os_user(), now=int(time.time())).remove(client)
    say(f"client {cell(name)} removed")


@cli.command("snippet")
@click.option("--vendor", "make", type=click.Choice(MAKES), required=True, help="The make, as its dialects begin.")
@click.option("--server", type=_AddressParameter(), help="Where switches reach this server; else a placeholder.")
def snippet(make: str, server: IPv4Address | IPv6Address | None) -> None:
    """Print what to configure on a switch or wireless controller. The secret stays a placeholder."""
    say(configuration(make, server).rstrip("\n"))
    note(f"next: put the secret that `nac client add` shows in place of {SECRET}; docs/vendors/{make}.md says the rest")


def _given(secret_file: Path | None) -> SharedSecret | None:
    """The secret in a file, without its line end. Warns when it is short (RFC 2865 3)."""
    if secret_file is None:
        return None
    stream = sys.stdin.buffer if str(secret_file) == "-" else secret_file.open("rb")
    with stream:
        secret = SharedSecret(stream.read(LONGEST_OCTETS + 2).rstrip(b"\r\n"))
    if secret.weak:
        note(f"warning: {secret.octets} octets are guessable; RFC 2865 asks for at least {RECOMMENDED_OCTETS}")
    return secret


def _print_secret(client: dict[str, Any], made: SharedSecret | None, output: Format, *, done: str) -> None:
    """Say what was done, and show a secret that was made here: nothing can show it again."""
    text = made.reveal().decode() if made is not None else None
    if output == "json":
        print_json({**client, "secret": text})
        return
    say(f"client {cell(client['name'])} {done}: {client['prefix']}")
    if text is not None:
        say(f"shared secret (shown only now): {text}")


def _cause(lesson: Lesson) -> str:
    return f" {in_words(lesson.error_cause)}" if lesson.answer == "nak" else ""


def _as_json(client: Client) -> dict[str, Any]:
    """A client as `-o json` prints it, its secrets by age and length only. `added`, `since`: Unix seconds."""
    return {
        "name": client.name,
        "prefix": client.prefix,
        "dialect": client.dialect,
        "site": client.site,
        "message_authenticator": client.message_authenticator,
        "fragment_size": client.fragment_size,
        "max_tls": client.max_tls,
        "conversations_per_second": client.conversations_per_second,
        "burst": client.burst,
        "coa": client.coa_enabled,
        "coa_port": client.coa_port or recipe_of(client.dialect).port,
        "coa_verbs": client.coa_verbs,
        "secrets": [{"octets": secret.octets, "since": secret.created_at} for secret in client.secrets],
        "added": client.created_at,
    }

"""`nac check`: everything that `nac serve` would read, without serving."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import click

from nac.cli.invocation import Invocation, pass_invocation
from nac.cli.output import Format, note, output_option, print_json, say


@click.command("check")
@output_option
@pass_invocation
def cli(invocation: Invocation, output: Format) -> None:
    """Validate configuration, policy, RADIUS clients, certificates and their expiry.

    Exit code 0 when the server would start (warnings may be printed), 3 when it would not.
    """
    from nac.clients.seal import load_seal
    from nac.clients.store import load_clients
    from nac.config import check_files, exposed_password
    from nac.errors import NacError, NotFoundError
    from nac.pki.authority import Authority
    from nac.pki.show import authority_warnings
    from nac.snapshot.build import build
    from nac.snapshot.tickets import TicketKeys

    config, now = invocation.config, datetime.now(UTC)
    exposed = exposed_password(invocation.config_path, config)
    if exposed:
        note(f"warning: {exposed}")
    missing = check_files(invocation.config_path)
    if missing:
        for error in missing[:-1]:
            click.echo(f"nac: {error.message}\nfix: {error.fix}", err=True)
        raise missing[-1]
    with invocation.database() as database, database.read() as session:
        clients = load_clients(session, load_seal(config.secrets_key))
    built = build(config, clients, ticket_keys=TicketKeys.fresh(time.time()), generation=1, now=now)
    warnings = list(built.warnings)
    try:
        warnings += [str(warning) for warning in authority_warnings(Authority.open(config.pki.directory), now=now)]
    except NotFoundError:
        pass
    except NacError as error:
        warnings.append(error.message)
    if not clients:
        warnings.append("no RADIUS clients yet: `nac client add`")
    if output == "json":
        said = [exposed, *warnings] if exposed else warnings
        print_json({"ok": True, "clients": len(clients), "digest": built.policy.digest, "warnings": said})
        return
    for warning in dict.fromkeys(warnings):
        say(f"warning: {warning}")
    say(f"ok: {len(clients)} RADIUS clients, policy {built.policy.digest[:16]}, certificates and lists are usable")

"""`nac reload`: make the running server read its files again, and say whether it took them."""

from __future__ import annotations

import click

from nac.cli.invocation import Invocation, pass_invocation
from nac.cli.output import say


@click.command("reload")
@pass_invocation
def cli(invocation: Invocation) -> None:
    """Make the running server read configuration, policy and certificates again.

    When one is broken, the server says why and keeps what it runs with; the exit code is 6 then.
    """
    from nac.control.ask import ask
    from nac.errors import ControlError

    answer = ask(invocation.control_socket(), "reload")
    if not answer.ok:
        raise ControlError(answer.message, fix=answer.fix)
    say(answer.message)

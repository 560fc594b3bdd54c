"""`nac serve`: the server, until it is told to stop."""

from __future__ import annotations

import signal
import threading

import click

from nac.cli.invocation import Invocation, pass_invocation


@click.command("serve")
@pass_invocation
def cli(invocation: Invocation) -> None:
    """Run the server in the foreground.

    SIGTERM and SIGINT stop it, SIGHUP makes it read its files again (like `nac reload`). A broken file stops it from
    starting; at a reload, the running configuration is kept. Logs go to standard error.
    """
    from nac import log
    from nac.service import Service

    log.configure(invocation.config.log)
    # It answers before it is built to the end: who asked it to stop then is heard as well.
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is something to reload
    with Service(invocation.config_path, stop) as service:
        signal.signal(signal.SIGINT, lambda *_: stop.set())
        signal.signal(signal.SIGHUP, lambda *_: service.reload())
        service.run()

"""`nac serve`: the server, until it is told to stop."""

from __future__ import annotations

import os
import signal
from typing import Final

import click

from nac.cli.invocation import Invocation, pass_invocation

_PURGE_DELAY_MS: Final = "1000"
"""How long the data plane's allocator keeps freed memory: its default of 10 ms gives pages back between two batches of
handshakes, only to fault them in again; a second later is soon enough after a flood."""


@click.command("serve")
@pass_invocation
def cli(invocation: Invocation) -> None:
    """Run the server in the foreground.

    SIGTERM and SIGINT stop it, SIGHUP makes it read its files again (like `nac reload`). A broken file stops it from
    starting; at a reload, the running configuration is kept. Logs go to standard error.
    """
    os.environ.setdefault("MIMALLOC_PURGE_DELAY", _PURGE_DELAY_MS)  # read once, when the extension is loaded

    from nac import log
    from nac.service import Service

    log.configure(invocation.config.log)
    with Service(invocation.config_path) as service:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: service.stop())
        signal.signal(signal.SIGHUP, lambda *_: service.reload())
        service.run()

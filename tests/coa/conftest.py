"""A server with one simulated switch in front of it, and printers that log in by their MAC addresses.

`pyproject.toml` lends the tools of `tests/stories`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from coa_site import MAKES, Site, accounting_address
from lab_home import SECRET, Home
from nac_server import serving

from lab.nas import das
from lab.nas.das import Das


@pytest.fixture
def site(tmp_path: Path) -> Callable[..., AbstractContextManager[Site]]:
    """Starts a server with one switch of a make. `settings`: of nac.toml."""

    @contextlib.contextmanager
    def start(make: str = "standard", *client: str, **settings: object) -> Iterator[Site]:
        home = Home(tmp_path / "home", settings={f"coa.{key}": value for key, value in settings.items()})
        dialect = "rfc4849" if make == "standard" else make
        with das.serving(Das(MAKES[make], SECRET)) as switch:
            port = str(switch.address[1])
            home.add_client("switch", "127.0.0.1", "--dialect", dialect, "--coa-port", port, *client)
            with serving(home) as server:
                switch.accounting = accounting_address(server)
                yield Site(home, server, switch)

    return start

"""One laboratory for all stories: a folder made by `nac init`, a running server, and the tools that speak to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from eapol import EapolTest, require
from lab_home import SECRET, Device, Home
from nac_server import Server, serving
from nas import Nas

CLIENTS = {
    "switch": ("127.0.0.1", []),
    "six": ("::1", []),
    "fragments-200": ("127.0.1.200", ["--fragment-size", "200"]),
    "fragments-500": ("127.0.1.50", ["--fragment-size", "500"]),
    "fragments-1398": ("127.0.1.139", ["--fragment-size", "1398"]),
    "observed": ("127.0.2.1", ["--message-authenticator", "observe"]),
    "catalyst": ("127.0.3.1", ["--dialect", "cisco-ios-xe+ipv6"]),
    "fetching": ("127.0.16.1", ["--dialect", "cisco-dacl+ipv6"]),
    "rotating": ("127.0.4.1", []),
    "old-tls": ("127.0.5.1", ["--max-tls", "1.2"]),
}


@pytest.fixture(scope="session", autouse=True)
def _tools() -> None:
    require("eapol_test", "eapoltest")
    require("radclient", "freeradius-utils")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server that most stories share. What a story changes is its own: a device, a user, a client."""
    home = Home(tmp_path_factory.mktemp("lab") / "home")
    for name, (prefix, settings) in CLIENTS.items():
        home.add_client(name, prefix, *settings)
    with serving(home) as server:
        yield server


@pytest.fixture(scope="session")
def home(server: Server) -> Home:
    """The shared server's folder."""
    return server.home


@pytest.fixture(scope="session")
def alice(server: Server) -> Device:
    """An ML engineer with a healthy, managed laptop; never changed by any story."""
    device = server.home.enrol()
    server.reload()
    return device


@pytest.fixture
def mac(home: Home) -> str:
    """An address of this test alone, by which its events are found."""
    return home.fresh_mac()


@pytest.fixture
def eapol_test(tmp_path: Path) -> EapolTest:
    return EapolTest(tmp_path)


@pytest.fixture
def nas(server: Server) -> Iterator[Nas]:
    """A switch at 127.0.0.1."""
    with Nas(server.v4, secret=SECRET) as nas:
        yield nas


@pytest.fixture
def own_server(tmp_path: Path) -> Callable[..., AbstractContextManager[Server]]:
    """Starts a server of this test alone, with one client, for what would disturb others."""

    def start(*client: str, **settings: object) -> AbstractContextManager[Server]:
        home = Home(tmp_path / "home", settings={f"server.{key}": value for key, value in settings.items()})
        home.add_client("switch", "127.0.0.0/8", *client)
        return serving(home)

    return start


@pytest.fixture
def server_with(tmp_path: Path) -> Callable[..., AbstractContextManager[Server]]:
    """Starts a server of this test alone with a policy of its own. `clients`: name -> prefix and settings."""

    def start(
        policy: str, clients: Mapping[str, Sequence[str]], settings: Mapping[str, object] | None = None
    ) -> AbstractContextManager[Server]:
        home = Home(tmp_path / "home", settings=settings)
        home.write_policy(policy)
        for name, (prefix, *settings) in clients.items():
            home.add_client(name, prefix, *settings)
        return serving(home)

    return start

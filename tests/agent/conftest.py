"""A device with a certificate, and the server that it reports to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from agent_server import KEYS, Issuer, PostureServer, make_issuer, serving, write_pair

from nac.agent.config import AgentConfig, DeviceSettings, ReportSettings, ServerSettings


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    return make_issuer()


@pytest.fixture
def server(tmp_path: Path, issuer: Issuer) -> Iterator[PostureServer]:
    with serving(tmp_path, issuer) as running:
        yield running


@pytest.fixture
def config(tmp_path: Path, issuer: Issuer, server: PostureServer) -> AgentConfig:
    """The settings of `laptop-17`, whose key is of P-256."""
    key = KEYS["ES256"]()
    write_pair(tmp_path, "device", issuer.issue("laptop-17", key), key)
    (tmp_path / "state").mkdir()
    return AgentConfig(
        server=ServerSettings(url=server.url, ca=tmp_path / "ca.pem"),
        device=DeviceSettings(certificate=tmp_path / "device.pem", key=tmp_path / "device.key"),
        report=ReportSettings(state=tmp_path / "state"),
    )

"""The key that the agent reports with joins the network too, from the same token: wpa_supplicant by the same URI."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest
from eapol import EapolTest, TlsVersion, network
from nac_server import Server
from security_tokens import LIBRARIES, PIN, TOKENS, certified

ENGINE = LIBRARIES / "engines-3/pkcs11.so"


@pytest.mark.parametrize("tls", ["1.2", "1.3"])
@pytest.mark.parametrize("kind", TOKENS)
def test_a_key_in_a_token_joins_the_network(
    kind: str,
    tls: TlsVersion,
    own_server: Callable[..., AbstractContextManager[Server]],
    eapol_test: EapolTest,
    tmp_path: Path,
) -> None:
    with TOKENS[kind]() as token, token.in_environment(), own_server() as server:
        (tmp_path / "pin").write_text(PIN)
        device = server.home.enrol()
        uri = token.make_key("device", "EC:prime256v1")
        names = ("--user", device.user, "--device", device.name)
        made = certified(server.home, token, uri, tmp_path, *names)
        server.reload()
        device = replace(device, chain=Path(made["chain"]))
        libraries = f"pkcs11_engine_path={ENGINE}\npkcs11_module_path={token.module}\n"
        settings = {"private_key": f'"{uri}"', "pin": f'"{PIN}"'}
        outcome = eapol_test(libraries + network(device, tls=tls, settings=settings), server.v4, device.mac)
        assert outcome.success, outcome
        assert outcome.keys_match()
        settings["private_key"] = f'"{token.make_key("other", "EC:prime256v1")}"'
        other = eapol_test(libraries + network(device, tls=tls, settings=settings), server.v4, device.mac)
        assert not other.success

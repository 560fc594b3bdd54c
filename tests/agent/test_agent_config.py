"""agent.toml: what is written is what is read, errors name the line, and the page tells every key."""

from __future__ import annotations

from pathlib import Path

import pytest

from nac.agent.checks import NAMES
from nac.agent.config import AgentConfig, load_agent_config, render_agent_config
from nac.errors import ConfigError

PAGE = (Path(__file__).parents[2] / "docs/agent.md").read_text()


def test_the_written_file_holds_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "agent.toml").write_text(render_agent_config({}))
    read = load_agent_config(tmp_path / "agent.toml")
    (tmp_path / "empty.toml").write_text("")
    assert read == load_agent_config(tmp_path / "empty.toml")
    assert read.device.key == tmp_path / "device.key"
    assert (read.server.host, read.server.port) == ("radius.corp.example", 8443)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[server]\nurl = "http://radius:8443"', "https://host:port"),
        ('[server]\nurl = "https://radius:port"', "https://host:port"),
        ('[server]\nurl = "https://radius:8443/v1/report"', "https://host:port"),
        ("[checks]\nmodel_size_mib = 0", "model_size_mib"),
        ('[report]\nevery = "often"', "not a duration"),
        ("[check]\n", "did you mean `checks`"),
        ('[device]\nkey = "credential:k"', "CREDENTIALS_DIRECTORY"),
        ('[pkcs11]\nuri = "pkcs11:object=k;pin-value=1234"', "holds a PIN"),
        ('[pkcs11]\nuri = "pkcs11:object=k?pin-source=file:/pin"', "holds a PIN"),
        ('[pkcs11]\nuri = "pkcs11:token=nac"', "names no key"),
        ('[pkcs11]\nuri = "pkcs11:token=nac;object=a b"', "names no key"),
        ('[pkcs11]\nuri = "file:/device.key"', "names no key"),
    ],
)
def test_an_error_says_where_and_what(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "agent.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_agent_config(tmp_path / "agent.toml")
    assert said in f"{caught.value.message} {caught.value.fix}"
    assert caught.value.line in (1, 2)


def test_the_page_tells_every_check() -> None:
    assert not [name for name in NAMES if f"`{name}`" not in PAGE]


def test_the_page_tells_every_key() -> None:
    config = AgentConfig()
    for section in config.__struct_fields__:
        for key in getattr(config, section).__struct_fields__:
            assert f"`{section}.{key}`" in PAGE

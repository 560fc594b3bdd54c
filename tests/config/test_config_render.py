"""The commented nac.toml and docs/configuration.md tell the whole model."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import get_type_hints

import pytest

from nac.config import Config, Duration, load, render_default
from nac.config.address import ListenAddress, SourceAddress

DOCUMENT = Path(__file__).parents[2] / "docs" / "configuration.md"


def _settings() -> list[str]:
    return [f"{name}.{key}" for name, struct in get_type_hints(Config).items() for key in struct.__struct_fields__]


@pytest.mark.parametrize("setting", _settings())
def test_every_setting_is_rendered_with_an_explanation(setting: str) -> None:
    section, key = setting.split(".")
    lines = render_default().splitlines()
    begin = lines.index(f"[{section}]")
    at = next(n for n, line in enumerate(lines) if n > begin and line.removeprefix("# ").startswith(f"{key} = "))
    assert lines[at - 1].startswith("# ")


@pytest.mark.parametrize("setting", _settings())
def test_every_setting_is_documented(setting: str) -> None:
    section, key = setting.split(".")
    chapter = DOCUMENT.read_text().split(f"\n## [{section}]\n", 1)[1].split("\n## ", 1)[0]
    assert f"| `{key}` |" in chapter


def test_values_replace_defaults(tmp_path: Path) -> None:
    path = tmp_path / "nac.toml"
    path.write_text(
        render_default(
            {
                "server.listen": ["127.0.0.1:0"],
                "database.url": 'sqlite:///a"b\\c.db',
                "eap.certificates": [{"chain": Path("c"), "key": Path("k")}],
                "events.retention": Duration.parse("1h"),
            }
        )
    )
    config = load(path)
    assert config.server.listen == ("127.0.0.1:0",)
    assert config.database.url == f'sqlite:///{tmp_path}/a"b\\c.db'
    assert config.eap.certificates[0].chain == tmp_path / "c"
    assert config.events.retention.seconds == 3600


def test_a_value_for_no_setting_is_refused() -> None:
    with pytest.raises(ValueError, match=r"server\.lisen"):
        render_default({"server.lisen": []})


def test_the_file_is_valid_toml_and_holds_no_secret() -> None:
    text = render_default()
    assert set(tomllib.loads(text)) == set(Config.__struct_fields__)
    assert "password" not in text.lower()


@pytest.mark.parametrize(
    ("text", "seconds", "shown"),
    [("90s", 90, "90s"), ("60s", 60, "1m"), ("12h", 43200, "12h"), ("24h", 86400, "1d"), ("2w", 1209600, "14d")],
)
def test_durations(text: str, seconds: int, shown: str) -> None:
    duration = Duration.parse(text)
    assert (duration.seconds, str(duration), duration.timedelta.total_seconds()) == (seconds, shown, seconds)
    assert Duration.parse(str(duration)) == duration


@pytest.mark.parametrize("text", ["", "h", "12", "1.5h", "-1h", "1h30m", "1 h", "１h", "12H", "1y"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        Duration.parse(text)


def test_addresses_are_written_one_way() -> None:
    assert ListenAddress.parse("[0:0::1]:1812") == "[::1]:1812"
    assert ListenAddress.parse("127.0.0.1:0").port == 0


def test_a_source_address_is_shortened_as_well() -> None:
    found = SourceAddress.parse("2001:0db8::0:1")
    assert (found, found.version, SourceAddress.parse("192.0.2.1").version) == ("2001:db8::1", 6, 4)

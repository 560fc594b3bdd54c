"""The settings of the agent: every key of `agent.toml`, its default and its explanation, here and nowhere else.

Read and written by the same code as `nac.toml`; `docs/agent.md` is tested against it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from nac.config.duration import Duration
from nac.config.load import decode_as, read, resolve_paths
from nac.config.render import render

HEADER: Final = """\
# Settings of the posture agent. Every setting stands here with its default; a line may be deleted to keep the default.
# Relative paths start at this file's folder. `nac agent check` shows what the agent sees, `nac agent run` reports it.
"""

_PKCS11_URI: Final = re.compile(r"pkcs11:(?=.*\b(?:object|id)=)[\w.~%=;:+*,@!()-]+", re.ASCII)
"""The path of such a URI, with the label or the number of a key (RFC 7512 section 2.3)."""

Text = Annotated[str, Meta(min_length=1, max_length=256)]


class ServerSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The server that reports go to."""

    url: Annotated[str, Meta(max_length=512, description="Its posture listener: https, host and port.")] = (
        "https://radius.corp.example:8443"
    )
    name: Annotated[
        str | None,
        Meta(
            description="The name that its certificate must bear. Default: the host of `url`.",
            examples=["radius.corp.example"],
        ),
    ] = None
    ca: Annotated[Path, Meta(description="PEM: the authorities that may have issued the server's certificate.")] = Path(
        "ca.pem"
    )

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            port = parts.port
        except ValueError:
            raise ValueError('`url` is no URL: write "https://host:port"') from None
        if parts.scheme != "https" or not parts.hostname or parts.path not in ("", "/") or port == 0 or parts.query:
            raise ValueError('`url` is not of the form "https://host:port": reports go over TLS only')

    @property
    def host(self) -> str:
        """The host to connect to."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """The TCP port to connect to."""
        return urlsplit(self.url).port or 443


class DeviceSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Who this device is: the certificate with which it also joins the network (EAP-TLS). Read anew for each report."""

    certificate: Annotated[
        Path, Meta(description="PEM: the device's certificate, then the intermediates above it.")
    ] = Path("device.pem")
    key: Annotated[Path, Meta(description='PEM: its private key, mode 0600, or "credential:NAME" from systemd.')] = (
        Path("device.key")
    )
    passphrase: Annotated[
        Path | None,
        Meta(
            description='A file, mode 0600, with the passphrase of the key, or "credential:NAME". Default: the key '
            "needs none.",
            examples=["credential:device-passphrase"],
        ),
    ] = None


class Pkcs11Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the device's key is, when it is in a token, card or TPM: then `device.key` is not read."""

    uri: Annotated[
        Annotated[str, Meta(min_length=1, max_length=512)] | None,
        Meta(
            description="The key, as a PKCS#11 URI (RFC 7512) without a PIN. Default: the key is in a file.",
            examples=["pkcs11:token=nac;object=device"],
        ),
    ] = None
    module: Annotated[
        Path | None,
        Meta(
            description="The token's PKCS#11 module. Default: that of p11-kit, which asks every module of the system.",
            examples=["/usr/lib/x86_64-linux-gnu/pkcs11/libtpm2_pkcs11.so"],
        ),
    ] = None
    pin: Annotated[
        Path | None,
        Meta(
            description='A file, mode 0600, with the PIN, or "credential:NAME" from systemd. Default: the token asks '
            "for none.",
            examples=["credential:device-pin"],
        ),
    ] = None

    def __post_init__(self) -> None:
        if self.uri is None:
            return
        if "pin-" in self.uri:
            raise ValueError("`uri` holds a PIN: write it into a file of mode 0600 and name that in `pin`")
        if not _PKCS11_URI.fullmatch(self.uri):
            raise ValueError('`uri` names no key: write "pkcs11:token=NAME;object=NAME"')


class ReportSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """When reports are sent."""

    every: Annotated[
        Duration, Meta(description="At least this often, a change within seconds besides. The server may ask for more.")
    ] = Duration.parse("5m")
    state: Annotated[Path, Meta(description="Folder of what the agent keeps: its counter, what the server said.")] = (
        Path("/var/lib/nac-agent")
    )


class CheckSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What is right on this device, where that is not the same everywhere."""

    required_processes: Annotated[
        tuple[Text, ...], Meta(max_length=64, description="Programs that must run, such as the endpoint protection.")
    ] = ()
    forbidden_processes: Annotated[
        tuple[Text, ...], Meta(max_length=64, description="Programs that must not run.")
    ] = ()
    approved_folders: Annotated[
        tuple[Text, ...],
        Meta(
            max_length=64,
            description="Folders, from the root, in which weights and datasets may lie; others are searched.",
        ),
    ] = ()
    osquery: Annotated[
        Path | None,
        Meta(
            description="osqueryi, to be asked hourly for what the agent's own checks cannot know. Default: nobody is.",
            examples=["/usr/bin/osqueryi"],
        ),
    ] = None
    model_size_mib: Annotated[
        int, Meta(ge=1, le=1048576, description="MiB from which on a file counts as model weights or dataset.")
    ] = 50


class AgentConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """All of `agent.toml`."""

    server: ServerSettings = ServerSettings()
    device: DeviceSettings = DeviceSettings()
    pkcs11: Pkcs11Settings = Pkcs11Settings()
    report: ReportSettings = ReportSettings()
    checks: CheckSettings = CheckSettings()


def load_agent_config(path: Path, *, credentials: bool = True) -> AgentConfig:
    """The settings in `path`, with absolute paths. Raises `ConfigError` at the first thing wrong.

    `credentials`: False for who does not sign, such as a user without those that systemd hands to the agent.
    """
    text = read(path)
    return resolve_paths(decode_as(text, path, AgentConfig), text, path, credentials=credentials)


def render_agent_config(values: dict[str, object]) -> str:
    """The commented file that `nac agent init` writes; `values` by dotted key. Raises `ValueError`."""
    return render(AgentConfig, HEADER, values)

"""`nac init`: everything that a first `nac serve` needs, in one folder, all of it or nothing."""

from __future__ import annotations

import platform
import shutil
from datetime import UTC, datetime
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import click

from nac.cli.output import Format, cell, output_option, print_json, say
from nac.clients.seal import create_key
from nac.config import Config, load, render_default
from nac.db import Database, upgrade
from nac.db.audit import os_user
from nac.errors import ConflictError, NotFoundError, PkiError
from nac.pki.audit import record_init
from nac.pki.authority import Authority, create_authority
from nac.pki.keystore import PUBLIC, create_file, make_private_folder
from nac.pki.names import dns_name

CONFIG_FILE = "nac.toml"
FOLDERS = ("policy", "pki", "state")
SUFFIX = ".policy"


@click.command("init")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path), default=Path())
@click.option("--example", default="default", show_default=True, help="The policy to begin with.")
@click.option("--organization", default="nac", show_default=True, help="O of the certificate authority's names.")
@click.option("--server-name", help="DNS name of this RADIUS server in its certificate. Default: the host's name.")
@output_option
def cli(directory: Path, example: str, organization: str, server_name: str | None, output: Format) -> None:
    """Write nac.toml, a policy, a certificate authority and an empty database into DIRECTORY.

    Nothing is overwritten, and no secret has a default: shared secrets and keys are random and made here.
    """
    policy = _example(example)
    name = server_name or _host_name()
    _refuse_overwrite(directory)
    try:
        config = _write(directory, policy, organization=organization, server_name=name)
    except BaseException:
        _remove(directory)
        raise
    if output == "json":
        print_json(_as_json(directory, config, name))
        return
    _say_next_steps(directory, config, policy.name, name)


def _write(directory: Path, policy: Traversable, *, organization: str, server_name: str) -> Config:
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / CONFIG_FILE
    create_file(path, render_default().encode(), mode=PUBLIC)
    config = load(path)
    config.policy.path.mkdir()
    create_file(config.policy.path / policy.name, policy.read_bytes(), mode=PUBLIC)
    authority = create_authority(
        config.pki.directory, organization=organization, server=[server_name], now=datetime.now(UTC)
    )
    make_private_folder(config.server.state)
    create_key(config.secrets_key)
    upgrade(config.database.url)
    _enter_into_audit(config, authority)
    return config


def _enter_into_audit(config: Config, authority: Authority) -> None:
    """The authority was made before there was a database to say so in."""
    database = Database.open(config.database.url)
    try:
        with database.write() as session:
            record_init(session, os_user(), authority)
    finally:
        database.close()


def _refuse_overwrite(directory: Path) -> None:
    present = [name for name in (CONFIG_FILE, *FOLDERS) if (directory / name).exists()]
    if present:
        raise ConflictError(
            f"{directory} holds {', '.join(present)} already; nothing was changed",
            fix="name another folder: `nac init DIRECTORY`",
        )


def _remove(directory: Path) -> None:
    """Take away what this call wrote; `_refuse_overwrite` made sure that nothing stood there before."""
    (directory / CONFIG_FILE).unlink(missing_ok=True)
    for name in FOLDERS:
        shutil.rmtree(directory / name, ignore_errors=True)


def _example(name: str) -> Traversable:
    """The policy text of that name. Raises `NotFoundError` with the names there are."""
    examples = {
        entry.name.removesuffix(SUFFIX): entry
        for entry in resources.files("nac.policy").joinpath("examples").iterdir()
        if entry.name.endswith(SUFFIX)
    }
    if name not in examples:
        raise NotFoundError(f"no example policy {name}", fix=f"there are: {', '.join(sorted(examples)) or 'none'}")
    return examples[name]


def _host_name() -> str:
    """This host's name, as far as a certificate can carry it."""
    try:
        return dns_name(platform.node())
    except PkiError:
        return "nac"


def _as_json(directory: Path, config: Config, server_name: str) -> dict[str, str]:
    return {
        "config": str((directory / CONFIG_FILE).absolute()),
        "policy": str(config.policy.path),
        "pki": str(config.pki.directory),
        "state": str(config.server.state),
        "root": str(config.pki.directory / "root.pem"),
        "server_name": server_name,
    }


def _say_next_steps(directory: Path, config: Config, policy: str, server_name: str) -> None:
    say(f"nac is ready in {cell(str(directory.absolute()))}: nac.toml, policy/{cell(policy)}, pki/, state/")
    root = config.pki.directory / "root.pem"
    say(f"The server calls itself {cell(server_name)}; devices must trust {cell(str(root))}.")
    say("Next:")
    if directory.absolute() != Path.cwd():
        say(f"  cd {cell(str(directory))}")
    say("  nac client add SWITCH 192.0.2.10      # a switch; prints its shared secret, once")
    say("  nac user add alice@corp.example       # a user; --group puts it into the groups that policies name")
    say("  nac device add laptop-17 --managed    # a device, as your inventory knows it")
    say("  nac pki issue --user alice@corp.example --device laptop-17 --out laptop-17")
    say("  nac check                             # configuration, policy, certificates")
    say("  nac serve")

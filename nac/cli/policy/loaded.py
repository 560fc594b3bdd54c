"""The policy that a command is about: the configured one or another on disk, read, checked and compiled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nac.cli.invocation import Invocation
from nac.cli.output import printable
from nac.errors import PolicyError

if TYPE_CHECKING:
    from nac.policy.compile import CompiledPolicy
    from nac.policy.load import CheckedPolicy
    from nac.policy.model import Policy
    from nac.policy.solve import UndecidedError

_F = TypeVar("_F", bound=Callable[..., Any])

path_argument = click.argument("path", required=False, type=click.Path(path_type=Path))


def policy_option(command: _F) -> _F:
    """Add `--policy PATH` to a command; its parameter is `path`."""
    path = click.Path(path_type=Path)
    return click.option("--policy", "path", type=path, help="Another policy than the configured one.")(command)


def loaded(invocation: Invocation, path: Path | None) -> CheckedPolicy:
    """The policy at `path`, else the configured one. Raises `PolicyError`."""
    from nac.policy.load import load

    return load(path if path is not None else invocation.config.policy.path)


def compiled(
    invocation: Invocation, path: Path | None, dialects: tuple[str, ...]
) -> tuple[CompiledPolicy, CheckedPolicy]:
    """The same, compiled for these dialects. Raises `PolicyError`."""
    from nac.enforcement.dictionary import shipped_dictionary
    from nac.policy.compile import compile_policy

    checked = loaded(invocation, path)
    return compile_policy(checked, shipped_dictionary(), dialects=dialects or None), checked


def print_diagnostics(rendered: list[str]) -> None:
    """On standard error, as they were rendered."""
    for diagnostic in rendered:
        for line in diagnostic.splitlines():
            click.echo(printable(line), err=True)


def resource_named(policy: Policy, name: str) -> str:
    """The name, if the policy declares it. Raises `PolicyError` with the nearest one."""
    from nac.policy.source import nearest

    known = [resource.name.text for resource in policy.resources]
    if name not in known:
        raise PolicyError([f"there is no resource `{name}`; {nearest(name, known)}"])
    return name


def not_decided(error: UndecidedError) -> PolicyError:
    """For people: nothing was found out."""
    return PolicyError([f"not decided: {error}; nothing is claimed either way"])

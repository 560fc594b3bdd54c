"""The model -> a commented `nac.toml`: every key with its explanation and its default."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, get_args, get_origin, get_type_hints

import msgspec

from nac.config.duration import Duration
from nac.config.model import Config

WIDTH: Final = 100

HEADER: Final = """\
# Configuration of nac. Every setting stands here with its default; a line may be deleted to keep the default.
# Relative paths start at this file's folder. `nac check` validates it, `nac reload` applies it to a running server.
# RADIUS clients, devices and users are not here: see `nac client`, `nac device`, `nac user`.
"""


def render_default(values: Mapping[str, object] | None = None) -> str:
    """The file that `nac init` writes. `values` replaces defaults by dotted key: `{"server.listen": ["127.0.0.1:0"]}`.

    Raises `ValueError` for a key that the model does not have.
    """
    return render(Config, HEADER, values)


def render(model: type[msgspec.Struct], header: str, values: Mapping[str, object] | None = None) -> str:
    """The same for any model of settings, below its own header. Raises `ValueError`."""
    remaining = dict(values or {})
    parts = [header]
    for name, hint in get_type_hints(model).items():
        parts.append(_section(name, hint, getattr(model(), name), remaining))
    if remaining:
        raise ValueError(f"no such setting: {', '.join(remaining)}")
    return "\n".join(parts)


def literal(value: object) -> str:
    """A value as TOML text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | Path | Duration):
        return _text(str(value))
    if isinstance(value, int):
        return str(value)
    if isinstance(value, msgspec.Struct):
        return _inline_table({name: getattr(value, name) for name in value.__struct_fields__})
    if isinstance(value, Mapping):
        return _inline_table(value)
    if isinstance(value, list | tuple):
        return _array([literal(item) for item in value])
    raise TypeError(f"no TOML form for {type(value).__name__}")


def _section(name: str, struct: type[msgspec.Struct], defaults: msgspec.Struct, values: dict[str, object]) -> str:
    lines = [f"[{name}]", _comment(struct.__doc__ or "")]
    for key, hint in get_type_hints(struct, include_extras=True).items():
        about = meta(hint)
        default = values.pop(f"{name}.{key}", getattr(defaults, key))
        lines.append("")
        lines.append(_comment(about.description or ""))
        if default in (None, "") and about.examples:
            lines.append(f"# {key} = {literal(about.examples[0])}")
        else:
            lines.append(f"{key} = {literal(default)}")
    return "\n".join(lines) + "\n"


def meta(hint: Any) -> msgspec.Meta:
    """The explanation that a setting of the model carries."""
    if get_origin(hint) is Annotated:
        return next(part for part in get_args(hint) if isinstance(part, msgspec.Meta))
    raise TypeError("every setting of the model carries its explanation in Meta(description=...)")


def _comment(text: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)


def _inline_table(value: Mapping[str, object]) -> str:
    return "{ " + ", ".join(f"{name} = {literal(item)}" for name, item in value.items()) + " }"


def _array(items: list[str]) -> str:
    short = f"[{', '.join(items)}]"
    return short if len(short) < WIDTH - 20 else "[\n" + "".join(f"    {item},\n" for item in items) + "]"


def _text(value: str) -> str:
    """A basic string: quotes, backslashes and control characters escaped (TOML 1.0 "String")."""
    escaped = "".join(
        f"\\u{ord(sign):04x}" if ord(sign) < 0x20 or sign == "\x7f" else f"\\{sign}" if sign in '"\\' else sign
        for sign in value
    )
    return f'"{escaped}"'

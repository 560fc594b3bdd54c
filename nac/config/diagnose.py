"""What msgspec says about a document -> a `ConfigError` with line, dotted key, and the fix in words."""

from __future__ import annotations

import difflib
import re
import types
from pathlib import Path
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from nac.config.lines import Key, dotted, line_of
from nac.config.model import Config
from nac.config.render import literal, meta
from nac.errors import ConfigError

_PLACE: Final = re.compile(r" - at `\$(.*)`$", re.DOTALL)
_STEP: Final = re.compile(r"\.([^.\[]+)|\[(\d+)\]")
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_MISSING: Final = re.compile(r"Object missing required field `(.*)`")
_WRONG_TYPE: Final = re.compile(r"Expected `(.*?)`, got `(.*)`")
_BOUND: Final = re.compile(r"Expected `(\w+)` (of length )?(<=|>=) (\d+)")
_NAMED: Final = re.compile(r"`(\w+)` (.*)", re.DOTALL)
"""How the model's own checks of a whole section begin: with the key that they are about."""

_WORDS: Final = {
    "object": "a section (table)",
    "array": "a list in [brackets]",
    "str": "text in quotes",
    "int": "a whole number",
    "float": "a number with a decimal point",
    "bool": "true or false",
    "dict": "a section (table)",
    "list": "a list",
}


def diagnose(message: str, *, lines: dict[Key, int], path: Path, model: type[msgspec.Struct] = Config) -> ConfigError:
    """Translate one validation message; the model supplies valid names, values and examples."""
    key: Key = ()
    if place := _PLACE.search(message):
        key = tuple(int(index) if index else name for name, index in _STEP.findall(place[1]))
        message = message[: place.start()]
    if match := _UNKNOWN.fullmatch(message):
        return _unknown_key(key, match[1], lines, path, model)
    if match := _MISSING.fullmatch(message):
        said, fix = f"`{match[1]}` is missing", f'add {match[1]} = "..." here'
        return _error(said, (*key, match[1]), lines, path, fix)
    if (match := _NAMED.match(message)) and match[1] in _fields(_type_at(key, model)):
        key, message = (*key, match[1]), match[2]
    said, fix = _wrong_value(message, key, model)
    return _error(said, key, lines, path, fix)


def _unknown_key(table: Key, name: str, lines: dict[Key, int], path: Path, model: type[msgspec.Struct]) -> ConfigError:
    key = (*table, name)
    valid = _fields(_type_at(table, model))
    what = "section" if not table else "key"
    nearest = difflib.get_close_matches(name, valid, n=1, cutoff=0.6)
    elsewhere = [f"[{section}]" for section in _fields(model) if name in _fields(_type_at((section,), model))]
    if nearest:
        fix = f"did you mean `{dotted((*table, nearest[0]))}`?"
    elif elsewhere:
        fix = f"`{name}` belongs into {' or '.join(elsewhere)}"
    else:
        fix = f"valid here: {', '.join(valid)}"
    return _error(f"unknown {what}", key, lines, path, fix)


def _wrong_value(message: str, key: Key, model: type[msgspec.Struct]) -> tuple[str, str]:
    """(what is wrong, the fix) for a value of the wrong type or outside its bounds."""
    wanted = _type_at(key, model)
    choices = _choices(wanted)
    if message.startswith("Invalid enum value"):
        said = message.removeprefix("Invalid enum value ").strip("'")
        nearest = difflib.get_close_matches(said, choices, n=1)
        fix = f'did you mean "{nearest[0]}"? ' if nearest else ""
        return f'"{said}" is not one of the values', f"{fix}Write one of: {_quoted(choices)}"
    if match := _WRONG_TYPE.fullmatch(message):
        said = f"must be {_wanted_words(match[1])}, not {_WORDS.get(match[2], match[2])}"
        return said, f"write one of: {_quoted(choices)}" if choices else _example(key, model)
    if match := _BOUND.fullmatch(message):
        word = "at least" if match[3] == ">=" else "at most"
        return f"must {'hold' if match[2] else 'be'} {word} {match[4]}", _example(key, model)
    said, _, fix = message.partition(": ")
    return said, fix or _example(key, model)


def _wanted_words(names: str) -> str:
    return " or ".join(_WORDS.get(name.strip(), name.strip()) for name in names.split("|") if name.strip() != "null")


def _error(said: str, key: Key, lines: dict[Key, int], path: Path, fix: str) -> ConfigError:
    name = dotted(key)
    said = f"`{name}`: {said}" if name else said
    return ConfigError(said, path=path, line=line_of(lines, key), key=name or None, fix=fix)


def _type_at(key: Key, model: type[msgspec.Struct]) -> Any:
    """The model's type for a key, without annotations and optionality; None where the model has nothing."""
    current: Any = model
    for part in key:
        if isinstance(part, int):
            current = _bare(get_args(current)[0]) if get_origin(current) is tuple else None
        elif part in _fields(current):
            current = _bare(get_type_hints(current)[part])
        else:
            return None
    return current


def _bare(hint: Any) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        return next(_bare(part) for part in get_args(hint) if part is not type(None))
    return hint


def _fields(struct: Any) -> tuple[str, ...]:
    return struct.__struct_fields__ if isinstance(struct, type) and issubclass(struct, msgspec.Struct) else ()


def _choices(wanted: Any) -> list[str]:
    return [str(choice) for choice in get_args(wanted)] if get_origin(wanted) is Literal else []


def _quoted(choices: list[str]) -> str:
    return ", ".join(f'"{choice}"' for choice in choices)


def _example(key: Key, model: type[msgspec.Struct]) -> str:
    """`write it like shards = 0`, from the model's default or example for the setting; empty where it has none."""
    names = [part for part in key if isinstance(part, str)][:2]
    if len(names) == 1:
        return f"begin the section with [{names[0]}]"
    if len(names) < 2 or names[1] not in _fields(section := _type_at((names[0],), model)):
        return ""
    examples = meta(get_type_hints(section, include_extras=True)[names[1]]).examples
    value = examples[0] if examples else getattr(getattr(model(), names[0]), names[1])
    return f"write it like {names[1]} = {literal(value)}"

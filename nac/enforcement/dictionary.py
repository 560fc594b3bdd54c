"""The shipped attribute dictionaries, parsed once."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nac._dataplane import Dictionary


@cache
def shipped_dictionary() -> Dictionary:
    """Every `dictionary.*` of `nac/dictionaries`. Raises `nac._dataplane.DictionaryError`."""
    from nac import _dataplane

    folder = files("nac") / "dictionaries"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.startswith("dictionary."))
    texts = {name: (folder / name).read_text(encoding="utf-8") for name in names}
    return _dataplane.Dictionary(texts=texts)

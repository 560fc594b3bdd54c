"""Configuration: `nac.toml` -> `Config`, frozen and complete. Every error names file, line, key and the fix.

`load(path)` is all that the rest of nac needs; `render_default` writes the commented file, `check_files` finds settings
that point at nothing.
"""

from __future__ import annotations

from nac.config.address import ListenAddress
from nac.config.database_url import DatabaseUrl
from nac.config.duration import Duration
from nac.config.files import check_files
from nac.config.load import load
from nac.config.model import CertificateFiles, Config
from nac.config.render import render_default

__all__ = [
    "CertificateFiles",
    "Config",
    "DatabaseUrl",
    "Duration",
    "ListenAddress",
    "check_files",
    "load",
    "render_default",
]

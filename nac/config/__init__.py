"""Configuration: `nac.toml` -> `Config`, frozen and complete. Every error names file, line, key and the fix.

`load(path)` is all that the rest of nac needs; `render_default` writes the commented file, `check_files` finds settings
that point at nothing, `exposed_password` a password that everyone may read.
"""

from __future__ import annotations

from nac.config.address import ListenAddress
from nac.config.database_url import DatabaseUrl
from nac.config.duration import Duration
from nac.config.files import check_files, exposed_password
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
    "exposed_password",
    "load",
    "render_default",
]

"""What can go wrong with the lab itself."""

from __future__ import annotations

from nac.errors import NacError


class LabError(NacError):
    """The lab cannot do what was asked; `fix` says what would help."""

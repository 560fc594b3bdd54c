"""One small file for each dialect; `DIALECTS` names them as clients do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from nac.enforcement.vendor.cisco_ios_xe import CiscoIosXe
from nac.enforcement.vendor.dialect import Attribute, Dialect
from nac.enforcement.vendor.rfc4849 import Rfc4849
from nac.enforcement.vendor.vlan_only import VlanOnly

DIALECTS: Final[Mapping[str, Dialect]] = {dialect.name: dialect for dialect in (Rfc4849(), CiscoIosXe(), VlanOnly())}
"""Every dialect by the name that a RADIUS client's `dialect` carries."""

__all__ = ["DIALECTS", "Attribute", "Dialect"]

"""MikroTik RouterOS: releases after 7.15 do not let a client on that is sent a Mikrotik-Switching-Filter at all."""

from __future__ import annotations

from collections.abc import Sequence

from lab.nas.dialects.received import OPEN, Attribute, LoginRefusedError, values
from nac.enforcement.header_space import FlowRule


def rules(attributes: Sequence[Attribute]) -> Sequence[FlowRule]:
    """No list: the VLAN is confined on the router."""
    if values(attributes, "Mikrotik-Switching-Filter"):
        raise LoginRefusedError("the filter is not taken, and the client is not authenticated")
    return OPEN

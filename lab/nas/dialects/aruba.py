"""Aruba's two lines of switches: one rule in each attribute, an implicit deny at the end, 100 rules at most."""

from __future__ import annotations

from collections.abc import Sequence

from lab.nas.dialects.ip_filter_rule import parse
from lab.nas.dialects.received import (
    DENY_IPV4,
    DENY_IPV6,
    PERMIT_IPV4,
    PERMIT_IPV6,
    Attribute,
    LoginRefusedError,
    values,
)
from nac.enforcement.header_space import FlowRule

_MAX_RULES = 100
_BOTH = 1
"""Of HP-Nas-Rules-IPv6: the rules are for both IP versions."""


def aos_cx_rules(attributes: Sequence[Attribute]) -> list[FlowRule]:
    """AOS-CX: a role takes no rules beside it; rules are not known to touch an IP version that they do not name."""
    texts = values(attributes, "Aruba-NAS-Filter-Rule")
    if not texts:
        return [PERMIT_IPV4, PERMIT_IPV6]
    if values(attributes, "Aruba-User-Role"):
        raise LoginRefusedError("a role and rules in one reply")
    listed = _listed(texts)
    names_ipv6 = any(rule.box.version == 6 for rule in listed)
    return [*listed, DENY_IPV4, DENY_IPV6 if names_ipv6 else PERMIT_IPV6]


def arubaos_switch_rules(attributes: Sequence[Attribute]) -> list[FlowRule]:
    """ArubaOS-Switch: without HP-Nas-Rules-IPv6 = 1 the rules for IPv6 are dropped, and all of IPv6 with them.

    Rules in the vendor's own attribute and in the standard one apply in the wrong order, without an error: which is not
    documented, here the vendor's stand first wherever they came.
    """
    texts = [*values(attributes, "HP-Nas-Filter-Rule"), *values(attributes, "NAS-Filter-Rule")]
    if not texts:
        return [PERMIT_IPV4, PERMIT_IPV6]
    modes = [int.from_bytes(value) for name, value in attributes if name == "HP-Nas-Rules-IPv6"]
    versions = (4, 6) if modes == [_BOTH] else (4,)
    return [*(rule for rule in _listed(texts) if rule.box.version in versions), DENY_IPV4, DENY_IPV6]


def _listed(texts: Sequence[str]) -> list[FlowRule]:
    if len(texts) > _MAX_RULES:
        raise LoginRefusedError(f"{len(texts)} rules are more than {_MAX_RULES}")
    return [rule for text in texts for rule in parse(text)]

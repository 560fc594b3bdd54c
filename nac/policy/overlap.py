"""Resources that share addresses: forbidding one of them leaves what they share open through the other."""

from __future__ import annotations

from nac.policy.model import Allow, Forbid, Network, Policy, Port, Resource
from nac.policy.source import Diagnostic, Severity


def leaking_forbids(policy: Policy) -> list[Diagnostic]:
    """A warning for each `forbid` of a resource that overlaps with one that stays allowed."""
    resources = {resource.name.text: resource for resource in policy.resources}
    allowed = {name.text for rule in policy.rules if isinstance(rule, Allow) for name in rule.resources}
    shared: dict[str, list[str]] = {}
    problems = []
    for rule in policy.rules:
        if not isinstance(rule, Forbid):
            continue
        forbidden = {name.text for name in rule.resources}
        for name in rule.resources:
            if name.text not in shared:
                one = resources[name.text]
                shared[name.text] = [
                    other for other in sorted(allowed) if other != name.text and _overlap(one, resources[other])
                ]
            for other in shared[name.text]:
                if other not in forbidden:
                    message = f"what `{name.text}` shares with `{other}` stays open to those who may reach `{other}`"
                    fix = f"forbid `{other}` too, or declare addresses that do not overlap"
                    problems.append(Diagnostic(name.span, message, fix, Severity.WARNING))
    return problems


def _overlap(one: Resource, other: Resource) -> bool:
    """The internet overlaps with nothing: it leaves out what other resources declare."""
    addresses = any(_share_addresses(a, b) for a in one.addresses for b in other.addresses)
    return addresses and (
        not one.ports or not other.ports or any(_share_ports(a, b) for a in one.ports for b in other.ports)
    )


def _share_addresses(one: Network, other: Network) -> bool:
    return one.version == other.version and one.overlaps(other)


def _share_ports(one: Port, other: Port) -> bool:
    return one.protocol == other.protocol and one.first <= other.last and other.first <= one.last

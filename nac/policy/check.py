"""Everything that can be wrong with a policy that was read and resolved, found before anyone depends on it."""

from __future__ import annotations

from collections.abc import Mapping

from nac.policy.anonymous import Anonymous
from nac.policy.check_conditions import check_extents, check_types
from nac.policy.check_dead import check_dead
from nac.policy.check_names import check_names
from nac.policy.check_posture import check_postures
from nac.policy.check_reach import check_reach
from nac.policy.check_use import check_use
from nac.policy.facts import Fact
from nac.policy.model import Allow, Policy
from nac.policy.overlap import leaking_forbids
from nac.policy.source import Diagnostic, Severity


def check(policy: Policy, facts: Mapping[str, Fact]) -> list[Diagnostic]:
    """Every error and warning except failing test blocks (`nac.policy.examine`), in no order."""
    problems = [*check_names(policy), *check_types(policy, facts), *check_postures(policy)]
    if not problems:
        problems += check_extents(policy)
    if not problems:
        problems += [*_allow_without_identity(policy, facts), *leaking_forbids(policy), *check_reach(policy)]
        if not any(one.severity is Severity.ERROR for one in problems):
            problems += check_dead(policy, {one.span for one in problems})
    return [*problems, *check_use(policy)]


def _allow_without_identity(policy: Policy, facts: Mapping[str, Fact]) -> list[Diagnostic]:
    fix = "add a condition on who it is, e.g. `user.groups has ...`, `device.managed` or `certificate.issuer = ...`"
    anonymous = Anonymous(policy, facts)
    return [
        Diagnostic(rule.span, "this `allow` can hold for anyone: it does not depend on who asks", fix)
        for rule in policy.rules
        if isinstance(rule, Allow) and anonymous.may_match(rule.condition)
    ]

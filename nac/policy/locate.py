"""Where a RADIUS client stands: the site of its own record, else the one declared site whose patterns its name fits."""

from __future__ import annotations

from nac.policy.model import Policy
from nac.policy.patterns import Globs


def site_and_region(policy: Policy, client: str, recorded: str | None) -> tuple[str | None, str | None]:
    """Site and region of the client of that name. `recorded`: the site that its record names, if any.

    A name that fits the patterns of two sites is at none of them, as in the snapshot (`nac.snapshot.sites`).
    """
    declared = {site.name.text.lower(): site for site in policy.sites}
    fitting = [site.name.text for site in policy.sites if Globs([one.text for one in site.clients]).of(client.lower())]
    name = recorded if recorded is not None else fitting[0] if len(fitting) == 1 else None
    site = declared.get(name.lower()) if name is not None else None
    return name, site.region.text if site and site.region else None

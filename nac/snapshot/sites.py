"""Where RADIUS clients stand: the policy's sites give each its site and region."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nac.clients.store import ClientFields
from nac.policy.model import Site


def at_sites(clients: Sequence[ClientFields], sites: Sequence[Site]) -> tuple[list[ClientFields], list[str]]:
    """The clients with site and region, and warnings.

    The site on a client's own record counts, else the one whose patterns its name fits. A client that fits two sites is
    at none of them: what is not known closes.
    """
    patterns = {site.name.text: _pattern(site) for site in sites}
    by_name = {site.name.text.lower(): site for site in sites}
    placed: list[ClientFields] = []
    warnings: list[str] = []
    for client in clients:
        site = client["site"]
        if site is None:
            fitting = [name for name, pattern in patterns.items() if pattern.fullmatch(client["name"])]
            site = fitting[0] if len(fitting) == 1 else None
            if len(fitting) > 1:
                warnings.append(
                    f"RADIUS client {client['name']!r} fits the patterns of the sites {', '.join(fitting)}: it is at "
                    "none of them until one is left, or until its record names its site"
                )
        elif sites and site.lower() not in by_name:
            warnings.append(
                f"RADIUS client {client['name']!r} is at site {site!r}, which the policy does not declare: its region "
                "is not known"
            )
        declared = by_name.get(site.lower()) if site else None
        region = declared.region.text if declared and declared.region else None
        placed.append({**client, "site": site, "region": region})
    return placed, warnings


def _pattern(site: Site) -> re.Pattern[str]:
    """Fits what one of the site's patterns fits: `*` stands for any run of characters, case does not matter."""
    written = (".*".join(re.escape(part) for part in re.split(r"\*+", one.text)) for one in site.clients)
    return re.compile("|".join(f"(?:{one})" for one in written) or r"(?!)", re.IGNORECASE | re.DOTALL)

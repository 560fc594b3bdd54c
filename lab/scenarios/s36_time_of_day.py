"""A window of time opens while it lasts: one that is now, and one that is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    now = datetime.now(UTC)
    today, other = now.strftime("%a").lower(), (now + timedelta(days=3)).strftime("%a").lower()
    tomorrow = (now + timedelta(days=1)).strftime("%a").lower()
    with campus.policy(
        f"""
        schedule now   {{ zone "UTC"  {today} 00:00-24:00  {tomorrow} 00:00-24:00 }}
        schedule later {{ zone "UTC"  {other} 00:00-24:00 }}
        allow observability when persona business-user and persona healthy and during now
        allow deployment    when persona business-user and persona healthy and during later
        """
    ):
        laptop = campus.laptop("business")
        campus.takes_over()
        laptop.plugs_into("ber-1").signs_in().reaches("observability", "front-ends").cannot_reach("deployment")

"""Take the campus down, in whatever state it is: processes, links, routes and rules go with their namespaces."""

from __future__ import annotations

from lab.campus import namespace
from lab.campus.state import Lab


def down(lab: Lab) -> None:
    """Remove everything that the lab has outside its folder; the folder stays for reading."""
    namespace.remove(namespace.of(lab.id))

"""One certificate in two places at once: what logins and accounting say of it. Pure; times are Unix microseconds.

A device that moves leaves one place before it shows life at the next, so A, then B, then A again without an end of A
means two machines. Accounting proves life by itself; where only logins tell, they have to take turns twice: somebody
may have walked to another desk and back. A laptop on a cable and on the air has two MAC addresses, so places are
compared only where the port is of the same kind, or the sites are not the same.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final, TypeVar

_T = TypeVar("_T")

WINDOW_US: Final = 3600 * 1_000_000
"""For so long after its last sign of life a place counts as taken."""

SLACK_US: Final = 30 * 1_000_000
"""By which a switch's clock, or its record, may be late."""

TURNS: Final = 2
"""How often logins alone have to come back to a place."""

MAX_CERTIFICATES: Final = 100_000
"""Some 600 octets each; beyond it the one that logged in longest ago is forgotten."""

MAX_PLACES: Final = 8
"""Places of one certificate that are remembered, the newest."""


@dataclass(frozen=True, slots=True)
class Login:
    """An accepted login by certificate. `kind`: of the port, `site`: of the switch; None when not known."""

    certificate: str
    device: str
    mac: str
    client: str
    kind: str | None
    site: str | None
    at: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """Two machines with the identity of `device`. `macs`: where they are, both addresses."""

    device: str
    macs: tuple[str, str]
    words: str


@dataclass(slots=True)
class _Place:
    login: Login
    began: int
    alive: int
    turns: int = 0


class Places:
    """Where certificates are; fed in the order in which things are recorded."""

    def __init__(self) -> None:
        self._certificates: OrderedDict[str, list[_Place]] = OrderedDict()
        self._holders: OrderedDict[str, str] = OrderedDict()

    def login(self, login: Login) -> Evidence | None:
        """A device was let in."""
        places = _newest(self._certificates, login.certificate, self._certificates.get(login.certificate, []))
        _newest(self._holders, login.mac, login.certificate)
        place = next((place for place in places if place.login.mac == login.mac), None)
        if place is None or login.at - place.alive > WINDOW_US:
            places[:] = [*(one for one in places if one is not place), _Place(login, login.at, login.at)][-MAX_PLACES:]
            return None
        other = _elsewhere(places, place, login.at)
        place.login, place.alive = login, max(place.alive, login.at)
        if other is None:
            return None
        place.turns, place.began = place.turns + 1, login.at
        return _evidence(place, other) if place.turns >= TURNS else None

    def sign_of_life(self, mac: str, client: str, at: int) -> Evidence | None:
        """Accounting: the session at that port goes on."""
        places, place = self._place(mac, client)
        if place is None:
            return None
        other = _elsewhere(places, place, at - SLACK_US)
        place.alive = max(place.alive, at)
        return _evidence(place, other) if other is not None else None

    def ended(self, mac: str, client: str) -> None:
        """Accounting: the session at that port is over."""
        places, place = self._place(mac, client)
        if place is not None:
            places.remove(place)

    def _place(self, mac: str, client: str) -> tuple[list[_Place], _Place | None]:
        places = self._certificates.get(self._holders.get(mac, ""), [])
        return places, next((one for one in places if (one.login.mac, one.login.client) == (mac, client)), None)


def _newest(table: OrderedDict[str, _T], key: str, value: _T) -> _T:
    """Put it last; what stands first beyond the bound is forgotten."""
    table[key] = value
    table.move_to_end(key)
    if len(table) > MAX_CERTIFICATES:
        table.popitem(last=False)
    return value


def _elsewhere(places: list[_Place], place: _Place, at: int) -> _Place | None:
    """A place that was taken after this one, and before now, and is not over."""
    for other in places:
        taken_between = place.began < other.began < at
        if taken_between and at - other.alive <= WINDOW_US and _apart(place.login, other.login):
            return other
    return None


def _apart(one: Login, other: Login) -> bool:
    if one.site and other.site and one.site != other.site:
        return True
    return one.kind is not None and one.kind == other.kind


def _evidence(place: _Place, other: _Place) -> Evidence:
    seen = " and ".join(
        f"{one.login.mac} at {one.login.client}" + (f" ({one.login.site})" if one.login.site else "")
        for one in (place, other)
    )
    return Evidence(
        place.login.device, (place.login.mac, other.login.mac), f"one certificate in two places at once: {seen}"
    )

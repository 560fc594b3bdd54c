"""How makes of switches take a change of authorization: what may be in a request, and what it does.

From the vendors' pages as docs/vendors tells them, written apart from `nac.coa.vendor`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from lab.nas import radius
from lab.nas.radius import Attributes

Effect = Literal["reauthenticate", "bounce", "change"]
Kind = int | tuple[int, int]
"""A type, or a vendor and its type."""

UNSUPPORTED_ATTRIBUTE: Final = 401
MISSING_ATTRIBUTE: Final = 402
UNSUPPORTED_SERVICE: Final = 405
INVALID_VALUE: Final = 407

_PROOF: Final[frozenset[Kind]] = frozenset({radius.MESSAGE_AUTHENTICATOR})
_TIME: Final[frozenset[Kind]] = frozenset({radius.EVENT_TIMESTAMP})
_TUNNEL: Final[frozenset[Kind]] = frozenset({64, 65, 81})


@dataclass(frozen=True)
class Make:
    """`identifying`: attributes that may name a session. `allowed`: any other in a request; None allows all.
    `commands`: (vendor and type, text) -> what it does. `changeable`: what a CoA-Request may change in place. `adds`:
    what it changes is added to what is in force, one attribute in a request."""

    name: str
    identifying: frozenset[Kind]
    allowed: frozenset[Kind] | None = None
    commands: Mapping[tuple[Kind, str], Effect] | None = None
    changeable: frozenset[Kind] = frozenset()
    adds: bool = False

    def refuses(self, attributes: Attributes, *, disconnect: bool) -> int | None:
        """The Error-Cause with which it refuses a request for its attributes."""
        if self.allowed is not None:
            known = self.identifying | self.allowed | (frozenset() if disconnect else self._meaningful())
            if any(kind_of(one) not in known for one in attributes):
                return UNSUPPORTED_ATTRIBUTE
        if not any(kind_of(one) in self.identifying for one in attributes):
            return MISSING_ATTRIBUTE
        if not disconnect and self.effect(attributes) is None:
            return UNSUPPORTED_SERVICE
        if self.adds and sum(kind_of(one) in self.changeable for one in attributes) > 1:
            return INVALID_VALUE
        return None

    def effect(self, attributes: Attributes) -> Effect | None:
        """What a CoA-Request asks for; None when it asks for nothing that is known."""
        for one in attributes:
            found = (self.commands or {}).get((kind_of(one), text_of(one)))
            if found is not None:
                return found
        return "change" if any(kind_of(one) in self.changeable for one in attributes) else None

    def _meaningful(self) -> frozenset[Kind]:
        return self.changeable | frozenset(kind for kind, _ in self.commands or {})


def kind_of(one: tuple[int, bytes]) -> Kind:
    """The type of an attribute, or vendor and type."""
    kind, value = one
    return (int.from_bytes(value[:4], "big"), value[4]) if kind == radius.VENDOR_SPECIFIC else kind


def text_of(one: tuple[int, bytes]) -> str:
    """The value of a vendor's attribute or of a plain one, as text."""
    kind, value = one
    return (value[6:] if kind == radius.VENDOR_SPECIFIC else value).decode(errors="replace")


_CISCO: Final[Kind] = (9, 1)
_STATION: Final = frozenset[Kind]({radius.CALLING_STATION_ID})
_NAS: Final = frozenset[Kind]({radius.NAS_IP_ADDRESS, radius.NAS_IPV6_ADDRESS, radius.NAS_IDENTIFIER})

STANDARD: Final = Make(
    "standard",
    _STATION | {radius.ACCT_SESSION_ID},
    changeable=_TUNNEL | {radius.FILTER_ID, radius.NAS_FILTER_RULE},
)
HOSTAPD: Final = Make(
    "hostapd",
    _STATION | {radius.ACCT_SESSION_ID, radius.ACCT_MULTI_SESSION_ID, radius.CHARGEABLE_USER_IDENTITY},
    allowed=_PROOF | _TIME | _NAS | {radius.USER_NAME},
)
ICX: Final = Make(
    "ruckus-icx",
    _STATION,
    allowed=_PROOF | {radius.NAS_IP_ADDRESS},
    commands={((25053, 20), "reauth-host"): "reauthenticate", ((25053, 20), "flip-port"): "bounce"},
    changeable=frozenset({radius.FILTER_ID}),
)
EXOS: Final = Make(
    "extreme-exos",
    _STATION,
    allowed=_PROOF | _TIME | {radius.NAS_PORT},
    changeable=frozenset({(1916, 232)}),
    adds=True,
)
_CISCO_REAUTHENTICATE: Final[Mapping[tuple[Kind, str], Effect]] = {
    (_CISCO, "subscriber:command=reauthenticate"): "reauthenticate"
}
_CISCO_COMMANDS: Final[Mapping[tuple[Kind, str], Effect]] = {
    **_CISCO_REAUTHENTICATE,
    (_CISCO, "subscriber:command=bounce-host-port"): "bounce",
}
CISCO: Final = Make(
    "cisco-ios-xe", _STATION | {radius.ACCT_SESSION_ID, radius.FRAMED_IP_ADDRESS, _CISCO}, commands=_CISCO_COMMANDS
)
WIRELESS_CISCO: Final = Make("cisco-9800", _STATION | {_CISCO}, commands=_CISCO_REAUTHENTICATE)
"""Catalyst 9800: there is no port to bounce."""

MERAKI: Final = Make("meraki", _STATION | {_CISCO}, commands=_CISCO_REAUTHENTICATE)
DELL_N: Final = Make("dell-n", _STATION | {radius.ACCT_SESSION_ID, _CISCO}, commands=_CISCO_COMMANDS)
AOS_CX: Final = Make(
    "aos-cx",
    _STATION,
    commands={((14823, 40), "\x00\x00\x00\x0c"): "bounce"},
    changeable=frozenset({(14823, 51), radius.NAS_FILTER_RULE}),
)
AOS_SWITCH: Final = Make(
    "arubaos-switch",
    _STATION | {radius.ACCT_SESSION_ID},
    commands={((11, 23), "\x00\x00\x00\x0c"): "bounce"},
)
FORTISWITCH: Final = Make(
    "fortiswitch",
    _STATION,
    commands={
        ((12356, 42), "action=reauth-port"): "reauthenticate",
        ((12356, 42), "action=bounce-port"): "bounce",
    },
)
JUNIPER: Final = Make(
    "juniper-ex",
    _STATION | {radius.ACCT_SESSION_ID},
    commands={((2636, 52), "Port-Bounce"): "bounce"},
)

ARISTA: Final = Make(
    "arista-eos",
    _STATION | {radius.ACCT_SESSION_ID},
    commands={((30065, 9), "\x00\x00\x00\x01"): "bounce"},
)
"""Unverified, as all of its page."""

MIKROTIK: Final = Make("mikrotik", _STATION | {radius.ACCT_SESSION_ID, radius.USER_NAME})
"""Disconnect alone; which attributes name a session is unverified."""

UNIFI: Final = Make("unifi", _STATION)

MAKES: Final = (
    STANDARD,
    HOSTAPD,
    ICX,
    EXOS,
    CISCO,
    WIRELESS_CISCO,
    MERAKI,
    DELL_N,
    AOS_CX,
    AOS_SWITCH,
    FORTISWITCH,
    JUNIPER,
    ARISTA,
    MIKROTIK,
    UNIFI,
)

_SAME: Final = {"rfc4849": STANDARD, "vlan-only": STANDARD, "cisco-dacl": CISCO}


def make_for(dialect: str) -> Make:
    """The make of a client's dialect. Raises `KeyError`."""
    name = dialect.partition("+")[0]
    return _SAME.get(name) or {make.name: make for make in MAKES}[name]

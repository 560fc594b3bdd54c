"""Error-Cause (RFC 5176 3.5) in words: what a switch said, what to do about it, and what a job makes of it."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Effect = Literal["gone", "begun", "unsupported", "refused"]
"""`gone`: the switch has no such session. `begun`: it does what was asked in its own way. `unsupported`: it takes this
verb from nobody, so the next one is tried, and this one is left out for a day. `refused`: not this time; the next verb
is tried."""


class ErrorCause(NamedTuple):
    """`meaning` and `fix` are sentences for an operator."""

    name: str
    meaning: str
    fix: str
    effect: Effect


ERROR_CAUSES: Final[dict[int, ErrorCause]] = {
    201: ErrorCause(
        "Residual-Session-Context-Removed",
        "The session was over, and what was left of it is removed.",
        "Nothing: the session is gone.",
        "gone",
    ),
    202: ErrorCause(
        "Invalid-EAP-Packet", "An EAP packet in the request is not valid.", "Nothing: none was sent.", "refused"
    ),
    401: ErrorCause(
        "Unsupported-Attribute",
        "The switch does not take an attribute of the request.",
        "Give the client the dialect of its make: it says by what a session may be named.",
        "unsupported",
    ),
    402: ErrorCause(
        "Missing-Attribute",
        "The switch wants an attribute that the request lacks.",
        "Let the switch send Acct-Session-Id and Calling-Station-Id when it asks, and switch accounting on.",
        "refused",
    ),
    403: ErrorCause(
        "NAS-Identification-Mismatch",
        "The request names another switch.",
        "Compare NAS-IP-Address and NAS-Identifier in the switch's requests with its own settings.",
        "refused",
    ),
    404: ErrorCause(
        "Invalid-Request", "The switch does not understand the request.", "Check the client's dialect.", "unsupported"
    ),
    405: ErrorCause(
        "Unsupported-Service",
        "The switch does not know this kind of change.",
        "Leave this verb out: `nac client set NAME --coa-verbs`.",
        "unsupported",
    ),
    406: ErrorCause(
        "Unsupported-Extension",
        "The switch does not do Disconnect or CoA at all.",
        "Switch dynamic authorization on, or `nac client set NAME --no-coa`.",
        "unsupported",
    ),
    407: ErrorCause(
        "Invalid-Attribute-Value",
        "A value in the request is not valid for the switch.",
        "A VLAN or list that the switch does not have is the usual case.",
        "refused",
    ),
    501: ErrorCause(
        "Administratively-Prohibited",
        "The switch is configured to refuse this.",
        "Look at what its configuration says of dynamic authorization (on Cisco `authentication command`).",
        "unsupported",
    ),
    502: ErrorCause("Request-Not-Routable", "A proxy does not know the way.", "Name the switch itself.", "refused"),
    503: ErrorCause(
        "Session-Context-Not-Found",
        "The switch has no such session.",
        "Nothing: it is over here too. If it is not over, compare what the switch calls it with its accounting.",
        "gone",
    ),
    504: ErrorCause(
        "Session-Context-Not-Removable", "The switch cannot end this session.", "Look at the port.", "refused"
    ),
    505: ErrorCause("Other-Proxy-Processing-Error", "A proxy failed.", "Name the switch itself.", "refused"),
    506: ErrorCause(
        "Resources-Unavailable",
        "The switch has no room for this, in its tables of access lists most often.",
        "Grant fewer or wider resources, or use a dialect whose lists are shorter.",
        "refused",
    ),
    507: ErrorCause(
        "Request-Initiated",
        "The switch asks again by itself instead.",
        "Nothing: its Access-Request is waited for.",
        "begun",
    ),
    508: ErrorCause(
        "Multiple-Session-Selection-Unsupported",
        "The request fits several sessions.",
        "Switch accounting on: Acct-Session-Id names one.",
        "refused",
    ),
}

_UNKNOWN: Final = ErrorCause("unknown", "The switch refused without a known reason.", "See its own log.", "refused")


def error_cause(number: int | None) -> ErrorCause:
    """What a number means; without one, or with an unknown one, a plain answer."""
    return _UNKNOWN if number is None else ERROR_CAUSES.get(number, _UNKNOWN)


def in_words(number: int | None) -> str:
    """As tables show it: `503 Session-Context-Not-Found`."""
    return "without Error-Cause" if number is None else f"{number} {error_cause(number).name}"

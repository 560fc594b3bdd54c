"""What an administrator asks the running server about live sessions, over its control socket."""

from __future__ import annotations

from typing import Annotated, Final, Protocol

import msgspec

from nac.coa.loop import CoaLoop
from nac.coa.recipe import Verb
from nac.coa.session import decode_session
from nac.control.message import ControlAnswer, ControlRequest
from nac.errors import ConflictError, NacError, NotFoundError
from nac.events.types import Session, SessionState
from nac.identity.mac import MacAddress, MacAddressError

PAGE: Final = 500
"""Sessions in one answer."""

SHORTEST_ID: Final = 8
_ID_DIGITS: Final = 32


class FindSessions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `DataPlane.find_sessions` takes."""

    after: str = ""
    most: Annotated[int, msgspec.Meta(ge=1, le=PAGE)] = PAGE
    client: str | None = None
    mac: str | None = None
    user: str | None = None
    device: str | None = None
    state: SessionState | None = None


class OneSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`subject`: an id or its first eight digits, a MAC address, an Acct-Session-Id, a device or a user."""

    subject: str


class ChangeSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`subject`: as in `OneSession`. `actor`: for the record."""

    subject: str
    verb: Verb
    actor: str


class LiveSessions(Protocol):
    """`nac._dataplane.DataPlane`."""

    def session(self, id: str) -> bytes | None: ...  # noqa: A002 - the boundary's word
    def find_sessions(
        self,
        *,
        after: str = "",
        most: int,
        client: str | None = None,
        mac: str | None = None,
        user: str | None = None,
        device: str | None = None,
        session_id: str | None = None,
        state: str | None = None,
    ) -> list[bytes]: ...


def answer_about_sessions(live: LiveSessions, loop: CoaLoop, request: ControlRequest) -> ControlAnswer:
    """The answer to `sessions`, `session` or `change`; on any thread."""
    try:
        return ControlAnswer(ok=True, found=_found(live, loop, request))
    except NacError as error:
        return ControlAnswer(ok=False, message=error.message, fix=error.fix)
    except ValueError as error:  # msgspec.ValidationError, or what the data plane says of an argument
        return ControlAnswer(ok=False, message=f"not understood: {error}")


def _found(live: LiveSessions, loop: CoaLoop, request: ControlRequest) -> object:
    if request.command == "sessions":
        query = msgspec.convert(request.query, FindSessions)
        return [msgspec.to_builtins(decode_session(raw)) for raw in live.find_sessions(**msgspec.structs.asdict(query))]
    if request.command == "session":
        return msgspec.to_builtins(one_session(live, msgspec.convert(request.query, OneSession).subject))
    order = msgspec.convert(request.query, ChangeSession)
    found = one_session(live, order.subject)
    job = loop.order(found.session, order.verb, order.actor)
    return {"job": job, "session": msgspec.to_builtins(found)}


def one_session(live: LiveSessions, subject: str) -> Session:
    """The live session that is meant. Raises `NotFoundError`, or `ConflictError` when it could be several."""
    subject = subject.strip()
    found = {one.session: one for one in _candidates(live, subject) if one.state != "closed"}
    if not found:
        raise NotFoundError(f"no live session of {subject}", fix="`nac session list` shows those that are open")
    if len(found) > 1:
        raise ConflictError(
            f"{subject} has {len(found)} live sessions", fix=f"name one by its id: {', '.join(sorted(found)[:4])}"
        )
    return next(iter(found.values()))


def _candidates(live: LiveSessions, subject: str) -> list[Session]:
    """By id if it is one, else by the first property of which some session has this value."""
    if len(subject) == _ID_DIGITS and (raw := live.session(subject.lower())) is not None:
        return [decode_session(raw)]
    pages = (
        live.find_sessions(most=2, mac=subject) if _is_mac(subject) else [],
        live.find_sessions(most=2, session_id=subject),
        live.find_sessions(most=2, device=subject),
        live.find_sessions(most=2, user=subject),
        _by_beginning(live, subject.lower()),
    )
    return next(([decode_session(raw) for raw in page] for page in pages if page), [])


def _is_mac(subject: str) -> bool:
    try:
        MacAddress.parse(subject)
    except MacAddressError:
        return False
    return True


def _by_beginning(live: LiveSessions, digits: str) -> list[bytes]:
    """Sessions whose id begins so. Ids are in order, so they stand right behind the largest id below them."""
    if not SHORTEST_ID <= len(digits) < _ID_DIGITS or any(digit not in "0123456789abcdef" for digit in digits):
        return []
    below = f"{max(0, (int(digits, 16) << 4 * (_ID_DIGITS - len(digits))) - 1):032x}"
    return [raw for raw in live.find_sessions(after=below, most=2) if decode_session(raw).session.startswith(digits)]

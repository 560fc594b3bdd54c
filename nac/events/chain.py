"""Explain one authentication as a chain of steps: who asked, what was said, TLS, certificate, identity, policy, answer.

Pure: takes an event, gives at most ten steps. Steps before the one that failed are `ok`, that one is `failed` and
carries the evidence, those behind it were not reached. The last step says what to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal, get_args

from nac.events.causes import Cause, Stage, cause
from nac.events.types import AuthenticationEvent, NasPort, PeerCertificate
from nac.posture.checks import CHECKS

Mark = Literal["ok", "failed", "skipped", "info"]

LONGEST_CHAIN: Final = 10

_ORDER: Final[tuple[Stage, ...]] = get_args(Stage)
_INVENTORY: Final = ("user.", "posture.", "device.")
_SHOWN_FACTS: Final = 6
"""Facts on the identity line; `nac auth show` has all."""

_SHOWN_ATTRIBUTES: Final = 6
_SHOWN_REASONS: Final = 3


@dataclass(frozen=True)
class Step:
    """One line of an explanation. `text` may hold what the network said: escape it before it meets a terminal."""

    name: str
    mark: Mark
    text: str


def explain(event: AuthenticationEvent) -> list[Step]:
    """The chain of one authentication, at most `LONGEST_CHAIN` steps."""
    why = cause(event.cause)
    broken = _failed_stage(event, why)
    steps = [Step("result", "info", _headline(event, why))]
    for stage in _stages(event, broken):
        mark = _mark(stage, broken)
        text = _evidence(event, stage) if mark != "skipped" else "not reached"
        if mark == "failed":
            text = f"{event.detail or why.meaning} ({text})" if text else event.detail or why.meaning
        if text:
            steps.append(Step(stage, mark, text))
    steps += _posture(event)
    fix = event.fix or why.fix
    if event.result != "accept" and fix:
        steps.append(Step("fix", "info", fix))
    return steps[:LONGEST_CHAIN]


def _failed_stage(event: AuthenticationEvent, why: Cause) -> Stage | None:
    """None when nothing failed. Silence counts for the step that had begun."""
    if event.result == "accept":
        return None
    if event.cause == "client_stopped" and event.tls is not None:
        return "tls"
    return why.stage


def _stages(event: AuthenticationEvent, broken: Stage | None) -> tuple[Stage, ...]:
    """MAC authentication has neither TLS nor a certificate."""
    if event.method == "eap-tls" or event.tls or event.certificate:
        return _ORDER
    return tuple(stage for stage in _ORDER if stage not in {"tls", "certificate"} or stage == broken)


def _mark(stage: Stage, broken: Stage | None) -> Mark:
    if broken is None or _ORDER.index(stage) < _ORDER.index(broken):
        return "ok"
    if stage == broken:
        return "failed"
    return "info" if stage == "answer" else "skipped"


def _headline(event: AuthenticationEvent, why: Cause) -> str:
    at = datetime.fromtimestamp(event.at / 1_000_000, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S%z")
    took = f"{event.rounds} rounds, {event.server_us / 1000:.1f} ms of server time"
    return f"{event.result.upper()} {event.cause}: {why.meaning} {at}, {took}, id {event.id}"


def _evidence(event: AuthenticationEvent, stage: Stage) -> str:
    match stage:
        case "asked":
            return f"client {event.client} from {event.source}{_port(event.nas)}"
        case "said":
            return f"{event.method}, user name {_quoted(event.user_name)}, MAC {event.mac or 'not said'}"
        case "tls":
            return _tls(event)
        case "certificate":
            return _certificate(event.certificate) if event.certificate else "none seen"
        case "identity":
            return _identity(event)
        case "policy":
            return _policy(event)
        case "answer":
            return _answer(event)


def _port(nas: NasPort) -> str:
    port = nas.port_id or (str(nas.port) if nas.port is not None else None)
    parts = [
        f"NAS {nas.identifier or nas.address}" if nas.identifier or nas.address else "",
        f"port {port}" if port else "",
        f"SSID {_quoted(nas.ssid)}" if nas.ssid else "",
    ]
    return "".join(f", {part}" for part in parts if part)


def _tls(event: AuthenticationEvent) -> str:
    tls = event.tls
    if tls is None:
        return "no handshake"
    how = "resumed" if tls.resumed else "full handshake"
    name = f"TLS {tls.version} {tls.cipher_suite or ''}".rstrip() if tls.version else "TLS"
    return f"{name}, {how}, {tls.octets_in} octets in, {tls.octets_out} out"


def _certificate(certificate: PeerCertificate) -> str:
    days = [
        datetime.fromtimestamp(t, UTC).strftime("%Y-%m-%d") for t in (certificate.not_before, certificate.not_after)
    ]
    return f"{certificate.subject}, issued by {certificate.issuer}, {days[0]} to {days[1]}, serial {certificate.serial}"


def _identity(event: AuthenticationEvent) -> str:
    user = _known(event.identity_user, event.facts.get("user.known"))
    who = f"user {user}, device {_known(event.identity_device, event.facts.get('device.known'))}"
    facts = [f"{name}={_fact(event.facts[name])}" for name in sorted(event.facts, key=_interest)]
    more = f", and {len(facts) - _SHOWN_FACTS} facts more" if len(facts) > _SHOWN_FACTS else ""
    return "; ".join([who, ", ".join(facts[:_SHOWN_FACTS]) + more]) if facts else who


def _interest(fact: str) -> int:
    """What the inventory says comes first; names and the certificate have a place of their own already."""
    if fact in {"user.name", "device.name"} or fact.startswith("certificate."):
        return len(_INVENTORY) + 1
    return next((rank for rank, prefix in enumerate(_INVENTORY) if fact.startswith(prefix)), len(_INVENTORY))


def _known(name: str | None, on_record: object) -> str:
    """A name, and whether the inventory lacks it: the most frequent reason why no rule matches."""
    return f"{name or '-'} (not on record)" if name and on_record is False else name or "-"


def _policy(event: AuthenticationEvent) -> str:
    decision = event.decision
    if decision is None:
        return ""
    if decision.rule is None:
        tried = "; ".join(f"{location}: {said}" for location, said in decision.reasons[:_SHOWN_REASONS])
        return f"no rule matched, generation {decision.generation}" + (f"; {tried}" if tried else "")
    reason = dict(decision.reasons).get(decision.rule, decision.verdict)
    grants = f"; opens {', '.join(decision.grants)}" if decision.grants else ""
    return f"{decision.rule}: {reason}{grants}"


def _posture(event: AuthenticationEvent) -> list[Step]:
    """What the device would have to mend: the remediation page tells its user the same."""
    failed = event.facts.get("posture.failed")
    if not isinstance(failed, list) or not failed:
        return []
    known = (f"{name}: {CHECKS[name].fix}" if name in CHECKS else name for name in failed)
    status, freshness = (event.facts.get(f"posture.{fact}", "unknown") for fact in ("status", "freshness"))
    return [Step("posture", "info", f"{status}, report {freshness}; {' '.join(known)}")]


def _answer(event: AuthenticationEvent) -> str:
    if event.reply is None:
        return "nothing was sent"
    attributes = [f"{name}={value}" for name, value in event.reply.attributes if not _noise(name)]
    more = f", and {len(attributes) - _SHOWN_ATTRIBUTES} more" if len(attributes) > _SHOWN_ATTRIBUTES else ""
    listed = ", ".join(attributes[:_SHOWN_ATTRIBUTES]) + more
    return f"{event.reply.code}: {listed}" if listed else event.reply.code


def _noise(attribute: str) -> bool:
    """Attributes that carry the conversation, not the answer."""
    return attribute in {"EAP-Message", "Message-Authenticator", "State", "Class", "Proxy-State"}


def _fact(value: str | bool | int | list[str]) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "|".join(value) if isinstance(value, list) else str(value)


def _quoted(text: str | None) -> str:
    return f'"{text}"' if text is not None else "not said"

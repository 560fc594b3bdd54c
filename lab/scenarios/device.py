"""A device on the campus, in the words of the scenarios: what it does, what it reaches, what nac must know of it."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from lab.campus.host import Host
from lab.campus.ladder import Rung, ladder
from lab.campus.nac_home import until
from lab.campus.plan import SERVERS, Server, server_of, switch_named
from lab.campus.probe import answering
from lab.campus.supplicant import Certificate
from lab.scenarios.record import ScenarioError, Signed, Step
from nac.errors import NacError
from nac.pki.authority import Authority
from nac.pki.issue import issue_client
from nac.pki.names import ClientNames

if TYPE_CHECKING:
    from lab.scenarios.vocabulary import Campus


@dataclass
class Device:
    """Something at a port. `identity` is what it says before TLS; `event` its newest authentication."""

    campus: Campus
    name: str
    identity: str
    mac: str
    certificate: Certificate | None = None
    event: dict[str, Any] = field(default_factory=dict)
    _seen: int = 0

    def __post_init__(self) -> None:
        self.host = Host(self.campus.lab, f"{self.campus.tag}-{self.name.rpartition('-')[2]}-{self.mac[-2:]}", self.mac)

    # --- what it holds ---

    def trusts_somebody_else(self) -> None:
        """Its profile names a root that is not the server's."""
        assert self.certificate is not None
        strange = self.campus.strange_root()
        self.certificate = replace(self.certificate, root=strange)

    def carries_a_longer_chain(self) -> None:
        """Its chain has the issuing authority's certificate four times over, as badly made profiles have strangers'."""
        assert self.certificate is not None
        leaf, *issuers = self.certificate.chain.read_text().split("-----BEGIN")[1:]
        longer = self.certificate.chain.with_suffix(".long")
        longer.write_text("".join(f"-----BEGIN{one}" for one in (leaf, *issuers * 4)))
        self.certificate = replace(self.certificate, chain=longer)

    def carries_an_expired_certificate(self) -> Self:
        """One of the campus' authority, which ended the day before yesterday."""
        out, ended = self.campus.folder("expired"), datetime.now(UTC) - timedelta(days=3)
        authority = Authority.open(self.campus.nac.folder / "pki")
        made = issue_client(authority, ClientNames(self.identity, self.name), out=out, now=ended, days=1)
        assert made.key is not None, "its key was made with it"
        return self._carries(made.chain, made.key)

    def carries_somebody_elses_certificate(self) -> Self:
        """One with its own names, of another authority."""
        elsewhere, out = self.campus.strange_root().parent, self.campus.folder("foreign")
        names = ["--directory", str(elsewhere), "--user", self.identity, "--device", self.name]
        made = self.campus.nac.json("pki", "issue", *names, "--out", str(out))
        return self._carries(Path(made["chain"]), Path(made["key"]))

    def _carries(self, chain: Path, key: Path) -> Self:
        assert self.certificate is not None
        self.certificate = replace(self.certificate, chain=chain, key=key)
        return self

    # --- what it does ---

    def plugs_into(self, switch: str) -> Self:
        """Put its cable into the next free port of a switch; nothing passes yet, and that is looked at."""
        begun = time.monotonic()
        self.host.plug(switch_named(switch), self.campus.port_of(switch))
        self.campus.tell(f"{self.name} is plugged into {switch}, port {self.host.port}", begun)
        self.reaches_only()
        return self

    def signs_in(self, *, tls: str = "1.3") -> Self:
        """Its supplicant must be accepted; so says nac, too, and the port is open."""
        begun = time.time()
        self._try(tls)
        self._ends("accepted")
        self._recorded("accept", "ok", begun)
        return self

    def is_refused(self, cause: str, *, tls: str = "1.3") -> Self:
        """Its supplicant must not get in; the record says why, and nothing passes."""
        begun = time.time()
        self._try(tls)
        self._ends("refused")
        self._recorded("reject", cause, begun)
        self.reaches_only()
        return self

    def gets_in(self) -> Self:
        """Its supplicant must be accepted, whatever nac can record of it; `is_recorded` looks for that later."""
        self._try("1.3")
        self._ends("accepted")
        return self

    def tries_to_sign_in(self) -> Self:
        """Its supplicant begins; what comes of it is looked at in other ways."""
        self._try("1.3")
        return self

    def is_recorded(self) -> Self:
        """The record of what `gets_in` did must come."""
        self._recorded("accept", "ok", time.time())
        return self

    def is_asked_again(self) -> Self:
        """The switch makes it authenticate once more, without taking anything from it before the answer."""
        begun = time.time()
        self.host.asked_again()
        if self.host.supplicant is not None:
            self._ends("accepted")
        self._recorded("accept", "ok", begun)
        return self

    def is_bypassed(self) -> Self:
        """It speaks no 802.1X; the switch asks about its address and must be told yes."""
        begun = time.time()
        self._speak()
        self._recorded("accept", "ok", begun)
        until(lambda: self.host.seen()["session"], f"the port of {self.name} opens")
        return self

    def is_bypassed_in_vain(self, cause: str) -> Self:
        """The same, and the answer must be no."""
        begun = time.time()
        self._speak()
        self._recorded("reject", cause, begun)
        self.reaches_only()
        return self

    def wears(self, mac: str) -> Self:
        """From its next cable on it shows another address, as phones and laptops do at random."""
        self.host.unplug()
        self.mac = self.host.mac = mac
        self._seen = 0
        return self

    def is_taken_by(self, user: str) -> Self:
        """Somebody else logs in on it, whose certificate for this device its supplicant uses from now on."""
        assert self.host.supplicant is not None, f"{self.name} has no supplicant"
        self.identity = user
        self.certificate = self.campus.certificate("--user", user, "--device", self.name)
        self.host.supplicant.becomes(user, self.certificate)
        return self

    def moves_to(self, switch: str) -> Self:
        """Pull the cable and come back elsewhere, with the same supplicant's files."""
        self.plugs_into(switch)
        return self.signs_in() if self.certificate is not None else self.is_bypassed()

    def leaves(self) -> None:
        """Pull the cable."""
        self.host.unplug()

    def _try(self, tls: str) -> None:
        """The first time its supplicant is started; then the switch asks again, or it begins anew where it is out."""
        if self.host.supplicant is None:
            assert self.certificate is not None, f"{self.name} has no certificate"
            self.host.sign_in(self.identity, self.certificate, tls=tls)
        elif self.host.seen()["session"] is None:
            self.host.supplicant.again()
        else:
            self.host.asked_again()

    def _speak(self) -> None:
        """Any frame will do: the switch looks who is there."""
        answering(self.host.place, SERVERS[:1])

    def _ends(self, wanted: str) -> None:
        assert self.host.supplicant is not None
        ended = self.host.supplicant.ended()
        if ended != wanted:
            raise ScenarioError(f"{self.name} must be {wanted}; its supplicant says {ended}: {self.why()}")

    def _recorded(self, result: str, cause: str, begun: float) -> None:
        """Wait for the event of this authentication."""

        def stored() -> list[dict[str, Any]] | None:
            found = self.campus.nac.json("auth", "list", "--mac", self.mac, "--limit", "1000")
            return list(found) if len(found) > self._seen else None

        events = until(stored, f"nac records the authentication of {self.name}")
        self._seen, self.event = len(events), events[0]
        if (self.event["result"], self.event["cause"]) != (result, cause):
            raise ScenarioError(
                f"{self.name}: recorded {self.event['result']} {self.event['cause']}, not {result} {cause}"
            )
        assert self.host.switch is not None
        place = self.host.seen()
        signed = Signed(self.name, self.mac, self.host.switch.name, self.event, place, begun, time.time())
        self.campus.record.signed.append(signed)
        segment = (self.event["decision"] or {}).get("segment")
        seen = f"VLAN {place['vlan']}, {segment}" if result == "accept" else cause
        self.campus.record.steps.append(Step(f"{self.name}: {result}, {seen}", signed.ended - begun))

    # --- what must be so ---

    def packets(self) -> list[Rung]:
        """What went over the wire for it at its present switch, from the capture."""
        assert self.host.switch is not None
        return ladder(self.campus.lab, self.host.switch.name, self.mac, 0, float("inf"))

    def has_packets(self, **counts: int) -> Self:
        """The capture of its present switch comes to hold exactly so many packets for it, as `CoA_ACK=2`."""
        wanted = {name.replace("_", "-"): count for name, count in counts.items()}

        def is_so() -> bool:
            seen = Counter(rung.text.partition(" ")[0] for rung in self.packets())
            return all(seen[name] == count for name, count in wanted.items())

        words = ", ".join(f"{count} {name}" for name, count in wanted.items())
        return self._comes_to(is_so, f"have {words} on the wire")

    def reaches(self, *resources: str) -> Self:
        """An HTTP request to each of these must be answered."""
        return self._look(set(map(server_of, resources)), set())

    def cannot_reach(self, *resources: str) -> Self:
        """An HTTP request to any of these must not be answered."""
        return self._look(set(), set(map(server_of, resources)))

    def reaches_only(self, *resources: str) -> Self:
        """HTTP passes to these and to nothing else of the campus."""
        wanted = set(map(server_of, resources))
        return self._look(wanted, set(SERVERS) - wanted)

    def reaches_what_was_granted(self) -> Self:
        """What passes is what the record says, server by server."""
        granted = set(self.event["decision"]["grants"])
        return self.reaches_only(*(one.resource for one in SERVERS if one.resource in granted))

    def loses(self, *resources: str) -> Self:
        """Without doing anything itself, it comes to reach none of these."""
        servers = set(map(server_of, resources))
        return self._comes_to(lambda: not answering(self.host.place, servers), f"lose {', '.join(resources)}")

    def comes_to_reach(self, *resources: str) -> Self:
        """Without doing anything itself, it comes to reach all of these."""
        servers = set(map(server_of, resources))
        return self._comes_to(lambda: answering(self.host.place, servers) == servers, f"reach {', '.join(resources)}")

    def has_change(self, *states: str) -> Self:
        """The newest change of its live session comes to one of these states (`nac session jobs`)."""

        def newest() -> bool:
            jobs = self.campus.nac.json("session", "jobs", "--mac", self.mac)
            return bool(jobs) and jobs[0]["state"] in states

        return self._comes_to(newest, f"have a change that is {' or '.join(states)}")

    def _comes_to(self, look: Callable[[], bool], what: str) -> Self:
        begun = time.monotonic()
        until(lambda: True if look() else None, f"{self.name} comes to {what}")
        self.campus.tell(f"{self.name} comes to {what}", begun)
        return self

    def is_in(self, segment: str, *, vlan: int) -> Self:
        """The record says this segment, and the switch has the port in this VLAN."""
        decided = (self.event["decision"] or {}).get("segment")
        actual = self.host.seen()["vlan"]
        self.campus.must((decided, actual) == (segment, vlan), f"{self.name} is in {segment}, VLAN {vlan}")
        return self

    def is_out(self) -> Self:
        """Its port is closed, whoever closed it."""
        until(lambda: True if self.host.seen()["session"] is None else None, f"the port of {self.name} closes")
        return self.reaches_only()

    def why(self) -> str:
        """What `nac why` says of it."""
        try:
            return self.campus.nac("why", self.mac)
        except NacError as error:
            return error.message

    def why_says(self, *words: str) -> Self:
        """`nac why` must mention each of these."""
        said = self.why()
        for word in words:
            self.campus.must(word in said, f"nac why {self.name} says: {word}")
        return self

    def _look(self, wanted: set[Server], unwanted: set[Server]) -> Self:
        begun = time.monotonic()
        found = answering(self.host.place, wanted | unwanted, list(wanted))
        if missing := wanted - found:
            raise ScenarioError(f"{self.name} must reach {_names(missing)} and does not; {self._placed()}")
        if leaking := found & unwanted:
            raise ScenarioError(f"{self.name} must not reach {_names(leaking)} and does; {self._placed()}")
        told = [f"reaches {_names(wanted)}"] if wanted else []
        told += [f"not {_names(unwanted)}" if len(unwanted) < 6 else "nothing else"] if unwanted else []
        self.campus.tell(
            f"{self.name} {', '.join(told) if wanted else told[0].replace('nothing else', 'reaches nothing')}", begun
        )
        return self

    def _placed(self) -> str:
        told = self.host.seen()
        return f"VLAN {told['vlan']}, session {json.dumps(told['session'])}"

    # --- what an admin changes about it ---

    def posture(self, status: str) -> None:
        """What was found out about it, good for a day."""
        self.campus.admin("device", "posture", self.name, status, "--for", "24h")

    def tag(self, tag: str) -> None:
        """A word about it."""
        self.campus.admin("device", "tag", self.name, tag)


def _names(servers: set[Server]) -> str:
    return ", ".join(sorted(server.resource for server in servers)) or "nothing"

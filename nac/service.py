"""The server: configuration -> database -> snapshot -> data plane -> events, held together and kept current.

One loop on the main thread looks every `TICK_S` for what changed: identities and clients in the database, files on
disk, keys and lists that come of age, control requests. Whatever fails leaves the running snapshot as it is.
"""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import structlog

from nac import _dataplane, systemd
from nac.clients.seal import load_seal
from nac.clients.store import load_clients
from nac.config import Config, load
from nac.control.listener import ControlListener
from nac.control.message import ControlAnswer, ControlRequest
from nac.db import Database, upgrade
from nac.db.revision import RevisionNumber, current
from nac.errors import NacError, NotFoundError
from nac.events.drain import Drain
from nac.events.retention import delete_older
from nac.events.store import EventStore
from nac.identity.store import Facts, changes_since, load_facts
from nac.pki.authority import Authority
from nac.pki.crl import refresh_if_due
from nac.pki.watch import Watch
from nac.snapshot.build import BuiltSnapshot, build, watched_files
from nac.snapshot.tickets import TicketKeys

TICK_S: Final = 0.5
"""How long a change in the database or on disk may go unnoticed."""

HOUSEKEEPING_S: Final = 3600.0
"""How often lists are renewed and old events deleted."""

_GENERATION_FILE: Final = "generation"


@dataclass(frozen=True)
class _Call:
    """A request from the control socket, answered by the main loop."""

    request: ControlRequest
    answers: queue.SimpleQueue[ControlAnswer]


class Service:
    """A running server. Build it, then `run`; leave it through `close` (or a `with` block)."""

    def __init__(self, config_path: Path) -> None:
        """Read everything, bind the sockets and start. Raises `NacError`; nothing runs then."""
        self._config_path = config_path.absolute()
        self._config = load(self._config_path)
        self._log = structlog.get_logger("nac.service")
        self._stop = threading.Event()
        self._reload = threading.Event()
        self._calls: queue.SimpleQueue[_Call] = queue.SimpleQueue()
        self._ticket_keys = TicketKeys.fresh(time.time())
        self._started_at = time.time()
        self._refresh_revocation_lists()
        upgrade(self._config.database.url)
        self._database = Database.open(self._config.database.url)
        try:
            self._start()
        except BaseException:
            self._database.close()
            raise

    def _start(self) -> None:
        self._watch = Watch(watched_files(self._config, self._config_path))
        self._built = self._build(self._config)
        self._housekept_at = time.monotonic()
        try:
            self._dataplane = _dataplane.DataPlane(
                listen=list(self._config.server.listen),
                snapshot=self._built.native,
                shards=self._config.server.shards,
                receivers=self._config.server.receivers,
            )
        except _dataplane.ListenError as error:
            raise NacError(str(error), fix="stop what uses the port, or change [server] listen") from error
        self._revision = RevisionNumber(-1)
        self._take_facts(everything=True)
        self._drain = Drain(self._dataplane, EventStore(self._database))
        self._drained = threading.Event()
        self._drain_thread = threading.Thread(target=self._drain.run, args=(self._drained,), name="nac-drain")
        self._drain_thread.start()
        self._control = ControlListener(self._config.control_socket, self._ask_main_loop)
        self._warn(self._built)

    def __enter__(self) -> Service:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()

    @property
    def addresses(self) -> list[str]:
        """The bound addresses."""
        return self._dataplane.addresses()

    def run(self) -> None:
        """Serve until `stop` is called."""
        systemd.notify("READY=1", f"STATUS=listening on {', '.join(self.addresses)}")
        self._log.info("serving", addresses=self.addresses, generation=self._dataplane.generation())
        while not self._stop.is_set():
            self._wait()
            systemd.notify("WATCHDOG=1")
            self._tick()
        systemd.notify("STOPPING=1")

    def stop(self) -> None:
        """End `run` soon; safe in a signal handler."""
        self._stop.set()

    def reload(self) -> None:
        """Read everything again soon; safe in a signal handler."""
        self._reload.set()

    def close(self) -> None:
        """Stop answering, store the events that are left, let go of everything."""
        self._control.close()
        self._drained.set()
        self._drain_thread.join()
        self._dataplane.close()
        self._drain.finish()
        self._database.close()
        self._log.info("stopped")

    # --- the loop ---

    def _wait(self) -> None:
        """Until a request comes or it is time to look again."""
        try:
            call = self._calls.get(timeout=TICK_S)
        except queue.Empty:
            return
        call.answers.put(self._answer(call.request))

    def _tick(self) -> None:
        try:
            self._take_facts(everything=False)
            if self._reload.is_set() or self._watch.changed() or self._is_due():
                self._reload.clear()
                self._reload_now()
            if time.monotonic() - self._housekept_at >= HOUSEKEEPING_S:
                self._housekept_at = time.monotonic()
                self._keep_house()
        except NacError as error:
            self._log.error("tick.failed", error=error.message, fix=error.fix)

    def _is_due(self) -> bool:
        """Keys and lists that come of age without a file changing."""
        rotated = self._ticket_keys.rotated(time.time(), self._config.eap.ticket_rotation)
        aged = self._built.reload_at is not None and time.time() > self._built.reload_at
        return rotated is not self._ticket_keys or aged

    def _reload_now(self) -> ControlAnswer:
        """Build from what stands on disk and in the database, and publish; or say why not, and change nothing."""
        systemd.reloading()
        try:
            config = load(self._config_path)
            self._ticket_keys = self._ticket_keys.rotated(time.time(), config.eap.ticket_rotation)
            built = self._build(config)
            self._dataplane.publish(built.native)
        except NacError as error:
            self._log.error("reload.refused", error=error.message, fix=error.fix, kept=self._dataplane.generation())
            kept = f"the running configuration (generation {self._dataplane.generation()}) is kept"
            return ControlAnswer(ok=False, message=f"{error.message}\n{kept}", fix=error.fix)
        finally:
            systemd.notify("READY=1")
        ignored = _only_at_start(self._config, config)
        self._config, self._built = config, built
        self._watch = Watch(watched_files(config, self._config_path))
        self._log.info("reloaded", generation=self._dataplane.generation(), digest=built.policy.digest)
        self._warn(built)
        said = f"generation {self._dataplane.generation()} is published"
        if ignored:
            said += f"; changed, but only read at start: {', '.join(ignored)}"
        return ControlAnswer(ok=True, message=said)

    # --- parts ---

    def _build(self, config: Config) -> BuiltSnapshot:
        seal = load_seal(config.secrets_key)
        with self._database.read() as session:
            clients = load_clients(session, seal)
        generation = _next_generation(config.server.state)
        return build(config, clients, ticket_keys=self._ticket_keys, generation=generation, now=datetime.now(UTC))

    def _take_facts(self, *, everything: bool) -> None:
        """Bring the data plane's facts, and on a change of clients its snapshot, to the database's revision."""
        with self._database.read() as session:
            if not everything and current(session).latest == self._revision:
                return
            facts = load_facts(session) if everything else changes_since(session, self._revision)
        self._upsert(facts)
        self._revision = facts.revision
        if facts.clients_changed and not everything:
            self._reload_now()

    def _upsert(self, facts: Facts) -> None:
        self._dataplane.remove_devices(facts.removed_devices)
        self._dataplane.remove_users(facts.removed_users)
        self._dataplane.upsert_devices([_dataplane.DeviceFacts(**fields) for fields in facts.devices])
        self._dataplane.upsert_users([_dataplane.UserFacts(**fields) for fields in facts.users])

    def _keep_house(self) -> None:
        self._refresh_revocation_lists()
        deleted = delete_older(self._database, int(time.time()) - self._config.events.retention.seconds)
        if deleted:
            self._log.info("events.deleted", older_than=str(self._config.events.retention), events=deleted)

    def _refresh_revocation_lists(self) -> None:
        """Sign the built-in authority's lists anew before they end; without an authority here, nothing."""
        try:
            written = refresh_if_due(Authority.open(self._config.pki.directory), now=datetime.now(UTC))
        except NotFoundError:
            return
        for crl in written:
            self._log.info("crl.renewed", path=str(crl.path))

    def _warn(self, built: BuiltSnapshot) -> None:
        for warning in built.warnings:
            self._log.warning("snapshot.warning", detail=warning)

    # --- the control socket ---

    def _ask_main_loop(self, request: ControlRequest) -> ControlAnswer:
        """On a listener's thread: only the main loop touches the snapshot."""
        if request.command == "status":
            return ControlAnswer(ok=True, status=self._status())
        call = _Call(request, queue.SimpleQueue())
        self._calls.put(call)
        return call.answers.get()

    def _answer(self, request: ControlRequest) -> ControlAnswer:
        try:
            self._take_facts(everything=False)
            return self._reload_now()
        except NacError as error:
            return ControlAnswer(ok=False, message=error.message, fix=error.fix)

    def _status(self) -> dict[str, Any]:
        drained = self._drain.counters()
        return {
            "started_at": int(self._started_at),
            "addresses": self.addresses,
            "generation": self._dataplane.generation(),
            "policy_digest": self._built.policy.digest,
            "warnings": list(self._built.warnings),
            "counters": self._dataplane.counters(),
            "clients": self._dataplane.client_counters(),
            "events": {"stored": drained.stored, "pending": drained.pending, "dropped": drained.dropped},
        }


def _next_generation(state: Path) -> int:
    """The number after the last one used here, also over restarts."""
    path = state / _GENERATION_FILE
    try:
        last = int(path.read_text())
    except (FileNotFoundError, ValueError):
        last = 0
    replacement = path.with_suffix(".new")
    replacement.write_text(f"{last + 1}\n")
    replacement.replace(path)
    return last + 1


def _only_at_start(before: Config, after: Config) -> list[str]:
    """Keys that changed but that a running server does not take up."""
    pairs = {"[server]": (before.server, after.server), "[database]": (before.database, after.database)}
    pairs["[log]"] = (before.log, after.log)
    return [name for name, (old, new) in pairs.items() if old != new]

"""The server: configuration -> database -> snapshot -> data plane -> events, held together and kept current.

One loop on the main thread looks every `TICK_S` for what changed: identities and clients in the database, files on
disk, keys and lists that come of age, control requests. Whatever fails leaves the running snapshot as it is.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import structlog

from nac import _dataplane, systemd
from nac.coa.admin import answer_about_sessions
from nac.coa.start import start_coa, take_clients
from nac.config import Config, exposed_password, load
from nac.control.listener import ControlListener
from nac.control.message import ControlAnswer, ControlRequest
from nac.control.status import status_of
from nac.db import Database, upgrade
from nac.errors import ConflictError, NacError, StorageError
from nac.events.drain import Drain
from nac.events.store import EventStore
from nac.guard import Guard
from nac.identity.feed import FactsFeed
from nac.pki.watch import Watch
from nac.policy.history import note_loaded
from nac.policy.load import digest, read_sources
from nac.posture.service import PostureService
from nac.scheduling import let_interrupt, let_others_go_first, let_threads_finish
from nac.sessions.store import close_ended, load_open
from nac.snapshot.build import BuiltSnapshot, watched_files
from nac.snapshot.publish import Publisher
from nac.state_lock import lock
from nac.upkeep import delete_old, prepare_partitions, renew_lists

TICK_S: Final = 0.5
"""How long a change in the database or on disk may go unnoticed."""

PATIENCE_S: Final = 20.0
"""How long one statement of the server may take before PostgreSQL counts as away; less than systemd's watchdog has."""

HOUSEKEEPING_S: Final = 3600.0
"""How often lists are renewed and old events deleted."""

FIRST_RETRY_S: Final = 1.0
LONGEST_RETRY_S: Final = 60.0
"""How long to leave a refused snapshot alone when nothing but time asks for a new one."""

ANSWERING: Final = ("nac-receive-", "nac-shard-", "nac-account-")
"""Threads that somebody waits for."""

_MIB: Final = 1024 * 1024


@dataclass(frozen=True)
class _Call:
    """A request from the control socket, answered by the main loop."""

    request: ControlRequest
    answers: queue.SimpleQueue[ControlAnswer]


class Service:
    """A running server. Build it, then `run`; leave it through `close` (or a `with` block)."""

    def __init__(self, config_path: Path, stop: threading.Event) -> None:
        """Read everything, bind the sockets and start; `stop` ends `run`. Raises `NacError`; nothing runs then."""
        self._config_path = config_path.absolute()
        self._config = load(self._config_path)
        self._log = structlog.get_logger("nac.service")
        if exposed := exposed_password(self._config_path, self._config):
            self._log.warning("config.warning", detail=exposed)
        self._stop = stop
        self._reload = threading.Event()
        self._calls: queue.SimpleQueue[_Call] = queue.SimpleQueue()
        self._started_at = time.time()
        self._housekept_at = time.monotonic()
        self._refusal: str | None = None
        self._retry_s = FIRST_RETRY_S
        self._retry_at = 0.0
        self._guarded = Guard(self._log)
        with ExitStack() as undo:
            self._start(undo)
            self._undo = undo.pop_all()

    def _start(self, undo: ExitStack) -> None:
        """Everything that `close` undoes, in reverse."""
        undo.callback(os.close, lock(self._config.server.state))
        self._guarded("crl", lambda: renew_lists(self._config))
        upgrade(self._config.database.url)
        self._database = Database.open(self._config.database.url, patience_s=PATIENCE_S)
        undo.callback(self._database.close)
        self._guarded("partitions", lambda: prepare_partitions(self._database))
        self._watch = Watch(watched_files(self._config, self._config_path))
        self._publisher = Publisher(self._config, self._database)
        self._dataplane = self._start_dataplane()
        self._publisher.started()
        let_interrupt(*ANSWERING)
        journal = self._dataplane.journal_state()
        self._warn_of_journal(journal)
        self._drain = Drain(self._dataplane, EventStore(self._database, node=journal.node))
        undo.callback(self._drain.finish)
        undo.callback(self._dataplane.close)
        undo.callback(self._start_draining())
        self._coa = start_coa(self._dataplane, self._config, self._database, node=journal.node)
        undo.callback(self._coa.close)
        self._posture = self._start_posture(undo)
        self._control = ControlListener(self._config.control_socket, self._ask_main_loop)
        undo.callback(self._control.close)
        self._guarded("history", self._note_policy)
        self._warn(self._publisher.current)

    def _start_dataplane(self) -> _dataplane.DataPlane:
        """With every fact known before the first packet is answered."""
        self._facts = FactsFeed(self._database)
        sessions, until = self._open_sessions()
        let_threads_finish()
        try:
            return _dataplane.DataPlane(
                listen=list(self._config.server.listen),
                snapshot=self._publisher.current.native,
                devices=self._facts.devices,
                users=self._facts.users,
                shards=self._config.server.shards,
                receivers=self._config.server.receivers,
                journal=self._config.journal_folder,
                journal_octets=self._config.journal.size_mib * _MIB,
                accounting=list(self._config.server.accounting_addresses),
                sessions=sessions,
                sessions_until=until,
                sessions_stale_after=self._config.sessions.stale_after.seconds,
                sessions_forget_after=self._config.sessions.forget_after.seconds,
            )
        except _dataplane.JournalError as error:
            raise StorageError(str(error), fix="check that this user may write the folder") from error
        except _dataplane.ListenError as error:
            raise ConflictError(
                str(error), fix="stop what uses the port, or change [server] listen or accounting"
            ) from error

    def _open_sessions(self) -> tuple[list[bytes], int]:
        """What goes on from before the restart, as far as this node has told it to the database, and how far in its
        journal that is; else nothing."""
        try:
            node = self._config.node_file.read_text().strip()
            with self._database.write() as session:
                close_ended(session, node=node)
                return load_open(session, node=node)
        except FileNotFoundError:
            return [], 0
        except (OSError, StorageError) as error:
            self._log.warning("sessions.not_restored", error=str(error), detail="accounting will name them again")
            return [], 0

    def _start_posture(self, undo: ExitStack) -> PostureService:
        built = self._publisher.current
        posture = PostureService(
            self._config.posture,
            self._database,
            built.policy.postures,
            built.intake,
            publish=lambda ids: self._facts.publish_devices(self._dataplane, ids),
            record=self._dataplane.record_event,
        )
        undo.callback(posture.close)
        return posture

    def _start_draining(self) -> Callable[[], None]:
        """The thread that stores events; what is returned ends it."""
        drained = threading.Event()

        def drain() -> None:
            let_others_go_first()
            self._drain.run(drained)

        thread = threading.Thread(target=drain, name="nac-drain")
        thread.start()

        def end() -> None:
            drained.set()
            thread.join()

        return end

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
        """Serve until `stop` is set."""
        systemd.notify("READY=1", f"STATUS=listening on {', '.join(self.addresses)}")
        self._log.info("serving", addresses=self.addresses, generation=self._dataplane.generation())
        while not self._stop.is_set():
            self._wait()
            systemd.notify("WATCHDOG=1")
            self._tick()
        systemd.notify("STOPPING=1")

    def reload(self) -> None:
        """Read everything again soon; safe in a signal handler."""
        self._reload.set()

    def close(self) -> None:
        """Stop answering, store the events that are left, let go of everything."""
        self._undo.close()
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
        """Each part on its own: none keeps another from being done."""
        self._guarded("facts", self._take_facts)
        self._guarded("reload", self._reload_if_due)
        self._guarded("journal", self._check_journal)
        if time.monotonic() - self._housekept_at >= HOUSEKEEPING_S:
            self._housekept_at = time.monotonic()
            self._guarded("crl", lambda: renew_lists(self._config))
            self._guarded("partitions", lambda: prepare_partitions(self._database))
            self._guarded("retention", lambda: delete_old(self._config, self._database))

    def _reload_if_due(self) -> None:
        asked = self._reload.is_set()
        self._reload.clear()
        if asked or self._watch.changed() or self._is_aged():
            self._reload_now()

    def _is_aged(self) -> bool:
        return time.monotonic() >= self._retry_at and self._publisher.is_aged(self._config)

    # --- snapshots ---

    def _reload_now(self) -> ControlAnswer:
        """Build from what stands on disk and in the database, and publish; or say why not."""
        systemd.reloading()
        watch = Watch(watched_files(self._config, self._config_path))
        try:
            config = load(self._config_path)
            # What changes from here on is read again at the next look.
            watch = Watch(watched_files(config, self._config_path))
            built = self._publisher.publish(self._dataplane, config)
        except NacError as error:
            return self._refused(error)
        finally:
            self._watch = watch
            systemd.notify("READY=1")
        ignored = _only_at_start(self._config, config)
        self._config, self._refusal = config, None
        self._guarded("posture", self._reload_posture)
        self._retry_s, self._retry_at = FIRST_RETRY_S, 0.0
        self._guarded("history", self._note_policy)
        self._guarded("coa", lambda: take_clients(self._coa, config, self._database))
        self._log.info("reloaded", generation=self._dataplane.generation(), digest=built.policy.digest)
        self._warn(built)
        said = f"generation {self._dataplane.generation()} is published"
        if ignored:
            said += f"; changed, but only read at start: {', '.join(ignored)}"
        return ControlAnswer(ok=True, message=said)

    def _refused(self, error: NacError) -> ControlAnswer:
        """Keep what was refused as it was; certificates, lists and clients are taken up all the same if they can be: a
        policy with a slip in it must not keep a revocation from being heard."""
        self._retry_at = time.monotonic() + self._retry_s
        self._retry_s = min(2 * self._retry_s, LONGEST_RETRY_S)
        self._refusal = error.message
        kept = "the running configuration is kept"
        with suppress(NacError):
            self._publisher.publish(self._dataplane, self._config, policy=self._publisher.current.policy)
            self._guarded("posture", self._reload_posture)
            kept = "the running configuration and policy are kept; certificates, lists and clients were read again"
        kept = f"{kept} (generation {self._dataplane.generation()})"
        self._log.error("reload.refused", error=error.message, fix=error.fix, kept=kept)
        return ControlAnswer(ok=False, message=f"{error.message}\n{kept}", fix=error.fix)

    def _note_policy(self) -> None:
        """Make what was published a version of the policy, if its files are still those."""
        sources = read_sources(self._config.policy.path)
        if digest(sources) == self._publisher.current.policy.digest:
            with self._database.write() as session:
                note_loaded(session, sources, self._dataplane.generation(), now=int(time.time()))

    def _warn(self, built: BuiltSnapshot) -> None:
        for warning in built.warnings:
            self._log.warning("snapshot.warning", detail=warning)

    # --- facts and upkeep ---

    def _take_facts(self) -> None:
        """Devices and users at once; a change of clients by a new snapshot."""
        clients_changed = self._facts.take(
            self._dataplane, judge=lambda: self._guarded("posture_record", self._posture.judge_changed)
        )
        if clients_changed:
            self._reload_now()

    def _check_journal(self) -> None:
        """Raises `StorageError` while there is an alarm."""
        self._dataplane.retry_journal()
        journal = self._dataplane.journal_state()
        if journal.alarm == "filling":
            raise StorageError("half of the journal's room is taken", fix="see why the database does not take it")
        if journal.alarm is not None:
            raise StorageError(
                f"accounting is not answered: {journal.error or 'the journal is full'}",
                fix="free some space, or see why the database does not take what is in the journal",
            )

    def _warn_of_journal(self, journal: _dataplane.JournalState) -> None:
        if journal.torn:
            self._log.warning("journal.torn", octets=journal.torn, detail="the end of the last write before a crash")
        if journal.damaged:
            self._log.error("journal.damaged", files=journal.damaged, detail="see docs/journal.md")

    def _reload_posture(self) -> None:
        built = self._publisher.current
        self._posture.reload(self._config.posture, built.policy.postures, built.intake)

    # --- the control socket ---

    def _ask_main_loop(self, request: ControlRequest) -> ControlAnswer:
        """On a listener's thread: only the main loop touches the snapshot."""
        if request.command == "status":
            return ControlAnswer(ok=True, status=self._status())
        if request.command != "reload":
            return answer_about_sessions(self._dataplane, self._coa, request)
        call = _Call(request, queue.SimpleQueue())
        self._calls.put(call)
        return call.answers.get()

    def _answer(self, request: ControlRequest) -> ControlAnswer:
        self._guarded("facts", self._take_facts)
        try:
            return self._reload_now()
        except Exception as error:  # noqa: BLE001 - whoever asked must get an answer, and the server goes on
            self._log.exception("reload.failed")
            return ControlAnswer(ok=False, message=f"{type(error).__name__}: {error}", fix="see the server's log")

    def _status(self) -> dict[str, Any]:
        return {
            **status_of(self._dataplane, self._publisher, self._drain, self._database),
            "started_at": int(self._started_at),
            "refused": self._refusal,
            "failing": dict(self._guarded.failing),
            "coa": self._coa.status(),
            "posture": {"addresses": self._posture.addresses, "counters": self._posture.counters()},
        }


def _only_at_start(before: Config, after: Config) -> list[str]:
    """Keys that changed but that a running server does not take up."""
    pairs: dict[str, tuple[object, object]] = {
        "[server]": (before.server, after.server),
        "[database]": (before.database, after.database),
    }
    pairs["[journal]"] = (before.journal, after.journal)
    pairs["[coa]"] = (before.coa, after.coa)
    pairs["[sessions]"] = (before.sessions, after.sessions)
    pairs["[log]"] = (before.log, after.log)
    pairs["[posture] listen"] = (before.posture.listen, after.posture.listen)
    return [name for name, (old, new) in pairs.items() if old != new]

"""The data plane's facts, kept at what the database says."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection

from nac import _dataplane
from nac.db import Database
from nac.db.revision import current
from nac.events.acts import Acts
from nac.identity.store import changes_since, devices_of, load_facts


class FactsFeed:
    """From the database's devices and users into the data plane's tables. `devices`, `users`: those to begin with."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        with database.read() as session:
            self._acts = Acts(session)
            facts = load_facts(session)
        self._revision = facts.revision
        self.devices = [_dataplane.DeviceFacts(**fields) for fields in facts.devices]
        self.users = [_dataplane.UserFacts(**fields) for fields in facts.users]

    def take(self, dataplane: _dataplane.DataPlane, *, judge: Callable[[], object]) -> bool:
        """Bring the data plane's facts to the database's revision; whether clients changed too, which the snapshot
        has. Who changed them is in the journal before. A device whose record was changed is judged first: what it may
        do by its new tags rests on what they ask of it."""
        with self._database.read() as session:
            changed = current(session).latest != self._revision
        if changed:
            judge()
        with self._lock:
            with self._database.read() as session:
                facts = changes_since(session, self._revision) if changed else None
                acts = self._acts.unseen(session, node=dataplane.journal_state().node)
            self._acts.taken(acts, dataplane)
            if facts is None:
                return False
            dataplane.remove_devices(facts.removed_devices)
            dataplane.remove_users(facts.removed_users)
            dataplane.upsert_devices([_dataplane.DeviceFacts(**fields) for fields in facts.devices])
            dataplane.upsert_users([_dataplane.UserFacts(**fields) for fields in facts.users])
            self._revision = facts.revision
        return facts.clients_changed

    def publish_devices(self, dataplane: _dataplane.DataPlane, ids: Collection[int]) -> None:
        """Bring these devices to what the database says at once, on any thread. Whoever holds the lock reads, then
        writes: nobody overwrites newer facts with older ones."""
        if not ids:
            return
        with self._lock:
            with self._database.read() as session:
                devices = devices_of(session, ids)
            dataplane.upsert_devices([_dataplane.DeviceFacts(**fields) for fields in devices])

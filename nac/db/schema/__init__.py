"""The tables, typed. What changes here needs a migration in `nac/db/migrations/versions` (`tests/db` compares the two).

Times are Unix seconds unless a name ends in `_us` (microseconds). A `key` column is the case-folded name: names are
kept as they were typed and compared without case. A `revision` column holds the value of the `revision` table at the
row's last write, so a reader asks "what is newer than N" (`nac.identity.store.changes_since`).

Tables that grow with the traffic are divided by month in PostgreSQL (`nac.db.partitions`). A unique constraint there
has to hold the time that divides; it is part of what a record says, so a record that comes twice has it twice.
"""

from __future__ import annotations

from nac.db.schema.administration import AdminAudit, AdminTaken, PolicyFile, PolicyText, PolicyVersion
from nac.db.schema.base import Base
from nac.db.schema.events import Accounting, Authentication, Authorization, Discard, Drained, FactSet
from nac.db.schema.identity import (
    Client,
    ClientSecret,
    Device,
    DeviceCertificate,
    DeviceMac,
    DeviceTag,
    Group,
    Membership,
    Revision,
    Tombstone,
    User,
)
from nac.db.schema.posture import PostureAgent, PostureChange, PostureFinding, PostureRefusal, PostureVerdict
from nac.db.schema.sessions import CoaJob, CoaLearnt, LiveSession, SessionHour, SessionUsage, Sighting

__all__ = [
    "Accounting",
    "AdminAudit",
    "AdminTaken",
    "Authentication",
    "Authorization",
    "Base",
    "Client",
    "ClientSecret",
    "CoaJob",
    "CoaLearnt",
    "Device",
    "DeviceCertificate",
    "DeviceMac",
    "DeviceTag",
    "Discard",
    "Drained",
    "FactSet",
    "Group",
    "LiveSession",
    "Membership",
    "PolicyFile",
    "PolicyText",
    "PolicyVersion",
    "PostureAgent",
    "PostureChange",
    "PostureFinding",
    "PostureRefusal",
    "PostureVerdict",
    "Revision",
    "SessionHour",
    "SessionUsage",
    "Sighting",
    "Tombstone",
    "User",
]

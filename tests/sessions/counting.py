"""One session, told report after report: `AccountingBatch` with a single record each time, and no database."""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from nac._dataplane import AccountingBatch

MOST: Final = 2**63 - 1
"""Octets that a column holds."""


class Report(NamedTuple):
    """What of an Accounting-Request counts. Octets are None when it does not say."""

    status: str
    happened_us: int
    session_time: int | None
    input_octets: int | None
    output_octets: int | None


class Added(NamedTuple):
    """Octets that a report adds to those before it."""

    input_octets: int
    output_octets: int


NOTHING: Final = Added(0, 0)


class Usage(NamedTuple):
    """A row of `session_usage`."""

    client: str
    session_id: str
    first_us: int
    seen_us: int
    session_time: int | None
    input_counter: int
    output_counter: int
    input_octets: int
    output_octets: int
    ended: bool
    hour: int
    hour_input_octets: int
    hour_output_octets: int

    @classmethod
    def begun_by(cls, report: Report) -> tuple[Usage, Added]:
        """The first report of a session."""
        usage = _counted([], report)
        return usage, Added(usage.input_octets, usage.output_octets)

    def after(self, report: Report) -> tuple[Usage, Added]:
        """With one report more."""
        alone = _counted([self._replace(input_octets=0, output_octets=0)], report)
        return _counted([self], report), Added(alone.input_octets, alone.output_octets)


def _counted(known: list[Usage], report: Report) -> Usage:
    told = {
        "at": report.happened_us,
        "happened_at": report.happened_us,
        "client": "switch",
        "session_id": "2A",
        **report._asdict(),
    }
    batch = AccountingBatch(node="ab" * 16, records=[(1, msgspec.json.encode(told))], form="tuples")
    usages, _ = batch.count(known)
    return Usage(*usages[0])  # type: ignore[arg-type]

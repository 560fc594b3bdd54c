"""The parts of posture that a running server has: the thread that judges, and the listener if there is one."""

from __future__ import annotations

from collections.abc import Callable, Collection

from nac.config.model import PostureSettings
from nac.db import Database
from nac.policy.model import Policy
from nac.posture.assessment import Assessment
from nac.posture.freshness import Ages
from nac.posture.nonces import Nonces
from nac.posture.setting import IntakeSetting
from nac.posture.store import Rules
from nac.posture.told import Refusals


class PostureService:
    """Runs from its construction until `close`. `publish`: as `Assessment` wants it; `record`: as `Refusals` does."""

    def __init__(
        self,
        settings: PostureSettings,
        database: Database,
        postures: Policy,
        intake: IntakeSetting,
        publish: Callable[[Collection[int]], None],
        record: Callable[[bytes], None],
    ) -> None:
        """Raises `ConflictError` when an address is taken, `PkiError` when the certificate is not usable."""
        self._rules = rules(settings, postures)
        nonces = Nonces()
        self._refusals = Refusals(record)
        self._assessment = Assessment(
            database, nonces, rules=lambda: self._rules, publish=publish, refusals=self._refusals
        )
        self._intake = None
        if settings.listen:
            from nac.posture.intake import Intake  # the web server is loaded by those who use it alone

            try:
                self._intake = Intake(settings.listen, intake, self._assessment, nonces, database, self._refusals)
            except BaseException:
                self._assessment.close()
                raise

    @property
    def addresses(self) -> list[str]:
        """The bound addresses."""
        return self._intake.addresses if self._intake else []

    def counters(self) -> dict[str, int]:
        """Of reports, by their names."""
        return self._assessment.counters() | self._refusals.counters()

    def reload(self, settings: PostureSettings, postures: Policy, intake: IntakeSetting) -> None:
        """Go on with what was read again; what was judged by other postures is judged anew."""
        before, self._rules = self._rules, rules(settings, postures)
        if before != self._rules:
            self._assessment.policy_changed()
        if self._intake:
            self._intake.reload(intake)

    def judge_changed(self) -> None:
        """As `Assessment.judge_changed`."""
        self._assessment.judge_changed()

    def close(self) -> None:
        """Answer what is in work, and end."""
        if self._intake:
            self._intake.close()
        self._assessment.close()


def rules(settings: PostureSettings, postures: Policy) -> Rules:
    """What reports are judged by under these settings."""
    ages = Ages(settings.fresh.seconds, settings.stale.seconds, settings.unknown.seconds)
    return Rules(postures, ages, settings.keep_values)

"""One report from observation to verdict: nonce, counter, signature, exchange, and what is kept of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Final

from nac.agent.answer import AGAIN, RefusedError, Verdict
from nac.agent.boot import read_boot
from nac.agent.checks.agent_integrity import installed_version, own_digest
from nac.agent.client import PostureClient
from nac.agent.config import AgentConfig
from nac.agent.identities import Identities
from nac.agent.jws import signed_token
from nac.agent.machine import Machine
from nac.agent.missed import with_missed
from nac.agent.observation import Observation
from nac.agent.platforms import this_platform
from nac.agent.report import Author, Freshness, claims
from nac.agent.root import UnreadableError
from nac.agent.state import State, Status
from nac.errors import NacError

MARGIN_S: Final = 5.0
"""A nonce that ends sooner is not used: the report has to arrive before."""


class Delivery:
    """Sends observations, one at a time; certificate and key are read anew each time, so renewed ones are used."""

    def __init__(self, config: AgentConfig, state: State, *, clock: Callable[[], float] = time.time) -> None:
        self._config = config
        self._state = state
        self._clock = clock
        self._identities = Identities(config)
        self._nonce: tuple[str, float] | None = None

    def deliver(self, machine: Machine, observation: Observation) -> Verdict:
        """Report, and keep what came of it. Raises `NacError`: what was found is then kept as missed."""
        status = self._state.status()
        now = int(self._clock())
        try:
            verdict = self._report(machine, observation, status)
        except NacError as error:
            missed = with_missed(status.missed, observation)
            self._state.keep(
                Status(status.delivered_at, status.verdict, now, trouble=error.message, fix=error.fix, missed=missed)
            )
            raise
        self._state.keep(Status(now, verdict, now))
        return verdict

    def _report(self, machine: Machine, observation: Observation, status: Status) -> Verdict:
        identity = self._identities.load()
        client = PostureClient(self._config)

        def token(nonce: str) -> bytes:
            now = self._clock()
            freshness = Freshness(self._state.next_count(now), nonce, os.urandom(16), now)
            author = author_of(machine, identity.name)
            said = claims(observation, read_boot(machine.root), author, freshness, status.missed)
            return signed_token(said, identity)

        nonce = self._kept_nonce() or client.nonce().nonce
        try:
            verdict = client.report(token(nonce))
        except RefusedError as error:
            if error.refusal.error not in AGAIN or not error.refusal.nonce:
                raise
            verdict = client.report(token(error.refusal.nonce))
        if verdict.nonce:
            self._nonce = (verdict.nonce, verdict.nonce_expires_at)
        return verdict

    def _kept_nonce(self) -> str | None:
        """The nonce that came with the last verdict, for one use."""
        kept, self._nonce = self._nonce, None
        return kept[0] if kept and kept[1] - MARGIN_S > self._clock() else None


def author_of(machine: Machine, subject: str) -> Author:
    """Who writes reports on this device; a checkout has no version."""
    try:
        version, digest = installed_version(machine.root, machine.package), own_digest(machine.root, machine.package)
    except UnreadableError:
        version, digest = "", ""
    return Author(subject, version or "checkout", this_platform(), digest)

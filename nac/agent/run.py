"""The agent as a service: look, report, notice, report again."""

from __future__ import annotations

import random
import signal
import sys
import threading
import time
from types import FrameType
from typing import Final

from nac.agent.answer import Verdict
from nac.agent.config import AgentConfig
from nac.agent.delivery import Delivery
from nac.agent.finding import tame
from nac.agent.machine import Machine, this_machine
from nac.agent.observation import Observation, observe
from nac.agent.platforms import checks_of, this_platform
from nac.agent.root import Root
from nac.agent.schedule import Schedule
from nac.agent.slow import SlowChecks
from nac.agent.state import State
from nac.agent.watch import Watch
from nac.errors import NacError
from nac.systemd import notify

TICK_S: Final = 2.0
"""Between two samples: with a report of its own a change is with the server in less than five seconds."""


def run(config: AgentConfig) -> None:
    """Serve until SIGTERM or SIGINT. Raises `ConflictError` when another agent works in the same folder."""
    stop = threading.Event()

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask_to_stop)
    state = State(config.report.state)
    with state.alone():
        Agent(config, Delivery(config, state)).serve(stop)


class Agent:
    """One device's agent. `serve` is its life; what it noticed last stays between the rounds."""

    def __init__(self, config: AgentConfig, delivery: Delivery) -> None:
        self._config = config
        self._delivery = delivery
        self._checks = checks_of(this_platform())
        self._watch = Watch(Root(), config.checks)
        self._sample = self._watch.sample()
        self._slow = SlowChecks(self._checks, self._machine(), _now())
        self._reported: Observation | None = None
        self._schedule = Schedule(_now(), config.report.every.seconds, random.random)

    def serve(self, stop: threading.Event) -> None:
        """A round every two seconds until `stop`."""
        notify("READY=1")
        _say("looking, and reporting to " + self._config.server.url)
        self._round()
        while not stop.wait(TICK_S):
            notify("WATCHDOG=1")
            self._round()
        notify("STOPPING=1")

    def _round(self) -> None:
        sample = self._watch.sample()
        if sample != self._sample or self._slow.make_if_due(self._machine(), _now()):
            self._sample = sample
            self._schedule.changed()
        observation: Observation | None = None
        if self._schedule.may_look(_now()):
            observation = self._look()
            if self._reported is None or observation.substance != self._reported.substance:
                self._schedule.report_now()
        if self._schedule.due(_now()):
            self._report(observation or self._look())

    def _report(self, observation: Observation) -> None:
        try:
            verdict = self._delivery.deliver(self._machine(), observation)
        except NacError as error:
            wait = self._schedule.failed(_now(), error)
            _say(f"not reported, trying again in {wait:.0f} s: {error.message}; {error.fix}")
            return
        self._schedule.delivered(_now(), verdict.next_report_s)
        self._reported = observation
        _say(_in_words(verdict))

    def _look(self) -> Observation:
        return observe(self._machine(), self._checks, self._slow.findings, self._slow.told)

    def _machine(self) -> Machine:
        return this_machine(self._config.checks)


def _in_words(verdict: Verdict) -> str:
    failed = ", ".join(tame(one.check) for one in verdict.failed)
    return f"reported: {verdict.status}, score {verdict.score}" + (f"; failed: {failed}" if failed else "")


def _now() -> float:
    """Seconds since the device was started, sleep included: after it a report is due at once."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _say(text: str) -> None:
    sys.stderr.write(f"nac-agent: {text}\n")
    sys.stderr.flush()

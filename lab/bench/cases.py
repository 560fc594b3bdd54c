"""The cases whose cost is compared, each with what nac must reach beside the others."""

from __future__ import annotations

from dataclasses import dataclass

from lab.bench.pki import KeyKind

CONCURRENCY = 8

RECORDING = "FreeRADIUS, recording"
"""The peer that keeps a row per answer, as nac always does."""

LINGER_S = 3
"""Work that a server puts off, as nac does with writing events, is waited for this long and counted."""


@dataclass(frozen=True)
class Target:
    """nac's median may be at most `ratio` of the median of the server named `of`."""

    of: str
    ratio: float


@dataclass(frozen=True)
class Case:
    """`mode` and `tls` as `nac-supplicant load` takes them; `count`: authentications measured per run.

    `few`: the same for servers that hold few sessions, or answer slowly. `floor`: the set of bare operations to compare
    nac with.
    """

    key: str
    title: str
    mode: str
    keys: KeyKind
    tls: str | None
    count: int
    few: int
    targets: tuple[Target, ...]
    macs: int = 10
    floor: str | None = None

    @property
    def is_mab(self) -> bool:
        """MAC authentication bypass, which not every server knows."""
        return self.mode == "mab"

    @property
    def resumption(self) -> bool:
        """Whether the server may resume sessions."""
        return self.mode == "resumed"

    def load_arguments(self, *, few: bool) -> list[str]:
        """Arguments of `nac-supplicant load`. Resumed: every device uses the ticket of one full handshake once."""
        count = self.few if few else self.count
        arguments = ["--mode", self.mode, "--concurrency", str(CONCURRENCY), "--count", str(count)]
        arguments += ["--macs", str(self.macs), "--linger", str(LINGER_S)]
        if self.tls is not None:
            arguments += ["--tls", self.tls]
        if self.resumption:
            return [*arguments, "--devices", str(count)]
        return [*arguments, "--warm-up", str(count // 10)]


_FIFTH_OF_FREERADIUS = Target("FreeRADIUS", 1 / 5)

CASES = (
    Case(
        "full-p256",
        "EAP-TLS full, TLS 1.3, P-256",
        "eap-tls",
        "p256",
        "1.3",
        3000,
        800,
        (_FIFTH_OF_FREERADIUS,),
        floor="full-p256",
    ),
    Case(
        "full-rsa2048",
        "EAP-TLS full, TLS 1.3, RSA-2048",
        "eap-tls",
        "rsa2048",
        "1.3",
        2000,
        800,
        (Target("FreeRADIUS", 1 / 2),),
        floor="full-rsa2048",
    ),
    Case(
        "resumed-13",
        "EAP-TLS resumed, TLS 1.3",
        "resumed",
        "p256",
        "1.3",
        2000,
        450,
        (_FIFTH_OF_FREERADIUS, Target("hostapd", 1 / 2)),
        floor="resumed-x25519",
    ),
    Case(
        "resumed-12",
        "EAP-TLS resumed, TLS 1.2",
        "resumed",
        "p256",
        "1.2",
        2000,
        450,
        (_FIFTH_OF_FREERADIUS, Target("hostapd", 1 / 2)),
    ),
    *(
        Case(
            f"mab-{macs}",
            f"MAB, {macs:,} known MACs",
            "mab",
            "p256",
            None,
            100_000,
            3000,
            (Target("FreeRADIUS", 1 / 3),),
            macs=macs,
        )
        for macs in (10, 1000, 100_000)
    ),
)

"""Measurements as markdown: numbers, what was to be reached, and whether it was."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence

from lab.bench import posture_coa
from lab.bench.accounting import DETAIL, POSTGRESQL, Accounting
from lab.bench.cases import RECORDING, Case
from lab.bench.catch_up import BACKLOG, DURATION_S, CatchUp
from lab.bench.coa import CHANGES, SESSIONS, Coa
from lab.bench.cost import Cost
from lab.bench.drain import Drained
from lab.bench.half_open import LINGER_S, HalfOpen
from lab.bench.latency import Latency
from lab.bench.offered.measure import PERCENTILES, Offered
from lab.bench.posture_coa import PostureCoa
from lab.bench.rules.measure import COUNTS, Curve, RuleCosts
from lab.bench.scaling import Scaling
from lab.bench.storm import Storm
from lab.bench.supplicant import Json

Floor = dict[str, Json]

FLOOR_RATIO = 1.5
HALF_OPEN_LIMIT_MIB = 64
SCALING_RATIO = 1.7
IDLE_LIMIT_MIB = 150
P99_LIMIT_MS = 5
COA_WIRE_LIMIT_MS = 100
COA_CONFIRMED_LIMIT_MS = 2000
POSTURE_WIRE_LIMIT_MS = 250
DRAIN_RATES = {"SQLite": 20_000, "PostgreSQL": 50_000}
CATCH_UP_RATIO = 0.95
ACCOUNTING_P99_LIMIT_MS = 20


def cost(costs: Sequence[Cost], servers: Sequence[str]) -> str:
    """Microseconds of server CPU per authentication, `min / median` over the rounds."""
    by_place = {(entry.case.key, entry.server): entry for entry in costs}
    cases = list(dict.fromkeys(entry.case for entry in costs))
    rows = []
    for case in cases:
        found = {server: by_place[case.key, server] for server in servers if (case.key, server) in by_place}
        cells = [_min_median(found.get(server)) for server in servers]
        rows.append([case.title, *cells, _data_plane(found.get("nac")), _targets(case, found)])
    header = [
        "server CPU per authentication, us (min / median)",
        *servers,
        "of nac: data plane",
        "to be reached by nac",
    ]
    return table(header, rows)


def _data_plane(nac: Cost | None) -> str:
    if nac is None:
        return "-"
    return f"{min(nac.data_plane_us):.1f} / {statistics.median(nac.data_plane_us):.1f}"


def _min_median(entry: Cost | None) -> str:
    return "-" if entry is None else f"{entry.min_us:.1f} / {entry.median_us:.1f}"


def _targets(case: Case, found: dict[str, Cost]) -> str:
    """Like with like: peers that keep no records against nac's data plane, the one that does against all of nac."""
    nac = found.get("nac")
    if nac is None:
        return "-"
    said = []
    for target in case.targets:
        peers = [cost for name, cost in found.items() if name.startswith(target.of) and name != RECORDING]
        if peers:
            best = min(peers, key=lambda peer: peer.median_us)
            answering = statistics.median(nac.data_plane_us) / best.median_us
            said.append(f"answering {_held(answering, target.ratio)} of {best.server}")
            said.append(f"all of nac {nac.median_us / best.median_us:.2f} of it")
        recording = found.get(RECORDING) if RECORDING.startswith(target.of) else None
        if recording is not None:
            said.append(f"records kept by both {_held(nac.median_us / recording.median_us, target.ratio)}")
    return "; ".join(said) or "-"


def _held(ratio: float, limit: float) -> str:
    return f"{ratio:.2f} (at most {limit:.2f}, {_verdict(met=ratio <= limit)})"


def floor(measured: Floor, costs: Sequence[Cost]) -> str:
    """The bare cryptography, and how far above it nac is."""
    nac = {entry.case.floor: entry for entry in costs if entry.server == "nac" and entry.case.floor}
    rows = []
    for name, entry in measured.items():
        bare = float(entry["median_us"])
        ratio = "-"
        if name in nac:
            times = statistics.median(nac[name].data_plane_us) / bare
            ratio = f"{times:.2f} (at most {FLOOR_RATIO}): {_verdict(met=times <= FLOOR_RATIO)}"
        rows.append([name, f"{entry['min_us']:.1f} / {bare:.1f}", ratio])
    return table(["set of operations", "CPU, us (min / median)", "nac's data plane over it"], rows)


def half_open(results: Iterable[HalfOpen]) -> str:
    """Memory during and after the flood, and the good devices' fate."""
    rows = []
    for result in results:
        met = "-"
        if result.server == "nac":
            good = result.good_refused == 0 and result.good_slowest_ms <= 1000
            met = _verdict(met=result.grown_mib("peak") <= HALF_OPEN_LIMIT_MIB and good)
        rows.append(
            [
                result.server,
                f"{result.flood['held']:,}",
                f"{result.grown_mib('peak'):+.0f}",
                f"{result.grown_mib('final'):+.0f}",
                f"{result.good['started']:,}",
                f"{result.good_refused:.1%}",
                f"{result.good_slowest_ms:.0f}",
                met,
            ]
        )
    header = [
        "server",
        "held open",
        "peak, MiB",
        f"after {LINGER_S} s, MiB",
        "good devices",
        "refused or unanswered",
        "slowest, ms",
        f"at most +{HALF_OPEN_LIMIT_MIB} MiB, good within 1 s",
    ]
    return table(header, rows)


def scaling(result: Scaling) -> str:
    """Throughput by number of shards."""
    ratio = result.rate(2) / result.rate(1)
    rows = [[str(shards), f"{result.rate(shards):.0f}", f"{result.cores(shards):.2f}"] for shards in result.runs]
    rates = table(["shards", "authentications/s (median)", "cores kept busy"], rows)
    met = _verdict(met=ratio >= SCALING_RATIO)
    return f"{rates}\nRatio {ratio:.2f} (at least {SCALING_RATIO}): {met}.\n"


def latency(result: Latency) -> str:
    """Percentiles at half the peak rate, and the idle server's memory."""
    rows = []
    for label, key in (
        ("round trips of one authentication, added up", "server"),
        ("one round trip", "round"),
        ("due until verdict, the device's own work included", "authentication"),
    ):
        found = result.half["latency_us"][key]
        rows.append([label, *(f"{found[name] / 1000:.2f}" for name in ("p50", "p90", "p99", "p99_9", "max"))])
    percentiles = table(["latency, ms", "p50", "p90", "p99", "p99.9", "max"], rows)
    idle = result.idle_rss_kib / 1024
    met = _verdict(met=result.server_p99_ms < P99_LIMIT_MS and result.half["timeouts"] == 0)
    return (
        f"Peak, closed loop: {result.peak['rate']:.0f} full handshakes/s. "
        f"Open loop at half of it: {result.half['rate']:.0f}/s, {result.half['accepts']:,} accepted of "
        f"{result.half['started']:,}.\n\n{percentiles}\n"
        f"p99 of the added round trips {result.server_p99_ms:.2f} ms (below {P99_LIMIT_MS}): {met}. "
        f"Idle server {idle:.0f} MiB (below {IDLE_LIMIT_MIB}): {_verdict(met=idle < IDLE_LIMIT_MIB)}.\n"
    )


def offered(result: Offered) -> str:
    """Each server at each rate that it was offered."""
    rows = [
        [
            point.server,
            f"{point.offered:,}",
            f"{point.accepted:,.0f}",
            *(f"{point.late_ms(percentile):,.1f}" for percentile in PERCENTILES),
            f"{point.cpu_us:,.0f}",
        ]
        for point in result.points
    ]
    return table(["server", "offered/s", "accepted/s", "p50 ms", "p99 ms", "p99.9 ms", "CPU µs each"], rows)


def coa(result: Coa) -> str:
    """From a changed fact in the data plane to the wire, and to the end of the session."""
    spans = [
        ("a Disconnect-Request is on the wire", result.wire_ms),
        ("the session is seen to be over", result.confirmed_ms),
    ]
    rows = [[label, *(f"{_percentile(found, share):.1f}" for share in (50, 90, 99, 100))] for label, found in spans]
    shown = table(["after a changed fact, ms, until", "p50", "p90", "p99", "max"], rows)
    wire, confirmed = _percentile(result.wire_ms, 99), _percentile(result.confirmed_ms, 99)
    return (
        f"{CHANGES} of {SESSIONS:,} live sessions.\n\n{shown}\n"
        f"p99 on the wire {wire:.1f} ms (below {COA_WIRE_LIMIT_MS}): {_verdict(met=wire < COA_WIRE_LIMIT_MS)}. "
        f"p99 confirmed {confirmed:.1f} ms (below {COA_CONFIRMED_LIMIT_MS}): "
        f"{_verdict(met=confirmed < COA_CONFIRMED_LIMIT_MS)}.\n"
    )


def posture(result: PostureCoa) -> str:
    """From a report over TLS to the wire, and to the end of the session."""
    spans = [
        ("a Disconnect-Request is on the wire", result.wire_ms),
        ("the report is answered", result.answered_ms),
        ("the session is seen to be over", result.confirmed_ms),
    ]
    rows = [[label, *(f"{_percentile(found, share):.1f}" for share in (50, 90, 99, 100))] for label, found in spans]
    shown = table(["after a report, ms, until", "p50", "p90", "p99", "max"], rows)
    wire, confirmed = _percentile(result.wire_ms, 99), _percentile(result.confirmed_ms, 99)
    return (
        f"{posture_coa.CHANGES} of {posture_coa.DEVICES:,} devices with live sessions, "
        f"{result.pace:.0f} other reports/s.\n\n{shown}\n"
        f"p99 on the wire {wire:.1f} ms (below {POSTURE_WIRE_LIMIT_MS}): "
        f"{_verdict(met=wire < POSTURE_WIRE_LIMIT_MS)}. "
        f"p99 confirmed {confirmed:.1f} ms (below {COA_CONFIRMED_LIMIT_MS}): "
        f"{_verdict(met=confirmed < COA_CONFIRMED_LIMIT_MS)}.\n"
    )


def _percentile(values: Sequence[float], share: int) -> float:
    """The smallest value that `share` in a hundred do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]


def storm(result: Storm) -> str:
    """What became of everybody, and what was done twice."""
    rows = []
    for devices, run in result.runs.items():
        logins, accounting = run["logins"], run["accounting"]
        once = logins["handshakes_full"] == run["devices_in"] == devices
        met = _verdict(met=run["all_right"] and once)
        rows.append(
            [
                f"{devices:,}",
                f"{run['devices_in']:,}",
                f"{run['all_in_s']:.1f}",
                f"{run['latency_us']['admission']['p50'] / 1e6:.2f}",
                f"{logins['handshakes_full']:,}",
                f"{run['retransmits']:,}",
                f"{logins['restarts']:,}",
                f"{accounting['on'] + accounting['start'] + accounting['interim'] + accounting['stop']:,}",
                str(accounting["unanswered"]),
                met,
            ]
        )
    header = [
        "devices",
        "admitted",
        "all in, s",
        "median, s",
        "handshakes",
        "requests sent again",
        "logins begun again",
        "records answered",
        "not answered",
        "everybody in, one handshake each, nothing lost",
    ]
    return table(header, rows)


def rules(costs: RuleCosts) -> str:
    """Server CPU per request and what of it comes with the rules, the decision alone, and the time until rules hold."""
    counts = [f"{count:,}" for count in COUNTS]
    requests = [
        [curve.name, curve.place, *(_above_one_rule(curve, count) for count in COUNTS)]
        for curve in (*costs.requests, *costs.answering, *costs.decisions)
    ]
    times = [
        *(_seconds(f"{curve.name}: checked", curve) for curve in costs.checks),
        *(_seconds(f"{curve.name}: from reload to answer", curve) for curve in costs.reloads),
    ]
    return "\n".join(
        [
            table(["us, median (above one rule); number of rules:", "the rule asked for", *counts], requests),
            table(["seconds, median; number of rules:", *counts], times),
        ]
    )


def drain(runs: Sequence[Drained]) -> str:
    """Records a second into each database, and what of the CPU time is this process's."""
    rows = []
    for database, wanted in DRAIN_RATES.items():
        found = [run for run in runs if run.database == database]
        rate = statistics.median(run.rate for run in found)
        own, server = (statistics.median(getattr(run, name) for run in found) for name in ("process_us", "server_us"))
        cells = [f"{rate:,.0f}", f"{own:.1f}", f"{server:.1f}" if server else "-"]
        rows.append([database, *cells, f"{wanted:,}: {_verdict(met=rate >= wanted)}"])
    header = ["database", "records/s (median)", "CPU of nac, us", "CPU of the database server, us", "at least"]
    return table(header, rows)


def catch_up(result: CatchUp) -> str:
    """Logins a second with and without a backlog, and how much of it was stored meanwhile and afterwards."""
    without, during = (
        statistics.median(float(run["rate"]) for run in runs) for runs in (result.without, result.during)
    )
    stored, after = statistics.median(result.behind) / DURATION_S, statistics.median(result.after)
    rows = [
        ["nothing waits", f"{without:,.0f}", "-"],
        [f"{BACKLOG:,} records wait", f"{during:,.0f}", f"{stored:,.0f}"],
        ["the same, once nobody logs in", "-", f"{after:,.0f}"],
    ]
    said = f"{result.ratio:.2f} of the logins while catching up (at least {CATCH_UP_RATIO})"
    verdict = _verdict(met=result.ratio >= CATCH_UP_RATIO)
    return f"{table(['', 'logins/s (median)', 'records stored/s'], rows)}\n{said}: {verdict}.\n"


def _above_one_rule(curve: Curve, count: int) -> str:
    one = min(COUNTS)
    above = curve.median(count) - curve.median(one)
    return _microseconds(curve.median(count)) + ("" if count == one else f" ({_microseconds(above, sign='+')})")


def _microseconds(us: float, *, sign: str = "") -> str:
    return f"{us:{sign},.{1 if abs(us) >= 10 else 2}f}"


def _seconds(label: str, curve: Curve) -> list[str]:
    return [label, *(f"{curve.median(count):.2f}" for count in COUNTS)]


def accounting(found: Sequence[Accounting]) -> str:
    """Rate, CPU and latency of accounting, and how nac stands beside the others."""
    rows = [
        [
            one.server,
            "yes" if one.durable else "no",
            f"{one.rate:,.0f}",
            f"{one.cpu_us:.1f}",
            f"{one.answering_us:.1f}" if one.answering_us else "-",
            f"{one.p99_ms:.1f}",
        ]
        for one in found
    ]
    header = ["", "on disk before the answer", "a second", "CPU us per request", "of it, to the answer"]
    return table([*header, "p99 at half the rate, ms"], rows) + _beside(found)


def _beside(found: Sequence[Accounting]) -> str:
    by_name = {one.server: one for one in found}
    nac, said = by_name.get("nac"), []
    if nac and (detail := by_name.get(DETAIL)):
        faster = nac.rate / detail.rate
        said.append(f"{faster:.2f} of the text file's rate (at least 1, {_verdict(met=faster >= 1)})")
        said.append(f"to the answer {_held(nac.answering_us / detail.cpu_us, 0.5)} of its CPU")
        said.append(f"all of nac {nac.cpu_us / detail.cpu_us:.2f} of it")
    if nac and (database := by_name.get(POSTGRESQL)):
        faster = nac.rate / database.rate
        said.append(f"{faster:.1f} times PostgreSQL's rate (at least 10, {_verdict(met=faster >= 10)})")
    if nac:
        met = _verdict(met=nac.p99_ms < ACCOUNTING_P99_LIMIT_MS)
        said.append(f"p99 {nac.p99_ms:.1f} ms (below {ACCOUNTING_P99_LIMIT_MS}, {met})")
    return f"\nnac: {'; '.join(said)}.\n" if said else ""


def shares(found: Mapping[str, float]) -> str:
    """Parts of the samples."""
    return table(list(found), [[f"{share:.0%}" for share in found.values()]])


def _verdict(*, met: bool) -> str:
    return "met" if met else "**not met**"


def table(header: list[str], rows: list[list[str]]) -> str:
    """A table in markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)

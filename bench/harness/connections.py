# SPDX-License-Identifier: Apache-2.0
"""The connections group: one server process holds a growing number of connections, each of which echoes now and then."""
from functools import partial

from . import limits
from .echo import PROGRAMS
from .machine import CLIENT_CORE, SERVER_CORE
from .model import Case, Entry, Group
from .paths import OUT
from .programs import peer_program, run_reporting
from .servers import announcing

STEPS = [1_000, 10_000, 100_000, 1_000_000]
LONG_STEP = 100_000  # from here on a round takes a minute, and there is one
# Each connection echoes once in a period: as long as makes RATE echoes a second of all, and never above a minute.
RATE = 2000
LONGEST_PERIOD = 60
SECONDS = 5  # or one period, where that is longer
RAW = "raw-epoll"
PEERS = [RAW, "raw-io_uring", "corolla", "corolla-io_uring", "corolla-sockets", "corolla-streams", "corolla-protocol"]

MEMORY_GOAL = 1024  # bytes for an idle connection
# At most so many times worse than in the first step.
FLAT = {"accepts_per_s": 1.5, "accept_cpu_us": 1.5, "cpu_us": 1.5, "p50_us": 1.5, "p99_us": 2.0}
FLAT_PEERS = ["corolla", "corolla-io_uring"]


def _entry(peer, connections, scale):
    argv, available = PROGRAMS[peer]
    rate = max(RATE, connections / LONGEST_PERIOD)
    echoes = max(1, round(max(connections, SECONDS * rate) * scale))

    def can_run():
        available()
        peer_program("connections_load", "raw")()

    def measure(_context):
        # a fresh server each time, on the core that is under test; the client has the other one
        with announcing(argv, core=CLIENT_CORE) as server:
            load = [OUT / "connections_load", server.port, server.pid, connections, echoes, rate]
            # a connection that is slow to make, as on an emulated machine, is waited for
            return run_reporting(load, ops=echoes, cores=SERVER_CORE, servers=[server], timeout=600 + connections / 500)

    return Entry(peer, measure, can_run, limit=peer == RAW, yardstick=peer not in (RAW, "corolla"))


def _period(connections):
    period = min(connections / RATE, LONGEST_PERIOD)
    return f"{period:g} s"


def _cases(scale):
    return [Case(f"connections-{connections}", "cpu", [_entry(peer, connections, scale) for peer in PEERS],
                 f"{connections:,} connections held, each echoes 64 B every {_period(connections)}; the server's CPU and memory",
                 setup=partial(limits.for_connections, connections), most_runs=1 if connections >= LONG_STEP else 1000)
            for connections in STEPS]


def _verdict(met, text):
    return f"goal {'met' if met else 'NOT met'}: {text}"


def _growth(rows, case, peer):
    """How many times worse each figure of FLAT is than in the first step; nothing where one of the two did not run."""
    first, row = rows.get((f"connections-{STEPS[0]}", peer)), rows.get((case, peer))
    if not first or not row or first is row:
        return {}
    before, now = ({"cpu_us": each.figure} | each.extra() for each in (first, row))
    return {name: before[name] / now[name] if name == "accepts_per_s" else now[name] / before[name] for name in FLAT}


def _conclude_step(rows, case):
    for peer in (peer for peer in PEERS if peer.startswith("corolla") and (case, peer) in rows):
        each = rows[case, peer].extra()["bytes_each"]
        yield _verdict(each <= MEMORY_GOAL, f"{case}, {peer}: {each:.0f} B for an idle connection (at most {MEMORY_GOAL})")
    raw = _growth(rows, case, RAW)
    for peer in FLAT_PEERS:
        if growth := _growth(rows, case, peer):
            shown = ", ".join(f"{name} {growth[name]:.2f} (at most {bound}" + (f", {RAW} {raw[name]:.2f})" if raw else ")")
                              for name, bound in FLAT.items())
            yield _verdict(all(growth[name] <= bound for name, bound in FLAT.items()),
                           f"{case}, {peer}, times worse than with {STEPS[0]:,} connections: {shown}")


def _conclude(rows):
    lines, ran = [], {case for case, _peer in rows}
    for case in (f"connections-{connections}" for connections in STEPS):
        lines += _conclude_step(rows, case) if case in ran else [f"goals open: {case} did not run"]
    return lines


GROUP = Group("connections", _cases, _conclude)

# SPDX-License-Identifier: Apache-2.0
"""The runtime group: what a task, an await, a timer, a call from another thread cost."""
from .machine import BOTH_CORES, CLIENT_CORE
from .model import Case, Entry, Group
from .paths import BIN, OUT, PEERS, PYTHON
from .programs import corolla_program, peer_program, python_module, run_reporting

# name: (what one operation is, N on the command line, operations for each N, N of the Python peers where smaller)
CASES = {
    "call": ("one co_await of a coroutine", 1_000_000, 1, None),
    "spawn": ("create and await one task", 1_000_000, 1, None),
    "gather": ("one yield; 100,000 tasks of 10, started and gathered", 100_000, 10, None),
    "queue": ("one item through a bounded queue of 100", 5_000_000, 1, 500_000),
    "lock": ("one locked section with a yield inside; 100 tasks", 1_000_000, 1, None),
    "timers": ("one timer; nine in ten are cancelled, the rest run", 1_000_000, 1, None),
    "xthread": ("one call into the loop from another thread; CPU of both", 1_000_000, 1, None),
    "executor": ("one round trip to a pool of 4 threads, 100 in flight; CPU of all", 200_000, 1, None),
    "idle": ("one task that sleeps 10 s; see bytes_per_task", 1_000_000, 1, 100_000),
}
THREADED = ("xthread", "executor")
EVERY = tuple(CASES)


def _python(loop):
    modules = ["asyncio"] if loop == "asyncio" else ["uvloop"]
    return [PYTHON, PEERS / "py" / "runtime.py", loop], python_module(*modules), EVERY


PROGRAMS = {
    "floor-c++": ([OUT / "floor"], peer_program("floor", "raw"), tuple(c for c in CASES if c != "executor")),
    "boost-asio": ([OUT / "asio_runtime"], peer_program("asio_runtime", "asio"), EVERY),
    "libuv": ([OUT / "uv_runtime"], peer_program("uv_runtime", "uv"), ("timers", "xthread", "executor", "idle")),
    "go": ([OUT / "gobench"], peer_program("gobench", "go"), tuple(c for c in CASES if c != "call")),
    "tokio": ([OUT / "rust_bench"], peer_program("rust_bench", "rust"), EVERY),
    "asyncio": _python("asyncio"),
    "uvloop": _python("uvloop"),
    "corolla": ([BIN / "bench_runtime"], corolla_program("bench_runtime"), EVERY),
}


def _entry(case, peer, scale):
    argv, available, _cases = PROGRAMS[peer]
    _what, usual, per_n, python_n = CASES[case]
    small = python_n if argv[0] == PYTHON and python_n else usual
    n = max(1000, int(small * scale))
    n -= n % 1000  # whole shares for 100 tasks
    cores = BOTH_CORES if case in THREADED else CLIENT_CORE

    def measure(_context):
        return run_reporting([*argv, case, n], ops=n * per_n, cores=cores)

    # Go's pool runs goroutines, libuv's idle case bare timers: shown, but no rivals of the same kind
    other_kind = (case, peer) in (("executor", "go"), ("idle", "libuv"))
    return Entry(peer, measure, available, limit=peer == "floor-c++", yardstick=other_kind)


def _cases(scale):
    return [Case(name, "cpu", [_entry(name, peer, scale) for peer in PROGRAMS if name in PROGRAMS[peer][2]], what)
            for name, (what, *_) in CASES.items()]


# case: (against "peer" or "limit", factor): corolla's figure is at most the other's times the factor
GOALS = {"call": ("limit", 1.2), "spawn": ("peer", 1 / 6), "gather": ("peer", 1 / 1.8), "queue": ("peer", 1 / 2.5),
         "lock": ("peer", 1 / 4), "timers": ("peer", 1 / 3), "xthread": ("peer", 1.0), "executor": ("peer", 1.0)}
IDLE_BYTES = 256


def _conclude(rows):
    for case, (against, factor) in GOALS.items():
        mine = rows.get((case, "corolla"))
        others = [row for (name, peer), row in rows.items() if name == case and peer != "corolla"
                  and (row.limit if against == "limit" else not row.limit and not row.yardstick)]
        if not mine or not others:
            continue
        best = min(others, key=lambda row: row.figure)
        ratio = mine.figure / best.figure
        verdict = "reached" if ratio <= factor else "MISSED"
        yield f"goal {case}: ≤ {factor:.2f} × {best.peer} in CPU: {ratio:.2f} × – {verdict}"
    sleepers = rows.get(("idle", "corolla"))
    if sleepers:
        size = sleepers.extra().get("bytes_per_task", float("inf"))
        yield f"goal idle: ≤ {IDLE_BYTES} bytes a task: {size:.0f} – {'reached' if size <= IDLE_BYTES else 'MISSED'}"


GROUP = Group("runtime", _cases, conclude=_conclude)

# SPDX-License-Identifier: Apache-2.0
"""The runtime group: what a task, an await, a timer, a call from another thread cost."""
from .machine import BOTH_CORES, CLIENT_CORE
from .model import Case, Entry, Group
from .paths import BIN, OUT, PEERS, PYTHON
from .programs import corolla_program, peer_program, python_module, run_reporting
from .table import aligned

# name: (what one operation is, N on the command line, operations for each N, N of the Python peers where smaller)
CASES = {
    "call": ("one co_await of a coroutine", 1_000_000, 1, None),
    "spawn": ("create and await one task", 1_000_000, 1, None),
    "gather": ("one yield; 100,000 tasks of 10, started and gathered", 100_000, 10, None),
    "queue": ("one item through a bounded queue of 100", 5_000_000, 1, 500_000),
    "lock": ("one locked section with a yield inside; 100 tasks", 1_000_000, 1, None),
    "timers": ("one timer; nine in ten are cancelled, the rest run", 1_000_000, 1, None),
    "cancel-1": ("one waiting task cancelled and joined; the levels it unwinds count themselves", 100_000, 1, None),
    "cancel-5": ("the same with five coroutines that await each other; see us_per_level", 100_000, 1, None),
    "xthread": ("one call into the loop from another thread; CPU of both", 1_000_000, 1, None),
    "executor": ("one round trip to a pool of 4 threads, 100 in flight; CPU of all", 200_000, 1, None),
    "idle": ("one task that sleeps 10 s; see bytes_per_task", 1_000_000, 1, 100_000),
}
THREADED = ("xthread", "executor")
EVERY = tuple(CASES)
CANCEL = ("cancel-1", "cancel-5")


def _but(*cases):
    return tuple(case for case in CASES if case not in cases)


def _python(loop):
    modules = ["asyncio"] if loop == "asyncio" else ["uvloop"]
    return [PYTHON, PEERS / "py" / "runtime.py", loop], python_module(*modules), EVERY


PROGRAMS = {
    "floor-c++": ([OUT / "floor"], peer_program("floor", "raw"), _but("executor", *CANCEL)),
    "boost-asio": ([OUT / "asio_runtime"], peer_program("asio_runtime", "asio"), EVERY),
    "libuv": ([OUT / "uv_runtime"], peer_program("uv_runtime", "uv"), ("timers", "xthread", "executor", "idle")),
    "go": ([OUT / "gobench"], peer_program("gobench", "go"), _but("call", *CANCEL)),
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


# case: (against "peer" or "limit", factor, its name): corolla's figure is at most the other's times the factor
RATIOS = {"call": ("limit", 1.2, "≤ 1.2 × floor"), "spawn": ("peer", 1 / 6, "≤ best peer ÷ 6"),
          "gather": ("peer", 1 / 1.8, "≤ best peer ÷ 1.8"), "queue": ("peer", 1 / 2.5, "≤ best peer ÷ 2.5"),
          "lock": ("peer", 1 / 4, "≤ best peer ÷ 4"), "timers": ("peer", 1 / 3, "≤ best peer ÷ 3"),
          "xthread": ("peer", 1.0, "≤ best peer"), "executor": ("libuv", 1.0, "≤ libuv"),
          "cancel-1": ("asyncio", 1 / 3, "≤ CPython ÷ 3"), "cancel-5": ("asyncio", 1 / 3, "≤ CPython ÷ 3")}
# case: what a program reports besides, its bound
BOUNDS = {"cancel-1": [("us_per_level", 1.0, "µs")], "cancel-5": [("us_per_level", 1.0, "µs")],
          "idle": [("bytes_per_task", 256, "bytes"), ("over_s", 0.3, "s above the 10")]}


def _other(rows, case, against):
    """The row to compare with, from this run only; None when no such program ran."""
    others = {peer: row for (name, peer), row in rows.items() if name == case and peer != "corolla"}
    if against in others:
        return others[against]
    if against == "limit":
        chosen = [row for row in others.values() if row.limit]
    elif against == "peer":
        chosen = [row for row in others.values() if not row.limit and not row.yardstick]
    else:
        chosen = []
    return min(chosen, key=lambda row: row.figure, default=None)


def _ratio_goal(rows, case):
    against, factor, name = RATIOS[case]
    mine, other = rows[case, "corolla"], _other(rows, case, against)
    if not other:
        return [case, f"{mine.figure:.4f} µs", "–", "–", name, "not judged: nothing to compare with in this run"]
    ratio = mine.figure / other.figure
    return [case, f"{mine.figure:.4f} µs", f"{other.peer} {other.figure:.4f} µs", f"{ratio:.3f}",
            f"{name} ({factor:.3f})", "pass" if ratio <= factor else "MISS"]


def _bound_goal(rows, case, key, bound, unit):
    value = rows[case, "corolla"].extra().get(key)
    if value is None:
        return [case, "–", "–", "–", f"≤ {bound} {unit}", f"not judged: no {key}"]
    return [case, f"{value:.4g} {unit}", "–", "–", f"≤ {bound} {unit}", "pass" if value <= bound else "MISS"]


def _conclude(rows):
    lines = [["case", "corolla", "against", "ratio", "goal", "verdict"]]
    for case in CASES:
        if (case, "corolla") not in rows:
            continue
        if case in RATIOS:
            lines.append(_ratio_goal(rows, case))
        lines += [_bound_goal(rows, case, *bound) for bound in BOUNDS.get(case, [])]
    if len(lines) == 1:
        return
    yield "\ngoals (CPU per operation, medians of this run)"
    yield from aligned(lines)
    absent = [peer for peer in PROGRAMS if not any(ran == peer for _case, ran in rows)]
    yield "no peer here, so never the best one: libcoro, which Debian does not package" + (
        "; did not run: " + ", ".join(absent) if absent else "")


GROUP = Group("runtime", _cases, conclude=_conclude)

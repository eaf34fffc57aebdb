# SPDX-License-Identifier: Apache-2.0
"""What a benchmark is made of: a Case has Entries (one program each), a Row is what an Entry showed over its runs."""
import statistics
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field


class Unavailable(Exception):
    """A peer cannot be run here; the text says why."""


class CheckFailed(Exception):
    """A program ran but did not do its work; the text says what was wrong."""


@dataclass
class Run:
    ops: int
    seconds: float
    cpu: float
    rss_mib: float
    extra: dict = field(default_factory=dict)
    others: float = 0.0  # share of the machine used by other processes meanwhile

    @property
    def ops_per_s(self):
        return self.ops / self.seconds

    @property
    def cpu_us(self):
        return self.cpu / self.ops * 1e6


@dataclass
class Entry:
    """One program in a case. measure(context) runs it once and returns a Run, or raises CheckFailed."""
    peer: str
    measure: Callable
    available: Callable = lambda: None  # raises Unavailable
    limit: bool = False  # this one is the raw limit of the case
    yardstick: bool = False  # shown, but neither a peer nor the limit


@dataclass
class Case:
    name: str
    figure: str  # which figure the ratios compare: "cpu" (per operation) or "wall" (per operation)
    entries: list
    what: str  # a line for the table's head and --list
    setup: Callable[[], AbstractContextManager] = nullcontext  # servers; its value is the entries' context
    most_runs: int = 1000  # for cases whose time is all waiting


@dataclass
class Group:
    name: str
    cases: Callable[[float], list]  # scale -> cases
    conclude: Callable = lambda rows: []  # rows by (case, peer) -> lines about the goals


class Row:
    """The medians of the runs that succeeded."""

    def __init__(self, case, entry, runs):
        self.case, self.peer, self.limit, self.runs = case.name, entry.peer, entry.limit, runs
        self.yardstick, self.figure_name = entry.yardstick, case.figure

    def median(self, of):
        return statistics.median(getattr(run, of) for run in self.runs)

    def spread(self, of):
        values = [getattr(run, of) for run in self.runs]
        return min(values), max(values)

    @property
    def figure(self):
        return self.median("cpu_us") if self.figure_name == "cpu" else 1 / self.median("ops_per_s")

    def extra(self):
        """Medians of what a program reported besides, where it is a number."""
        result = {}
        for key in self.runs[0].extra:
            values = [run.extra[key] for run in self.runs if isinstance(run.extra.get(key), (int, float))]
            if values:
                result[key] = statistics.median(values)
        return result

    def record(self):
        """The line of GROUP.jsonl."""
        low, high = self.spread("ops_per_s")
        cpu_low, cpu_high = self.spread("cpu_us")
        return {"bench": self.case, "peer": self.peer, "ops": self.runs[0].ops,
                "seconds": round(self.median("seconds"), 6), "ops_per_s": round(self.median("ops_per_s"), 3),
                "cpu_us_per_op": round(self.median("cpu_us"), 5), "rss_mib": round(self.median("rss_mib"), 1),
                "runs": len(self.runs), "ops_per_s_min": round(low, 3), "ops_per_s_max": round(high, 3),
                "cpu_us_per_op_min": round(cpu_low, 5), "cpu_us_per_op_max": round(cpu_high, 5),
                "others_cpu": round(max(run.others for run in self.runs), 3), "extra": self.extra()}

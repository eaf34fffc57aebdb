# SPDX-License-Identifier: Apache-2.0
"""Prepares, runs the cases of the groups asked for, prints and writes what came out."""
import argparse
import subprocess
import sys
import time

from . import connections, crawl, echo, http, machine, programs, runtime, table, tls
from .model import CheckFailed, Row, Unavailable
from .paths import OUT, PEERS, ROOT

GROUPS = {group.name: group for group in (crawl.GROUP, runtime.GROUP, echo.GROUP, connections.GROUP, tls.GROUP, http.GROUP)}
COROLLA_TARGETS = {"crawl": ["corolla", "bench_crawl"], "runtime": ["bench_runtime"], "echo": ["bench_echo"],
                   "connections": ["bench_echo"], "tls": ["bench_tls"], "http": ["bench_http", "bench_crawl"]}


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Compares corolla with its peers.")
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=" ".join(GROUPS))
    parser.add_argument("--peers", type=lambda text: text.split(","), metavar="A,B", help="only these programs")
    parser.add_argument("--cases", type=lambda text: text.split(","), metavar="A,B", help="only these cases")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="rounds; the median counts (default 5)")
    parser.add_argument("--scale", type=float, default=1.0, metavar="X",
                        help="multiplies the amount of work (0.1: a quick look; only 1 is comparable)")
    parser.add_argument("--list", action="store_true", help="name the cases and their programs, run nothing")
    parser.add_argument("--no-build", action="store_true", help="use what is built and installed already")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.groups if name not in GROUPS]
    if unknown or not (options.groups or options.list):
        parser.error(f"unknown group {' '.join(unknown)}" if unknown else "name a group: " + " ".join(GROUPS))
    if options.runs < 1 or options.scale <= 0:
        parser.error("--runs and --scale are positive")
    return options


def select(options):
    """The chosen cases by group, each with the chosen entries."""
    chosen = {}
    for name in options.groups or GROUPS:
        cases = GROUPS[name].cases(options.scale)
        if options.cases:
            cases = [case for case in cases if case.name in options.cases]
        for case in cases:
            if options.peers:
                case.entries = [entry for entry in case.entries if entry.peer in options.peers]
        chosen[name] = [case for case in cases if case.entries]
    return chosen


def run_step(step):
    """Runs a step of the build, its output on standard error. False when it failed, which is told."""
    text = " ".join(str(word) for word in step)
    print(f"+ {text}", file=sys.stderr, flush=True)
    try:
        code = subprocess.run(step, cwd=ROOT, stdout=sys.stderr, check=False).returncode
    except OSError as error:  # cmake, or the script itself, is missing
        print(f"{text}: {error}", file=sys.stderr)
        return False
    if code:
        print(f"{text}: exit code {code}", file=sys.stderr)
    return code == 0


def build(groups):
    """Packages, peers, corolla. What cannot be built is named again beside each case that needs it."""
    for step in ([ROOT / "scripts" / "setup", "--bench"], [PEERS / "build"]):
        run_step(step)
    configured = run_step(["cmake", "--preset", "release"])
    for target in (target for group in groups for target in COROLLA_TARGETS[group]):
        # one by one: a target that cannot be built must not take the others along
        if not configured or not run_step(["cmake", "--build", "--preset", "release", "--target", target]):
            programs.failed_targets.add(target)


def run_case(case, rounds):
    """Every program in turn, round after round. Gives the rows and [(peer, what went wrong)]."""
    ready, failures = [], []
    for entry in case.entries:
        try:
            entry.available()
            ready.append(entry)
        except Unavailable as reason:
            failures.append((entry.peer, f"peer {entry.peer} not available: {reason}"))
    runs = {entry.peer: [] for entry in ready}
    if ready:
        try:
            with case.setup() as context:
                for turn in range(min(rounds, case.most_runs)):
                    for entry in ready:
                        progress = f"  {case.name} {turn + 1}/{min(rounds, case.most_runs)} {entry.peer}"
                        print(progress, file=sys.stderr, flush=True)
                        try:
                            runs[entry.peer].append(entry.measure(context))
                        except CheckFailed as problem:
                            failures.append((entry.peer, f"FAILED in round {turn + 1}: {problem}"))
        except (Unavailable, CheckFailed) as problem:
            failures.append(("SKIPPED", str(problem)))
    return [Row(case, entry, runs[entry.peer]) for entry in ready if runs[entry.peer]], failures


def run_group(group, cases, rounds, partial):
    started = time.strftime("%Y-%m-%d %H:%M:%S")
    print(f"\n# {group.name}, {started}, {rounds} round(s); {machine.describe()}")
    rows, problems = [], 0
    for case in cases:
        case_rows, failures = run_case(case, rounds)
        table.print_table(case, case_rows, failures)
        sys.stdout.flush()
        rows += case_rows
        problems += sum("FAILED" in text for _peer, text in failures)
    for line in group.conclude({(row.case, row.peer): row for row in rows}):
        print(line)
    print(f"written: {table.write_records(group.name, rows, started, partial).relative_to(ROOT)}")
    return problems


def main(arguments):
    options = parse_arguments(arguments)
    chosen = select(options)
    if options.list:
        for name, cases in chosen.items():
            for case in cases:
                print(f"{name}: {case.name}: {case.what}\n    " + " ".join(entry.peer for entry in case.entries))
        return 0
    if not options.no_build:
        build(chosen)
    if not (OUT / "measure").exists():
        print("bench: build/bench/measure is missing: run bench/peers/build", file=sys.stderr)
        return 1
    partial = bool(options.cases or options.peers)
    problems = sum(run_group(GROUPS[name], cases, options.runs, partial) for name, cases in chosen.items())
    return 1 if problems else 0

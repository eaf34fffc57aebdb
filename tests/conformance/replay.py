#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Replays recorded programs on the interpreter and compares the traces line by line.

    replay.py INTERPRETER CORPUS.jsonl[.gz]...                   the traces are equal
    replay.py --destroy INTERPRETER CORPUS...                    and the loop may be destroyed after each of its
                                                                 iterations: nothing is left alive
    replay.py --destroy --shard 1/2 INTERPRETER CORPUS...        likewise for the first half of the programs

A corpus has one object a line: {"program": {...}, "trace": [...]}, the trace as CPython 3.13's asyncio gave it. With
--report FILE each program counts as a case in a report as GoogleTest writes it. The last line is
"N passed, N failed".
"""
import argparse
import gzip
import itertools
import json
import pathlib
import re
import subprocess
import sys
import threading
import xml.etree.ElementTree as ElementTree

END = "%%END"
CONTEXT = 12
MOST_SHOWN = 5


def read_corpus(path):
    """(name, program as JSON, expected trace) of each program."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            item = json.loads(line)
            yield f"{path.name.split('.')[0]}:{number}", json.dumps(item["program"]), item["trace"]


class Interpreter:
    """One process that serves all programs. What it writes to standard error is shown only if it dies."""

    def __init__(self, words):
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True, encoding="utf-8")
        self.errors = []
        self.reader = threading.Thread(target=self._keep_errors, daemon=True)
        self.reader.start()

    def _keep_errors(self):
        for line in self.process.stderr:
            self.errors.append(line)
            del self.errors[:-200]

    def run(self, program):
        """The lines it prints; None when it died."""
        lines = []
        try:
            self.process.stdin.write(program + "\n")
            self.process.stdin.flush()
            for line in self.process.stdout:
                if line == END + "\n":
                    return lines
                lines.append(line.rstrip("\n"))
        except BrokenPipeError:
            pass
        return None

    def last_words(self):
        self.process.wait()
        self.reader.join()
        return f"the interpreter ended with status {self.process.returncode}\n" + "".join(self.errors)

    def close(self):
        """True when it ended as it should once there was no more to do (a leak found at exit is a failure, too)."""
        self.process.stdin.close()
        return self.process.wait() == 0


def difference(expected, got):
    """A readable account of the first difference; empty when there is none."""
    for number, (want, have) in enumerate(itertools.zip_longest(expected, got), 1):
        if want != have:
            before = "".join(f"    {line}\n" for line in expected[max(0, number - 1 - CONTEXT):number - 1])
            return (f"first difference at line {number}\n{before}"
                    f"  - {'(end of trace)' if want is None else want}\n"
                    f"  + {'(end of trace)' if have is None else have}\n")
    return ""


def destroy_difference(expected, got):
    """With --destroy a last line says how many times the loop was destroyed."""
    count = re.fullmatch(r"destroyed (\d+)", got[-1]) if got else None
    if not count:
        return "\n".join(got[-CONTEXT:] or ["no verdict"]) + "\n"
    if int(count[1]) < 1:
        return "the program was never interrupted\n"
    return difference(expected, got[:-1])


def write_report(path, results):
    suite = ElementTree.Element("testsuites")
    for name, problem in results:
        case = ElementTree.SubElement(suite, "testcase", name=name, classname="conformance", status="run",
                                      result="completed")
        if problem:
            ElementTree.SubElement(case, "failure").text = problem
    path.parent.mkdir(parents=True, exist_ok=True)
    ElementTree.ElementTree(suite).write(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--destroy", action="store_true")
    parser.add_argument("--shard", default="1/1", metavar="I/N", help="the I-th of N equal parts of the programs")
    parser.add_argument("--report", type=pathlib.Path)
    parser.add_argument("interpreter")
    parser.add_argument("corpus", nargs="+", type=pathlib.Path)
    args = parser.parse_args()
    compare = destroy_difference if args.destroy else difference
    interpreter = Interpreter([args.interpreter, "--destroy-steps" if args.destroy else "-b"])
    results = []
    shard, shards = (int(number) for number in args.shard.split("/"))
    programs = itertools.chain.from_iterable(read_corpus(path) for path in args.corpus)
    got = None
    for name, program, expected in itertools.islice(programs, shard - 1, None, shards):
        got = interpreter.run(program)
        problem = interpreter.last_words() if got is None else compare(expected, got)
        if problem and sum(1 for _, earlier in results if earlier) < MOST_SHOWN:
            print(f"FAIL {name}\n{problem}", flush=True)
        results.append((name, problem))
        if got is None:
            break
    if got is not None and not interpreter.close():
        results.append(("end of input", interpreter.last_words()))
        print(results[-1][1])
    if args.report:
        write_report(args.report, results)
    failed = sum(1 for _, problem in results if problem)
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed or not results else 0


if __name__ == "__main__":
    sys.exit(main())

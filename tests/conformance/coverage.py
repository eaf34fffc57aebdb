#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts in how many programs of the corpus each feature of the generator really ran: its statements stand in the trace.

    coverage.py --at-least N FEATURES.txt CORPUS.jsonl[.gz]...

Prints one line a feature. Exit status 1 when a feature ran in fewer than N programs.
"""
import argparse
import pathlib
import re
import sys

from replay import read_corpus

# What shows in an event (a line of the trace without its time and actor) that a feature ran.
EVENTS = {
    "core": r"begin|> (sleep|yield|await|call)\b",
    "try": r"caught |finally$|reraise$",
    "cancel": r"cancel \S+ = ",
    "gather": r"(> )?gather ",
    "wait": r"> wait ",
    "waitfor": r"> wait_for ",
    "ascompleted": r"> as_completed ",
    "shield": r"(> )?shield ",
    "taskgroup": r"> taskgroup ",
    "timeout": r"> timeout ",
    "lock": r"> (enter|acquire) L\d",
    "semaphore": r"> (enter|acquire) S\d",
    "bsemaphore": r"> (enter|acquire) B\d",
    "event": r"> ev_wait |ev_",
    "condition": r"> cond_wait",
    "barrier": r"> barrier_",
    "queue": r"> (put|get|join) |(put|get)_nowait ",
    "qshutdown": r"q_shutdown ",
    "callbacks": r"call_(soon|later|at) ",
    "futures": r"(future|set_result|set_exception|add_done_callback|remove_done_callback) ",
    "uncancel": r"(uncancel|cancelling) ",
    "introspect": r"(all_tasks|current_task) |(done|cancelled|result|exception) \S+ = ",
    "context": r"ctx_(set|get) ",
    "stream": r"> read",
    "eager": r"spawn \S+ eager$",
    "cancelmsg": r".*Cancelled\(",
}
ALWAYS = ["cancelmsg"]  # in the corpus, though no feature that fresh programs are generated with


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--at-least", type=int, required=True, metavar="N")
    parser.add_argument("features", type=pathlib.Path)
    parser.add_argument("corpus", nargs="+", type=pathlib.Path)
    args = parser.parse_args()
    names = [line for line in args.features.read_text().split("\n") if line and not line.startswith("#")] + ALWAYS
    patterns = {name: re.compile(r"^\d+ \S+ (" + EVENTS[name] + ")", re.MULTILINE) for name in names}
    counts = dict.fromkeys(names, 0)
    programs = 0
    for path in args.corpus:
        for _, _, trace in read_corpus(path):
            programs += 1
            text = "\n".join(trace)
            for name, pattern in patterns.items():
                counts[name] += pattern.search(text) is not None
    print(f"{programs} programs; those in which a feature ran:")
    for name, count in counts.items():
        print(f"{count:6} {name}{'' if count >= args.at_least else '  TOO FEW'}")
    return 0 if all(count >= args.at_least for count in counts.values()) else 1


if __name__ == "__main__":
    sys.exit(main())

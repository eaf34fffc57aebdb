#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Records programs with the traces that CPython's asyncio gives, as the corpus has them.

    record.py --features core,try,stream --seeds 1..300 [--size 4] corpus/stream.jsonl.gz
    record.py --programs a.json b.json ... corpus/found.jsonl         programs as they are, added to the file

The generator and the reference are no part of this repository: $COROLLA_ORACLE names their folder. Run it with CPython
3.13, whose asyncio is the one that counts. --containing TEXT keeps programs with TEXT in their traces. --equal INTERPRETER leaves out programs whose traces differ: only for a
feature with documented differences.
"""
import argparse
import gzip
import json
import os
import pathlib
import sys

BASELINE = (3, 13)


def generated(args):
    from features import parse_features
    from gen import generate

    first, _, last = args.seeds.partition("..")
    features = parse_features(args.features)
    for seed in range(int(first), int(last or first) + 1):
        yield generate(seed, args.size, features)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--features")
    parser.add_argument("--seeds", default="1..100")
    parser.add_argument("--size", type=int, default=4)
    parser.add_argument("--programs", nargs="+", type=pathlib.Path, default=[])
    parser.add_argument("--containing", metavar="TEXT", default="")
    parser.add_argument("--equal", metavar="INTERPRETER")
    parser.add_argument("corpus", type=pathlib.Path)
    args = parser.parse_args()
    if sys.version_info[:2] != BASELINE:
        parser.error("the traces of CPython 3.13 are wanted: run it with that")
    if "COROLLA_ORACLE" not in os.environ:
        parser.error("COROLLA_ORACLE must name the folder with the generator")
    sys.path.insert(0, os.environ["COROLLA_ORACLE"])
    from reference import run_program

    interpreter = None
    if args.equal:
        from replay import Interpreter
        interpreter = Interpreter([args.equal, "-b"])
    programs = (json.loads(path.read_text()) for path in args.programs) if args.programs else generated(args)
    lines = []
    for program in programs:
        trace = run_program(program)
        if args.containing not in "\n".join(trace):
            continue
        if interpreter and interpreter.run(json.dumps(program)) != trace:
            continue
        lines.append(json.dumps({"program": program, "trace": trace}, separators=(",", ":")) + "\n")
    if args.corpus.suffix == ".gz":
        with open(args.corpus, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as out:
            out.write("".join(lines).encode())
    else:
        with open(args.corpus, "a", encoding="utf-8") as out:
            out.writelines(lines)
    print(f"{len(lines)} programs in {args.corpus}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

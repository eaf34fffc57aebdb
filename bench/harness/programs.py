# SPDX-License-Identifier: Apache-2.0
"""Starts programs: pinned, timed from outside, their RESULT line read; and says which ones cannot be started."""
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
from functools import lru_cache

from .machine import CLIENT_CORE, OthersWatch
from .model import CheckFailed, Run, Unavailable
from .paths import BIN, OUT, PYTHON, ROOT


NODE_MODULES = "/usr/share/nodejs"  # where Debian has them; a node from elsewhere does not look there
failed_targets = set()  # of corolla's build, in this run: a program left from an earlier one must not stand in


def peer_program(name, built_by):
    """An availability check for a program that bench/peers/build makes; it leaves a log where it failed."""
    def check():
        log = OUT / f"{built_by}.log"
        if log.exists():
            raise Unavailable(f"its build failed, see {log.relative_to(ROOT)}")
        if not (OUT / name).exists():
            raise Unavailable(f"{OUT.relative_to(ROOT) / name} is missing: run bench/peers/build")
    return check


def corolla_program(name):
    """The same for a program of the release preset."""
    def check():
        if name in failed_targets:
            raise Unavailable(f"the release preset cannot build the target {name}")
        if not (BIN / name).exists():
            raise Unavailable(f"{BIN.relative_to(ROOT) / name} is missing")
    return check


@lru_cache
def _import_error(module):
    done = subprocess.run([PYTHON, "-c", f"import {module}"], capture_output=True, text=True, check=False)
    return done.stderr.strip().splitlines()[-1] if done.returncode else ""


def python_module(*modules):
    def check():
        for module in modules:
            if error := _import_error(module):
                raise Unavailable(f"{PYTHON}: {error}")
    return check


def node_module(name):
    def check():
        command("node")()
        done = subprocess.run(["node", "-e", f"require('{name}')"], env={**os.environ, "NODE_PATH": NODE_MODULES},
                              capture_output=True, check=False)
        if done.returncode:
            raise Unavailable(f"node has no module {name}")
    return check


def command(name):
    def check():
        if not shutil.which(name):
            raise Unavailable(f"no {name} on the PATH")
    return check


def run_program(argv, cores=CLIENT_CORE, servers=(), timeout=600, cwd=None, codes=(0,)):
    """Runs argv to its end, which must be with one of the exit codes. Gives its output and what the kernel counted: {"seconds", "cpu", "rss_mib", "others"}."""
    with tempfile.NamedTemporaryFile(prefix="corolla-bench-") as usage:
        watch = OthersWatch(server.pid for server in servers)
        child = subprocess.Popen([str(OUT / "measure"), usage.name, cores, *map(str, argv)], cwd=cwd, text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        try:
            output, errors = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            raise CheckFailed(f"not done after {timeout} s") from None
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)  # its own session: measure and the program
                child.communicate()
        if child.returncode not in codes:
            last = (errors.strip() or output.strip()).splitlines()[-1:] or ["no message"]
            raise CheckFailed(f"exit code {child.returncode}: {last[0][:200]}")
        used = json.load(usage)
    used["others"] = watch.share(used["seconds"], used["cpu"])
    return output, used


def _value(text):
    return float(text) if re.fullmatch(r"-?\d+(\.\d+)?(e[-+]?\d+)?", text) else text


def parse_result(output):
    """The Run in a program's RESULT line."""
    for line in output.splitlines():
        if line.startswith("RESULT "):
            fields = {key: _value(text) for key, text in (item.split("=", 1) for item in line.split()[1:])}
            try:
                run = Run(int(fields["ops"]), fields["s"], fields["cpu"], fields["rss_mib"])
            except (KeyError, ValueError) as error:
                raise CheckFailed(f"bad RESULT line ({error}): {line}") from None
            if run.ops <= 0 or run.seconds <= 0:
                raise CheckFailed(f"no work in the RESULT line: {line}")
            run.extra = {key: fields[key] for key in fields if key not in ("bench", "peer", "ops", "s", "cpu", "rss_mib")}
            return run
    raise CheckFailed("no RESULT line")


def run_reporting(argv, ops=None, **options):
    """Runs a program that measures itself. ops: how much it must have done."""
    output, used = run_program(argv, **options)
    run = parse_result(output)
    if ops is not None and run.ops != ops:
        raise CheckFailed(f"{run.ops} operations instead of {ops}")
    run.others = used["others"]
    return run

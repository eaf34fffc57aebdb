# SPDX-License-Identifier: Apache-2.0
"""The echo group: a server under closed-loop load, one message in flight on each connection."""
from .machine import CLIENT_CORE, SERVER_CORE
from .model import Case, Entry, Group
from .paths import BIN, OUT, PEERS, PYTHON
from .programs import corolla_program, peer_program, python_module, run_reporting
from .servers import announcing

SIZES = [(100, 64), (1000, 64), (100, 16384), (1000, 16384)]  # connections, bytes
SECONDS = 1.5
ECHO_PY = PEERS / "py" / "echo.py"

GOAL = 1.05  # of the raw program on the same interface of the kernel
STREAMS_GOAL = 1.10  # StreamReader and StreamWriter, of the raw socket functions
OUR_LIMITS = {"": "raw-epoll", "-io_uring": "raw-io_uring"}


def _corolla(api, backend):
    return ["env", f"COROLLA_BACKEND={backend}", BIN / "bench_echo", api], corolla_program("bench_echo")


PROGRAMS = {
    "raw-epoll": ([OUT / "echo_epoll"], peer_program("echo_epoll", "raw")),
    "raw-io_uring": ([OUT / "echo_uring"], peer_program("echo_uring", "raw")),
    "boost-asio": ([OUT / "asio_echo"], peer_program("asio_echo", "asio")),
    "libuv": ([OUT / "uv_echo"], peer_program("uv_echo", "uv")),
    "go": ([OUT / "gobench", "echo"], peer_program("gobench", "go")),
    "tokio": ([OUT / "rust_bench", "echo"], peer_program("rust_bench", "rust")),
    "asyncio-protocol": ([PYTHON, ECHO_PY, "asyncio", "protocol"], python_module("asyncio")),
    "asyncio-streams": ([PYTHON, ECHO_PY, "asyncio", "streams"], python_module("asyncio")),
    "uvloop-protocol": ([PYTHON, ECHO_PY, "uvloop", "protocol"], python_module("uvloop")),
    "uvloop-streams": ([PYTHON, ECHO_PY, "uvloop", "streams"], python_module("uvloop")),
    "corolla": _corolla("bytes", "epoll"),
    "corolla-io_uring": _corolla("bytes", "io_uring"),
    "corolla-sockets": _corolla("sockets", "epoll"),
    "corolla-streams": _corolla("streams", "epoll"),
    "corolla-protocol": _corolla("protocol", "epoll"),
}


def _entry(peer, connections, size, seconds):
    argv, available = PROGRAMS[peer]

    def measure(_context):
        # a fresh server each time, on the core that is under test; the load generator has the other one
        with announcing(argv, core=CLIENT_CORE) as server:
            load = [OUT / "loadgen", server.port, connections, size, seconds, server.pid]
            return run_reporting(load, cores=SERVER_CORE, servers=[server])

    # the other interfaces are shown beside the default ones, not as peers of theirs
    beside = peer == "raw-io_uring" or peer.startswith("corolla-")
    return Entry(peer, measure, available, limit=peer == "raw-epoll", yardstick=beside)


def _cases(scale):
    return [Case(f"echo-{connections}-{size}", "cpu",
                 [_entry(peer, connections, size, SECONDS * scale) for peer in PROGRAMS],
                 f"{connections} connections, {size} B messages; the server's CPU and RSS")
            for connections, size in SIZES]


def _goal(rows, case, peer, against, bound):
    ours, other = rows.get((case, peer)), rows.get((case, against))
    if not ours or not other:
        return []
    ratio = ours.figure / other.figure
    return [f"goal {'met' if ratio <= bound else 'NOT met'}: {case}, {peer}: {ratio:.2f} of {against}'s CPU (at most {bound})"]


def _conclude(rows):
    lines = []
    for case in dict.fromkeys(case for case, _ in rows):
        for suffix, limit in OUR_LIMITS.items():
            lines += _goal(rows, case, "corolla" + suffix, limit, GOAL)
        lines += _goal(rows, case, "corolla-streams", "corolla-sockets", STREAMS_GOAL)
    return lines


GROUP = Group("echo", _cases, _conclude)

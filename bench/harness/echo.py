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

PROGRAMS = {
    "raw-epoll": ([OUT / "echo_epoll"], peer_program("echo_epoll", "raw")),
    "boost-asio": ([OUT / "asio_echo"], peer_program("asio_echo", "asio")),
    "libuv": ([OUT / "uv_echo"], peer_program("uv_echo", "uv")),
    "go": ([OUT / "gobench", "echo"], peer_program("gobench", "go")),
    "tokio": ([OUT / "rust_bench", "echo"], peer_program("rust_bench", "rust")),
    "asyncio-protocol": ([PYTHON, ECHO_PY, "asyncio", "protocol"], python_module("asyncio")),
    "asyncio-streams": ([PYTHON, ECHO_PY, "asyncio", "streams"], python_module("asyncio")),
    "uvloop-protocol": ([PYTHON, ECHO_PY, "uvloop", "protocol"], python_module("uvloop")),
    "uvloop-streams": ([PYTHON, ECHO_PY, "uvloop", "streams"], python_module("uvloop")),
    "corolla": ([BIN / "bench_echo"], corolla_program("bench_echo")),
}


def _entry(peer, connections, size, seconds):
    argv, available = PROGRAMS[peer]

    def measure(_context):
        # a fresh server each time, on the core that is under test; the load generator has the other one
        with announcing(argv, core=CLIENT_CORE) as server:
            load = [OUT / "loadgen", server.port, connections, size, seconds, server.pid]
            return run_reporting(load, cores=SERVER_CORE, servers=[server])

    return Entry(peer, measure, available, limit=peer == "raw-epoll")


def _cases(scale):
    return [Case(f"echo-{connections}-{size}", "cpu",
                 [_entry(peer, connections, size, SECONDS * scale) for peer in PROGRAMS],
                 f"{connections} connections, {size} B messages; the server's CPU and RSS")
            for connections, size in SIZES]


GROUP = Group("echo", _cases)

# SPDX-License-Identifier: Apache-2.0
"""The http group: a greeting over kept connections, messages echoed over WebSockets, and HTTP/2."""
from contextlib import contextmanager

from . import http2
from .machine import CLIENT_CORE, SERVER_CORE
from .model import Case, Entry, Group
from .paths import BIN, OUT, PEERS, PYTHON
from .programs import NODE_MODULES, command, corolla_program, node_module, peer_program, python_module, run_reporting
from .servers import announcing, nginx

CONNECTIONS = 100
SECONDS = 1.5
MESSAGES = [64, 16384]  # bytes
PY = PEERS / "py"


def _corolla(work, backend="epoll"):
    return ["env", f"COROLLA_BACKEND={backend}", BIN / "bench_http", work], corolla_program("bench_http")


HELLO = {
    "nginx": (None, command("nginx")),
    "hyper": ([OUT / "rust_bench", "hello"], peer_program("rust_bench", "rust")),
    "boost-beast": ([OUT / "beast_hello"], peer_program("beast_hello", "asio")),
    "go-net/http": ([OUT / "gobench", "hello"], peer_program("gobench", "go")),
    "aiohttp-asyncio": ([PYTHON, PY / "hello.py", "asyncio"], python_module("aiohttp")),
    "aiohttp-uvloop": ([PYTHON, PY / "hello.py", "uvloop"], python_module("aiohttp", "uvloop")),
    "corolla": _corolla("hello"),
    "corolla-io_uring": _corolla("hello", "io_uring"),
    "corolla-application": _corolla("application"),
}
WEBSOCKET = {
    "boost-beast": ([OUT / "beast_websocket"], peer_program("beast_websocket", "asio")),
    "ws": (["env", f"NODE_PATH={NODE_MODULES}", "node", PEERS / "node" / "websocket.js"], node_module("ws")),
    "websockets-asyncio": ([PYTHON, PY / "websocket.py", "asyncio"], python_module("websockets")),
    "websockets-uvloop": ([PYTHON, PY / "websocket.py", "uvloop"], python_module("websockets", "uvloop")),
    "corolla": _corolla("websocket"),
    "corolla-io_uring": _corolla("websocket", "io_uring"),
}


@contextmanager
def _serving(argv):
    """A fresh server, on the core that is under test; the load generator has the other one."""
    with nginx(None, core=CLIENT_CORE) if argv is None else announcing(argv, core=CLIENT_CORE) as server:
        yield server


def _entry(programs, peer, load):
    argv, available = programs[peer]

    def measure(_context):
        with _serving(argv) as server:
            return run_reporting(load(server), cores=SERVER_CORE, servers=[server])

    # what else corolla has is shown beside its default, not as a peer of its own
    return Entry(peer, measure, available, yardstick=peer.startswith("corolla-"))


def _cases(scale):
    seconds = SECONDS * scale
    hello = Case("http-hello", "cpu", [
        _entry(HELLO, peer, lambda server: [OUT / "http_load", server.port, CONNECTIONS, seconds, server.worker()])
        for peer in HELLO], f"GET /hello over {CONNECTIONS} kept connections; the server's CPU and RSS")
    websocket = [Case(f"websocket-{size}", "cpu", [
        _entry(WEBSOCKET, peer, lambda server, size=size: [OUT / "ws_load", server.port, CONNECTIONS, size, seconds, server.pid])
        for peer in WEBSOCKET], f"{size} B messages over {CONNECTIONS} WebSockets; the server's CPU and RSS")
        for size in MESSAGES]
    return [hello, *websocket, *http2.cases(scale)]


def _goal(case, ours, peer, theirs, bound):
    ratio = ours.figure / theirs.figure
    return f"goal {'met' if ratio <= bound else 'NOT met'}: {case}, corolla: {ratio:.2f} of {peer}'s CPU (at most {bound})"


def _conclude(rows):
    """No more CPU than nginx for a greeting, less than each peer for a message, and close to nghttp2's programs."""
    goals = [("http-hello", "nginx", 1.0), *http2.GOALS]
    goals += [(f"websocket-{size}", peer, 1.0) for size in MESSAGES for peer in WEBSOCKET if not peer.startswith("corolla")]
    return [_goal(case, rows[case, "corolla"], peer, rows[case, peer], bound) for case, peer, bound in goals
            if (case, "corolla") in rows and (case, peer) in rows]


GROUP = Group("http", _cases, _conclude)

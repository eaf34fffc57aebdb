# SPDX-License-Identifier: Apache-2.0
"""The http group's cases in HTTP/2, without TLS: a greeting (the server's CPU), and pages over one connection (the client's)."""
import re
from contextlib import ExitStack, contextmanager

from .machine import CLIENT_CORE, SERVER_CORE, tree_seconds
from .model import Case, CheckFailed, Entry, Run
from .pages import COUNT, SIZE, scratch_directory, write_pages
from .paths import BIN
from .programs import command, corolla_program, run_program, run_reporting
from .servers import announcing, nghttpd, nginx

CONNECTIONS, STREAMS = 10, 10  # of the greetings
PAGES_AT_ONCE = 100
GREETINGS, PAGES = 300_000, 50_000
GREETING = "Hello, World!"
GOAL = 1.15


def _h2load(count, connections, streams, targets, **options):
    """Its run, once it has said that every request succeeded; and the bytes of their bodies."""
    argv = ["h2load", "-n", count, "-c", connections, "-m", streams, *targets]
    output, used = run_program(argv, **options)
    requests = re.search(r"requests: \d+ total, \d+ started, \d+ done, (\d+) succeeded", output)
    statuses = re.search(r"status codes: (\d+) 2xx", output)
    data = re.search(r"\((\d+)\) data", output)
    seconds = re.search(r"finished in ([\d.]+)(us|ms|s),", output)
    if not (requests and statuses and data and seconds):
        raise CheckFailed("h2load's output is not understood")
    if int(requests[1]) != count or int(statuses[1]) != count:
        raise CheckFailed(f"{requests[1]} of {count} requests succeeded, {statuses[1]} with a status of 2xx")
    scale = {"us": 1e-6, "ms": 1e-3, "s": 1.0}[seconds[2]]
    run = Run(count, float(seconds[1]) * scale, used["cpu"], used["rss_mib"])
    run.others = used["others"]
    return run, int(data[1])


# -- servers ------------------------------------------------------------------------------------------------------------

@contextmanager
def _nghttpd_greeting():
    with scratch_directory("corolla-greeting-") as directory:
        with open(f"{directory}/hello", "w", encoding="ascii") as page:
            page.write(GREETING)
        with nghttpd(directory, core=CLIENT_CORE) as server:
            yield server


def _corolla(work, backend="epoll"):
    return lambda: announcing(["env", f"COROLLA_BACKEND={backend}", BIN / "bench_http", work], core=CLIENT_CORE)


SERVERS = {
    "nghttpd": (_nghttpd_greeting, command("nghttpd")),
    "nginx": (lambda: nginx(None, core=CLIENT_CORE, http2=True), command("nginx")),
    "corolla": (_corolla("h2c"), corolla_program("bench_http")),
    "corolla-io_uring": (_corolla("h2c", "io_uring"), corolla_program("bench_http")),
}


def _both(*checks):
    def check():
        for each in checks:
            each()
    return check


def _server_entry(peer, scale):
    serving, available = SERVERS[peer]
    count = max(1000, int(GREETINGS * scale))

    def measure(_context):
        with serving() as server:
            worker = server.worker()
            before = tree_seconds(worker)
            run, size = _h2load(count, CONNECTIONS, STREAMS, [f"http://127.0.0.1:{server.port}/hello"],
                                cores=SERVER_CORE, servers=[server])
            if size != count * len(GREETING):
                raise CheckFailed(f"{size} bytes of greetings")
            run.extra["client_cpu"] = run.cpu
            run.cpu = tree_seconds(worker) - before
            run.rss_mib = _peak_mib(worker)
            return run

    return Entry(peer, measure, _both(command("h2load"), available), yardstick=peer.startswith("corolla-"))


def _peak_mib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


# -- clients ------------------------------------------------------------------------------------------------------------

@contextmanager
def _pages():
    with ExitStack() as stack:
        directory = stack.enter_context(scratch_directory("corolla-pages-"))
        write_pages(directory)
        yield stack.enter_context(nginx(directory, http2=True))


def _client_cases(scale):
    count = max(500, int(PAGES * scale))

    def h2load(server):
        paths = [f"http://127.0.0.1:{server.port}/p/{page}.html" for page in range(COUNT)]
        run, size = _h2load(count, 1, PAGES_AT_ONCE, paths, servers=[server])
        if size != count * SIZE:
            raise CheckFailed(f"{size} bytes of pages")
        return run

    def corolla(server):
        run = run_reporting([BIN / "bench_crawl", server.port, count, PAGES_AT_ONCE, "-", "h2c"], ops=count, servers=[server])
        if run.extra["bytes"] != count * SIZE:
            raise CheckFailed(f"{run.extra['bytes']} bytes of pages")
        return run

    return Case("http2-pages", "cpu", [Entry("h2load", h2load, command("h2load")),
                                       Entry("corolla", corolla, corolla_program("bench_crawl"))],
                f"10 KiB pages from nginx over one connection, {PAGES_AT_ONCE} at a time; the client's CPU and RSS", setup=_pages)


def cases(scale):
    hello = Case("http2-hello", "cpu", [_server_entry(peer, scale) for peer in SERVERS],
                 f"GET /hello, {STREAMS} at a time over each of {CONNECTIONS} connections; the server's CPU and RSS")
    return [hello, _client_cases(scale)]


GOALS = [("http2-hello", "nghttpd", GOAL), ("http2-pages", "h2load", GOAL)]

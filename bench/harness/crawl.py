# SPDX-License-Identifier: Apache-2.0
"""The crawl group: a whole site, fields from each page, bare fetching, and the gain of waiting for many at once."""
from contextlib import ExitStack, contextmanager
from functools import partial

from . import servers, site
from .model import Case, Entry, Group
from .pages import scratch_directory, write_pages
from .paths import BIN, OUT, PEERS, PYTHON
from .programs import command, corolla_program, peer_program, python_module, run_reporting

CONNECTIONS = 100
FETCH_PY = PEERS / "py" / "fetch.py"

# Each takes PORT N CONNECTIONS MANIFEST|- and fetches /p/<i % 500>.html?i=<i>.
FETCHERS = {
    "raw-epoll": ([OUT / "fetch_epoll"], peer_program("fetch_epoll", "raw")),
    "raw-epoll-nohash": ([OUT / "fetch_epoll"], peer_program("fetch_epoll", "raw")),
    "boost-beast": ([OUT / "beast_fetch"], peer_program("beast_fetch", "asio")),
    "hyper": ([OUT / "rust_bench", "fetch"], peer_program("rust_bench", "rust")),
    "libcurl-multi": ([OUT / "curl_fetch"], peer_program("curl_fetch", "curl")),
    "go-net/http": ([OUT / "gobench", "fetch"], peer_program("gobench", "go")),
    "aiohttp-asyncio": ([PYTHON, FETCH_PY, "asyncio"], python_module("aiohttp")),
    "aiohttp-uvloop": ([PYTHON, FETCH_PY, "uvloop"], python_module("aiohttp", "uvloop")),
    "scrapy": ([PYTHON, PEERS / "py" / "scrapy_fetch.py"], python_module("scrapy")),
    "corolla": ([BIN / "bench_crawl"], corolla_program("bench_crawl")),
}
SLOW_FETCHERS = ("aiohttp-asyncio", "go-net/http", "hyper", "libcurl-multi", "corolla")
SLOW_PAGES, SLOW_SAMPLE, DELAY_MS = 250, 20, 900


def _site_entry(peer, argv, reference, read_output, available, codes=(0,)):
    def measure(context):
        return site.crawl(context, peer, argv, reference, read_output, codes)

    return Entry(peer, measure, available)


def _site_case():
    return Case("crawl-site", "wall", [
        _site_entry("wget2", site.WGET2_SITE, "wget2", site.wget2_output, command("wget2"), site.WGET2_CODES),
        _site_entry("corolla", site.COROLLA_SITE, "wget2", site.corolla_output, corolla_program("corolla")),
    ], "a whole site from nginx to disk, start-up included; operations are its pages", setup=site.python_documents)


def _fields_case():
    return Case("crawl-fields", "wall", [
        _site_entry("scrapy", site.SCRAPY_FIELDS, "scrapy", site.scrapy_fields, python_module("scrapy")),
        _site_entry("corolla", site.COROLLA_FIELDS, "scrapy", site.corolla_fields, corolla_program("corolla")),
    ], "the same site, title and first heading of each page", setup=site.python_documents)


@contextmanager
def _generated_pages():
    with ExitStack() as stack:
        directory = stack.enter_context(scratch_directory("corolla-pages-"))
        manifest = write_pages(directory)
        yield stack.enter_context(servers.nginx(directory)), manifest


def _pages_case(scale):
    def entry(peer):
        argv, available = FETCHERS[peer]
        count = max(500, int((5_000 if peer == "scrapy" else 50_000) * scale))

        def measure(context):
            server, manifest = context
            given = "-" if peer == "raw-epoll-nohash" else manifest
            return run_reporting([*argv, server.port, count, CONNECTIONS, given], ops=count, servers=[server])

        return Entry(peer, measure, available, limit=peer == "raw-epoll", yardstick=peer == "raw-epoll-nohash")

    return Case("crawl", "cpu", [entry(peer) for peer in FETCHERS],
                "10 KiB pages, 100 keep-alive connections, SHA-256 of each body checked", setup=_generated_pages)


def _slow_case(name, pages, connections, what, most_runs=1000):
    def entry(peer):
        argv, available = FETCHERS[peer]

        def measure(server):
            return run_reporting([*argv, server.port, pages, connections, "-"], ops=pages, servers=[server])

        return Entry(peer, measure, available)

    return Case(name, "wall", [entry(peer) for peer in SLOW_FETCHERS], what,
                setup=partial(servers.delay_server, DELAY_MS), most_runs=most_runs)


def _cases(scale):
    return [
        _site_case(), _fields_case(), _pages_case(scale),
        _slow_case("slow-sequential", SLOW_SAMPLE, 1, "20 of 250 pages of 9.6 kB, each 0.9 s late, one after another",
                   most_runs=1),
        _slow_case("slow-250", SLOW_PAGES, SLOW_PAGES, "250 such pages at once")]


def _verdict(text, ratio, holds):
    return f"goal {text}: {ratio} – {'reached' if holds else 'MISSED'}"


def _conclude(rows):
    def both(case, peer):
        return rows.get((case, "corolla")), rows.get((case, peer))

    mine, wget2 = both("crawl-site", "wget2")
    if mine and wget2:
        ratio = mine.figure / wget2.figure
        yield _verdict("crawl-site: wall ≤ 1.5 × wget2", f"{ratio:.2f} ×", ratio <= 1.5)
    mine, scrapy = both("crawl-fields", "scrapy")
    if mine and scrapy:
        ratio = scrapy.figure / mine.figure
        yield _verdict("crawl-fields: ≥ 15 × faster than Scrapy", f"{ratio:.1f} ×", ratio >= 15)
    mine, raw = both("crawl", "raw-epoll")
    if mine and raw:
        ratio = mine.figure / raw.figure
        yield _verdict("crawl: CPU ≤ 1.2 × raw epoll", f"{ratio:.2f} ×", ratio <= 1.2)
    for peer in SLOW_FETCHERS:
        one, many = rows.get(("slow-sequential", peer)), rows.get(("slow-250", peer))
        if not one or not many:
            continue
        wall = many.median("seconds")
        gain = one.figure * SLOW_PAGES / wall
        line = f"slow-250: {peer} gains {gain:.0f} × over one after another ({one.figure * SLOW_PAGES:.0f} s, extrapolated)"
        if peer == "corolla":
            yield _verdict("slow-250: speed-up ≥ 200 ×, wall ≤ 1.05 s", f"{gain:.0f} ×, {wall:.3f} s",
                           gain >= 200 and wall <= 1.05)
        else:
            yield line


GROUP = Group("crawl", _cases, conclude=_conclude)

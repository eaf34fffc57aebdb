# SPDX-License-Identifier: Apache-2.0
"""Crawls of a whole real site: which commands do it, and what the server and the outputs say they did."""
import json
import shutil
import sqlite3
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from . import servers
from .model import CheckFailed, Run, Unavailable
from .pages import scratch_directory
from .paths import BIN, PEERS, PYTHON
from .programs import run_program

DOCUMENTS = Path("/usr/share/doc/python3.11/html")

# The commands that are compared, {url} and {out} filled in. out is a fresh directory.
COROLLA_SITE = [BIN / "corolla", "crawl", "{url}", "--db", "{out}/crawl.sqlite", "--quiet"]
COROLLA_FIELDS = [*COROLLA_SITE, "--field", "title=css:title", "--field", "h1=css:h1"]
WGET2_SITE = ["wget2", "-q", "-r", "-l", "inf", "--max-threads=16", "--no-robots", "-nH", "-P", "{out}", "{url}"]
WGET2_CODES = (0, 8)  # 8: some links lead nowhere; which pages came is checked anyway
SCRAPY_FIELDS = [PYTHON, PEERS / "py" / "scrapy_fields.py", "{url}", "{out}/items.jsonl"]

# What corolla's database is asked.
COROLLA_PAGES_SQL = "SELECT url FROM pages WHERE status = 200"
COROLLA_ITEMS_SQL = "SELECT url, title, h1 FROM items"


class Site:
    """A running server, and what each program has fetched from it so far."""

    def __init__(self, server, scratch):
        self.server, self.scratch = server, Path(scratch)
        self.url = f"http://127.0.0.1:{server.port}/index.html"
        self.pages_of = {}  # peer -> the HTML pages of its last run
        self.fields_of = {}  # peer -> {page: (title, heading)}


@contextmanager
def python_documents():
    if not (DOCUMENTS / "index.html").exists():
        raise Unavailable(f"{DOCUMENTS} is missing: scripts/setup installs python3.11-doc")
    with ExitStack() as stack:
        server = stack.enter_context(servers.nginx(DOCUMENTS, log_requests=True))
        yield Site(server, stack.enter_context(scratch_directory("corolla-crawl-")))


def _path(url):
    """/path of an absolute or relative URL, without fragment; / is /index.html."""
    if "://" in url:
        url = "/" + url.split("://", 1)[1].partition("/")[2]
    path = url.partition("#")[0]
    return path + "index.html" if path.endswith("/") else path


def _is_page(path):
    return path.partition("?")[0].endswith(".html")


def _difference(first, second):
    return f"{len(first - second)} ({', '.join(sorted(first - second)[:3])})"


def crawl(site, peer, command, reference, read_output, codes=(0,)):
    """Runs one crawl. Its pages, as the server logged them, must be those of the reference peer and of its output."""
    out = site.scratch / peer
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    argv = [str(word).format(url=site.url, out=out) for word in command]
    servers.take_requests(site.server)  # what came before does not count
    _output, used = run_program(argv, servers=[site.server], cwd=site.scratch, codes=codes)
    requests = servers.take_requests(site.server)
    fetched = {_path(url) for status, url in requests if status == 200}
    pages = {path for path in fetched if _is_page(path)}
    try:
        stored = {path for path in read_output(site, peer, out) if _is_page(path)}
    except (OSError, sqlite3.Error, ValueError, KeyError) as error:
        raise CheckFailed(f"its output cannot be read: {error}") from None
    if stored != pages:
        raise CheckFailed(f"the output lacks {_difference(pages, stored)} of the pages it fetched, "
                          f"has {_difference(stored, pages)} others")
    site.pages_of[peer] = pages
    other = site.pages_of.get(reference, pages)
    if other != pages:
        raise CheckFailed(f"{len(pages)} pages; without {_difference(other, pages)} of {reference}'s, "
                          f"with {_difference(pages, other)} that {reference} has not")
    run = Run(len(pages), used["seconds"], used["cpu"], used["rss_mib"], others=used["others"])
    run.extra = {"requests": len(requests), "urls": len(fetched)}
    return run


def wget2_output(_site, _peer, out):
    return {"/" + str(file.relative_to(out)) for file in out.rglob("*") if file.is_file()}


def corolla_output(_site, _peer, out):
    with closing(sqlite3.connect(out / "crawl.sqlite")) as database:
        return {_path(url) for (url,) in database.execute(COROLLA_PAGES_SQL)}


def _squeeze(text):
    return " ".join((text or "").split())


def _compare_fields(site, peer, reference, fields):
    """The fields are those of the reference peer, white space aside."""
    site.fields_of[peer] = fields
    other = site.fields_of.get(reference, fields)
    wrong = [page for page in fields if page in other and fields[page] != other[page]]
    if wrong:
        page = wrong[0]
        raise CheckFailed(f"{len(wrong)} pages with other fields than {reference}'s, "
                          f"e.g. {page}: {fields[page]} instead of {other[page]}")
    if not any(title for title, _heading in fields.values()):
        raise CheckFailed("no title was extracted")
    return set(fields)


def scrapy_fields(site, peer, out):
    rows = [json.loads(line) for line in (out / "items.jsonl").read_text().splitlines()]
    fields = {_path(row["url"]): (_squeeze(row["title"]), _squeeze(row["h1"])) for row in rows}
    return _compare_fields(site, peer, "scrapy", fields)


def corolla_fields(site, peer, out):
    with closing(sqlite3.connect(out / "crawl.sqlite")) as database:
        rows = database.execute(COROLLA_ITEMS_SQL).fetchall()
    fields = {_path(url): (_squeeze(title), _squeeze(heading)) for url, title, heading in rows}
    return _compare_fields(site, peer, "scrapy", fields)

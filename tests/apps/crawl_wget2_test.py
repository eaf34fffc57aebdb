# SPDX-License-Identifier: Apache-2.0
"""The URLs that a crawl asks a server for are those that `wget2 -r` asks it for: a real site, served by nginx, which logs
what it is asked."""
import os
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from support import COROLLA, DEADLINE, Site, answer

DOCUMENTS = Path("/usr/share/doc/python3.11/html")

NGINX = """
daemon off; worker_processes 1; pid {scratch}/nginx.pid; error_log {scratch}/error.log;
events {{ worker_connections 256; }}
http {{
  include /etc/nginx/mime.types; keepalive_requests 100000;
  log_format requests '$status $request_uri'; access_log {scratch}/access.log requests;
  client_body_temp_path {scratch}/body; proxy_temp_path {scratch}/proxy; fastcgi_temp_path {scratch}/fastcgi;
  uwsgi_temp_path {scratch}/uwsgi; scgi_temp_path {scratch}/scgi;
  server {{ listen unix:{scratch}/unused; listen 127.0.0.1:{port}; root {root}; }}
}}
"""

# URLs that only one of the two asks for, each with its reason. On this site there is one.
ONLY_COROLLA = {
    "/robots.txt": "asked for by default; wget2 is told not to, so that the logs differ in nothing else",
}
ONLY_WGET2 = {}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


class Nginx:
    """A server of its own, with its files in a directory of its own."""

    def __init__(self, root, scratch):
        self.scratch, self.port = Path(scratch), free_port()
        self.marks = self.taken = 0
        (self.scratch / "nginx.conf").write_text(NGINX.format(scratch=scratch, port=self.port, root=root))
        self.process = subprocess.Popen(["nginx", "-e", str(self.scratch / "error.log"), "-c", str(self.scratch / "nginx.conf")],
                                        env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"})
        deadline = time.monotonic() + DEADLINE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise

    def take_requests(self):
        """(status, path) of all requests since the last call.

        A reply leaves before its line is in the log, so the client may be gone before; but the worker, the only one, is done
        with both when it comes to the next request: this one.
        """
        self.marks += 1
        mark = f"/mark-{self.marks}"
        with socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE) as client:
            client.sendall(f"GET {mark} HTTP/1.0\r\n\r\n".encode())
            while client.recv(65536):
                pass
        deadline = time.monotonic() + DEADLINE
        while True:
            with open(self.scratch / "access.log", encoding="utf-8") as log:
                log.seek(self.taken)
                text = log.read()
            requests, found, _ = text.partition(f"404 {mark}\n")
            if found:
                self.taken += len((requests + found).encode())
                return [tuple(line.split(" ", 1)) for line in requests.splitlines()]
            if time.monotonic() > deadline:
                raise TimeoutError(f"{mark} is not in the log")
            time.sleep(0.01)

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=DEADLINE)


class SameUrls(unittest.TestCase):
    def setUp(self):
        if not (DOCUMENTS / "index.html").exists():
            self.fail(f"{DOCUMENTS} is missing: scripts/setup installs python3.11-doc")
        self.scratch = tempfile.mkdtemp(prefix="corolla-test-")
        os.chmod(self.scratch, 0o755)
        self.addCleanup(shutil.rmtree, self.scratch, ignore_errors=True)

    def fetched_by(self, server, *command, codes=(0,)):
        done = subprocess.run(command, cwd=self.scratch, capture_output=True, timeout=300, check=False)
        self.assertIn(done.returncode, codes, done.stderr)
        requests = server.take_requests()
        self.assertEqual(len(requests), len(set(requests)), "something was asked for twice")
        return {path: status for status, path in requests}

    def test_a_real_site(self):
        server = Nginx(DOCUMENTS, self.scratch)
        self.addCleanup(server.close)
        url = f"http://127.0.0.1:{server.port}/index.html"
        of_wget2 = self.fetched_by(server, "wget2", "-q", "-r", "-l", "inf", "--no-robots", "--max-threads=16", "-nH", "-P",
                                   "wget2", url, codes=(0, 8))  # 8: some links lead nowhere
        of_corolla = self.fetched_by(server, COROLLA, "crawl", "--db", "corolla.sqlite", "-q", url)
        self.assertGreater(len(of_wget2), 500)
        self.assertEqual(set(of_corolla) - set(of_wget2), set(ONLY_COROLLA))
        self.assertEqual(set(of_wget2) - set(of_corolla), set(ONLY_WGET2))
        for path in set(of_wget2) & set(of_corolla):
            self.assertEqual(of_wget2[path], of_corolla[path], path)


# One link each: (what stands in the page, what corolla asks for, what wget2 asks for, the reason where they differ).
LINKS = [
    ('<a href="/a">', "/a", "/a", None),
    ('<a href="/frag#one">', "/frag", "/frag", None),
    ('<area href="/area">', "/area", "/area", None),
    ('<img src="/img.png">', "/img.png", "/img.png", None),
    ('<script src="/s.js"></script>', "/s.js", "/s.js", None),
    ('<link rel="stylesheet" href="/c.css">', "/c.css", "/c.css", None),
    ('<link rel="icon" href="/icon.png">', "/icon.png", "/icon.png", None),
    ('<iframe src="/frame"></iframe>', "/frame", "/frame", None),
    ('<img srcset="/one.png 1x, /two.png 2x">', "/one.png", "/one.png", None),
    ('<style>p { background: url(/css.png) }</style>', "/css.png", "/css.png", None),
    ('<p style="background: url(/attr.png)">', "/attr.png", "/attr.png", None),
    ('<video src="/film"></video>', "/film", "/film", None),
    ('<a href="/x?a=1&amp;b=2">', "/x?a=1&b=2", "/x?a=1&amp;b=2", "wget2 decodes no character references"),
    ('<video poster="/poster.png"></video>', "/poster.png", None, "wget2 does not know poster"),
    ('<meta http-equiv="refresh" content="5; url=/refresh">', "/refresh", None, "wget2 follows no meta refresh"),
    ('<p data-src="/data">', None, None, None),
    ('<form action="/form">', None, None, None),
    ('<!-- <a href="/comment"> -->', None, None, None),
    ('<script>"<a href=/script>"</script>', None, None, None),
]


class EachKindOfLink(unittest.TestCase):
    def test_each_kind(self):
        scratch = tempfile.mkdtemp(prefix="corolla-test-")
        self.addCleanup(shutil.rmtree, scratch, ignore_errors=True)
        for number, (markup, of_corolla, of_wget2, reason) in enumerate(LINKS):
            with self.subTest(markup):
                self.assertEqual(reason is not None, of_corolla != of_wget2)
                asked = []
                for command in (["wget2", "-q", "-r", "--no-robots", "-nH", "--tries=1", "-P", f"wget2-{number}"],
                                [COROLLA, "crawl", "-q", "--no-robots", "--db", f"{number}.sqlite"]):
                    with Site({"/": answer(f"<!doctype html><title>t</title>{markup}".encode())}) as site:
                        subprocess.run([*command, site.url + "/"], cwd=scratch, capture_output=True, timeout=DEADLINE,
                                       check=False)
                        asked.append(set(site.requests) - {"/"})
                for paths, expected in zip(asked, (of_wget2, of_corolla)):
                    if expected is None:
                        self.assertEqual(paths, set())
                    else:
                        self.assertIn(expected, paths)


if __name__ == "__main__":
    unittest.main()

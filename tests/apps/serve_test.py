#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""corolla serve: what it says, what it serves, how it ends."""
import gzip
import json
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest
import urllib.error
import urllib.request
from pathlib import Path

from support import COROLLA, DEADLINE


class ServeTest(unittest.TestCase):
    def setUp(self):
        self.directory = Path(tempfile.mkdtemp(prefix="corolla-serve-"))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        (self.directory / "a.txt").write_text("a text")
        (self.directory / ".hidden").write_text("hidden")
        (self.directory / "sub").mkdir()
        (self.directory / "sub" / "b.txt").write_text("b")
        (self.directory / "page").mkdir()
        (self.directory / "page" / "index.html").write_text("<p>index")
        (self.directory / "out").symlink_to("/etc")

    def start(self, *arguments):
        server = subprocess.Popen([COROLLA, "serve", self.directory, "--port", "0", *arguments], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.stderr.close)
        self.addCleanup(server.wait, DEADLINE)
        self.addCleanup(server.kill)
        line = server.stdout.readline()
        self.assertRegex(line, r"^Serving \S+ at https?://127\.0\.0\.1:\d+/\n$")
        self.url = line.split()[-1]
        return server

    def status(self, path, method="GET", **headers):
        request = urllib.request.Request(self.url + path, headers=headers, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=DEADLINE) as response:
                self.headers, self.body = response.headers, response.read()
                return response.status
        except urllib.error.HTTPError as error:
            with error:
                self.headers, self.body = error.headers, error.read()
            return error.code

    def stop(self, server, how=signal.SIGTERM):
        server.send_signal(how)
        _out, log = server.communicate(timeout=DEADLINE)
        return server.returncode, log.splitlines()

    def test_files_and_log(self):
        server = self.start()
        self.assertEqual((self.status("a.txt"), self.body), (200, b"a text"))
        self.assertEqual(self.headers["Content-Type"], "text/plain; charset=utf-8")
        self.assertEqual((self.status("a.txt", Range="bytes=2-"), self.body), (206, b"text"))
        self.assertEqual((self.status("page/"), self.body), (200, b"<p>index"))
        self.assertEqual(self.status(".hidden"), 404)
        self.assertEqual(self.status("out/passwd"), 404)
        self.assertEqual(self.status("%2e%2e/etc/passwd"), 404)
        self.status("sub/")
        code, log = self.stop(server)
        self.assertEqual(code, 0)
        self.assertEqual(len(log), 7, log)
        self.assertRegex(log[0], r'^127\.0\.0\.1 - - \[.+\] "GET /a\.txt HTTP/1\.1" 200 6')

    def test_options(self):
        server = self.start("--hidden", "--no-listing", "--index", "a.txt", "--cache-control", "max-age=60", "--json-log")
        self.assertEqual((self.status(".hidden"), self.body), (200, b"hidden"))
        self.assertEqual((self.status(""), self.body), (200, b"a text"))
        self.assertEqual(self.headers["Cache-Control"], "max-age=60")
        self.assertEqual(self.status("sub/"), 403)
        code, log = self.stop(server, signal.SIGINT)
        self.assertEqual(code, 0)
        told = [json.loads(line) for line in log]
        self.assertEqual([(line["target"], line["status"]) for line in told], [("/.hidden", 200), ("/", 200), ("/sub/", 403)])

    def test_listing_and_quiet(self):
        server = self.start("--listing", "--quiet")
        self.assertEqual(self.status("sub/"), 200)
        self.assertIn(b'href="b.txt"', self.body)
        self.assertEqual(self.stop(server), (0, []))

    def test_compression_and_other_origins(self):
        (self.directory / "large.txt").write_text("large " * 1000)
        server = self.start("--compress", "--cors")
        self.assertEqual(self.status("large.txt", **{"Accept-Encoding": "gzip"}), 200)
        self.assertEqual(gzip.decompress(self.body), b"large " * 1000)
        self.assertEqual(self.headers["Access-Control-Allow-Origin"], "*")
        self.assertIsNone(self.headers["Access-Control-Allow-Methods"])
        self.assertEqual((self.status("large.txt"), len(self.body)), (200, 6000))
        self.assertIsNone(self.headers["Content-Encoding"])
        self.assertEqual(self.status("none"), 404)
        self.assertEqual(self.headers["Access-Control-Allow-Origin"], "*")
        self.assertEqual(self.status("a.txt", method="OPTIONS"), 204)
        self.assertEqual(self.headers["Access-Control-Allow-Methods"], "GET, HEAD")
        self.assertEqual(self.status("a.txt", method="DELETE"), 405)
        self.assertEqual(self.headers["Allow"], "GET, HEAD, OPTIONS")
        self.assertEqual(self.stop(server)[0], 0)
        server = self.start()
        self.assertEqual(self.status("large.txt", **{"Accept-Encoding": "gzip"}), 200)
        self.assertIsNone(self.headers["Content-Encoding"])
        self.assertIsNone(self.headers["Access-Control-Allow-Origin"])
        self.assertEqual(self.stop(server)[0], 0)

    def test_versions_of_http(self):
        key, chain = self.directory / "key.pem", self.directory / "chain.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-keyout", key, "-out", chain], check=True, capture_output=True)

        def version(server_options, curl_options):
            server = self.start(*server_options)
            done = subprocess.run(["curl", "-s", "-k", "--noproxy", "*", "-o", "/dev/null", "-w", "%{http_version} %{http_code}", *curl_options,
                                   self.url + "a.txt"], capture_output=True, text=True, timeout=DEADLINE, check=False)
            self.assertEqual(self.stop(server)[0], 0)
            return done.stdout
        tls = ["--cert", chain, "--key", key]
        self.assertEqual(version(tls, []), "2 200")
        self.assertEqual(version([*tls, "--no-http2"], []), "1.1 200")
        self.assertEqual(version(["--h2c"], ["--http2-prior-knowledge"]), "2 200")
        self.assertEqual(version(["--h2c"], []), "1.1 200")

    def test_what_cannot_be_served(self):
        def run(*arguments):
            done = subprocess.run([COROLLA, "serve", *map(str, arguments)], capture_output=True, text=True, timeout=DEADLINE,
                                  check=False)
            self.assertEqual(done.stderr.count("error: "), 1, done.stderr)
            self.assertEqual(done.stdout, "")
            return done.returncode
        self.assertEqual(run(self.directory / "none"), 2)
        self.assertEqual(run(self.directory / "a.txt"), 2)
        self.assertEqual(run(self.directory, "--port", "70000"), 2)
        self.assertEqual(run(self.directory, "--index", "a/b"), 2)
        self.assertEqual(run(self.directory, "--key", "x.pem"), 2)
        self.assertEqual(run(self.directory, "--cert", self.directory / "none.pem"), 2)
        self.assertEqual(run(self.directory, "--send-timeout", "0"), 2)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.assertEqual(run(self.directory, "--port", taken.getsockname()[1]), 1)


if __name__ == "__main__":
    unittest.main()

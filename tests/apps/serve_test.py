#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""corolla serve: what it says, what it serves, how it ends."""
import fcntl
import gzip
import json
import os
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

    def spawn(self, *arguments, **options):
        server = subprocess.Popen([COROLLA, "serve", self.directory, *arguments], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True, **options)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.stderr.close)
        self.addCleanup(server.wait, DEADLINE)
        self.addCleanup(server.kill)
        return server

    def start(self, *arguments):
        server = self.spawn("--port", "0", *arguments)
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
        server = self.start("--hidden", "--no-listing", "--index", "a.txt", "--cache-control", "max-age=60", "--log-format", "json")
        self.assertEqual((self.status(".hidden"), self.body), (200, b"hidden"))
        self.assertEqual((self.status(""), self.body), (200, b"a text"))
        self.assertEqual(self.headers["Cache-Control"], "max-age=60")
        self.assertEqual(self.status("sub/"), 403)
        code, log = self.stop(server, signal.SIGINT)
        self.assertEqual(code, 0)
        told = [json.loads(line) for line in log]
        self.assertEqual([(line["target"], line["status"]) for line in told], [("/.hidden", 200), ("/", 200), ("/sub/", 403)])

    def test_formats_of_the_log(self):
        def log_of(log_format):
            server = self.start("--log-format", log_format)
            self.assertEqual(self.status("a.txt", **{"User-Agent": "a \"test\""}), 200)
            code, log = self.stop(server)
            self.assertEqual((code, len(log)), (0, 1))
            return log[0]
        self.assertRegex(log_of("combined"), r'^127\.0\.0\.1 - - \[.+\] "GET /a\.txt HTTP/1\.1" 200 6 "-" "a \\x22test\\x22"$')
        self.assertEqual(log_of("%s|%{Content-Type}o|100%%"), "200|text/plain; charset=utf-8|100%")

    def test_listing_and_quiet(self):
        server = self.start("--listing", "--quiet")
        self.assertEqual(self.status("sub/"), 200)
        self.assertIn(b'href="b.txt"', self.body)
        self.assertEqual(self.stop(server), (0, []))

    def begin_large_request(self):
        """A connection whose response is under way: the client has its head and does not read on."""
        client = socket.create_connection(self.url.split("/")[2].split(":"), timeout=DEADLINE)
        self.addCleanup(client.close)
        client.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertEqual(client.recv(15), b"HTTP/1.1 200 OK")
        return client

    def wait_until_it_drains(self, idle):
        self.assertEqual(idle.recv(1), b"")  # idle connections are closed by then

    def test_the_first_signal_drains_and_a_second_one_cuts(self):
        size = 64 << 20  # more than the kernel takes off the server's hands
        with open(self.directory / "large", "wb") as large:
            large.truncate(size)
        forever = ("--quiet", "--shutdown-timeout", "100000", "--send-timeout", "100000", "--header-timeout", "100000")
        for first, second in ((signal.SIGTERM, None), (signal.SIGINT, signal.SIGINT), (signal.SIGTERM, signal.SIGINT), (signal.SIGHUP, signal.SIGTERM)):
            with self.subTest(first=first, second=second):
                server = self.start(*forever)
                client = self.begin_large_request()
                with socket.create_connection(self.url.split("/")[2].split(":"), timeout=DEADLINE) as idle:
                    idle.sendall(b"GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n")
                    while not idle.recv(4096).endswith(b"a text"):
                        pass
                    server.send_signal(first)
                    self.wait_until_it_drains(idle)
                if second is not None:
                    self.assertEqual(self.stop(server, second), (0, []))
                    continue
                received = 15
                while piece := client.recv(1 << 20):
                    received += len(piece)
                self.assertGreater(received, size)
                server.communicate(timeout=DEADLINE)
                self.assertEqual(server.returncode, 0)

    def spawn_with(self, descriptors, count=None):
        """Starts it as systemd does: with sockets from descriptor 3 on, and an environment that says so."""
        def hand_over():
            copies = [fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 100) for descriptor in descriptors]
            for place, copy in enumerate(copies, 3):
                os.dup2(copy, place)
            os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(copies) if count is None else count))
        return self.spawn("--port", "1", close_fds=False, preexec_fn=hand_over)

    def test_sockets_are_inherited(self):
        path = self.directory / "socket"
        with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as local:
            local.bind(str(path))
            server = self.spawn_with([tcp.fileno(), local.fileno()])
            self.url = f"http://127.0.0.1:{tcp.getsockname()[1]}/"
            self.assertEqual(server.stdout.readline(), f"Serving {self.directory} at {self.url}\n")
            self.assertEqual(server.stdout.readline(), f"Serving {self.directory} at unix:{path}\n")
            self.assertEqual((self.status("a.txt"), self.body), (200, b"a text"))
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(DEADLINE)
                client.connect(str(path))
                client.sendall(b"GET /a.txt HTTP/1.0\r\n\r\n")
                answer = b""
                while piece := client.recv(4096):
                    answer += piece
            self.assertTrue(answer.endswith(b"\r\n\r\na text"), answer)
            self.assertEqual(self.stop(server)[0], 0)
            self.assertTrue(path.exists())
            with socket.create_connection(tcp.getsockname(), timeout=DEADLINE):
                pass  # the supervisor's socket goes on listening

    def test_what_is_inherited_may_be_nothing_to_serve(self):
        with open(self.directory / "a.txt", "rb") as file, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            for descriptors, count in (([file.fileno()], None), ([datagrams.fileno()], None), ([], 1000), ([], "x")):
                server = self.spawn_with(descriptors, count)
                out, log = server.communicate(timeout=DEADLINE)
                self.assertEqual((server.returncode, out), (1, ""), log)
                self.assertEqual(log.count("error: "), 1, log)

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

    def test_a_list_of_origins(self):
        server = self.start("--cors=https://A.example", "--cors=http://localhost:3000/", "--compress")
        def allowed(origin, path="a.txt", method="GET"):
            self.status(path, method=method, **({"Origin": origin} if origin else {}))
            self.assertIn("Origin", self.headers.get_all("Vary"))
            return self.headers["Access-Control-Allow-Origin"]
        self.assertEqual(allowed("https://a.example"), "https://a.example")
        self.assertEqual(allowed("http://localhost:3000", "none"), "http://localhost:3000")
        self.assertEqual(allowed("https://a.example", method="OPTIONS"), "https://a.example")
        self.assertEqual(self.headers["Access-Control-Allow-Methods"], "GET, HEAD")
        for other in (None, "null", "http://a.example", "https://a.example.org", "https://a.example:8443", "http://localhost:3001"):
            self.assertIsNone(allowed(other, method="OPTIONS"), other)
            self.assertIsNone(self.headers["Access-Control-Allow-Methods"])
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
        self.assertEqual(run(self.directory, "--log-format", "%x"), 2)
        for origin in ("a.example", "https://a.example/path", "https://u@a.example", "ftp://a.example", "null"):
            self.assertEqual(run(self.directory, f"--cors={origin}"), 2)
        self.assertEqual(run(self.directory, "--log-format", "commn"), 2)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.assertEqual(run(self.directory, "--port", taken.getsockname()[1]), 1)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""corolla get: what is sent, what is written where, and the exit codes."""
import gzip
import hashlib
import json
import re
import shutil
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

from support import COROLLA, DEADLINE, Site, answer

OK, USAGE, OUTPUT = 0, 2, 3


class GetTest(unittest.TestCase):
    def setUp(self):
        self.directory = Path(tempfile.mkdtemp(prefix="corolla-get-"))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)

    def get(self, *arguments, **options):
        done = subprocess.run([COROLLA, "get", *map(str, arguments)], capture_output=True, timeout=DEADLINE,
                              cwd=self.directory, check=False, **options)
        self.stdout, self.stderr = done.stdout, done.stderr.decode()
        return done.returncode

    def assert_one_error(self, *parts):
        self.assertEqual(self.stderr.count("error: "), 1, self.stderr)
        for part in parts:
            self.assertIn(part, self.stderr)


class Recorder:
    """Hears one request, head and body."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]

    def once(self, run):
        """run(url)'s result, and what it asked for; it asks once."""
        heard = {}

        def serve():
            connection, _address = self.listener.accept()
            with connection:
                received = b""
                while b"\r\n\r\n" not in received:
                    received += connection.recv(65536)
                head, body = received.split(b"\r\n\r\n", 1)
                fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
                while len(body) < int(fields.get("Content-Length", 0)):
                    body += connection.recv(65536)
                heard.update(line=head.decode().split("\r\n")[0], fields=fields, body=body)
                connection.sendall(answer(b"heard"))
        thread = threading.Thread(target=serve)
        thread.start()
        code = run(self.url)
        thread.join(DEADLINE)
        self.listener.close()
        return code, heard


class WhatIsSent(GetTest):
    def sent(self, *arguments):
        code, heard = Recorder().once(lambda url: self.get(url + "/path?q=1", *arguments))
        self.assertEqual(code, OK, self.stderr)
        self.assertEqual(self.stdout, b"heard")
        return heard

    def test_plain(self):
        heard = self.sent("-H", "X-One: 1", "-H", "User-Agent: test", "-u", "ada:love:lace")
        self.assertEqual(heard["line"], "GET /path?q=1 HTTP/1.1")
        self.assertEqual(heard["fields"]["X-One"], "1")
        self.assertEqual(heard["fields"]["User-Agent"], "test")
        self.assertEqual(heard["fields"]["Authorization"], "Basic YWRhOmxvdmU6bGFjZQ==")
        self.assertIn("zstd", heard["fields"]["Accept-Encoding"])

    def test_form(self):
        (self.directory / "data").write_bytes(b"c=3")
        heard = self.sent("-d", "a=1", "-d", "b=2", "-d", "@data")
        self.assertEqual(heard["line"], "POST /path?q=1 HTTP/1.1")
        self.assertEqual(heard["body"], b"a=1&b=2&c=3")
        self.assertEqual(heard["fields"]["Content-Type"], "application/x-www-form-urlencoded")

    def test_json_with_a_method(self):
        heard = self.sent("--json-body", '{"a": 1}', "-X", "PUT")
        self.assertEqual(heard["line"], "PUT /path?q=1 HTTP/1.1")
        self.assertEqual(heard["fields"]["Content-Type"], "application/json")
        self.assertEqual(heard["body"], b'{"a": 1}')

    def test_files_in_a_form(self):
        (self.directory / "note.txt").write_bytes(b"with love")
        heard = self.sent("-F", "title=a=b", "-F", "note=@note.txt", "-F", "other=@note.txt;type=text/x-note")
        self.assertTrue(heard["fields"]["Content-Type"].startswith("multipart/form-data; boundary="))
        self.assertIn(b'name="title"\r\n\r\na=b\r\n', heard["body"])
        self.assertIn(b'filename="note.txt"\r\nContent-Type: text/plain', heard["body"])
        self.assertIn(b"Content-Type: text/x-note\r\n\r\nwith love\r\n", heard["body"])

    def test_digest(self):
        heads = []
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def serve():
            challenge = answer(b"no", "401 Unauthorized", headers=['WWW-Authenticate: Digest realm="r", nonce="n", qop="auth"'])
            connection, _address = listener.accept()
            with connection:
                for reply in (challenge, answer(b"heard")):
                    received = b""
                    while b"\r\n\r\n" not in received:
                        received += connection.recv(65536)
                    heads.append(received.decode())
                    connection.sendall(reply)
        thread = threading.Thread(target=serve)
        thread.start()
        self.assertEqual(self.get("127.0.0.1:%d/path" % listener.getsockname()[1], "--digest", "-u", "ada:love"), OK)
        thread.join(DEADLINE)
        self.assertEqual(self.stdout, b"heard")
        self.assertNotIn("Authorization", heads[0])
        proof = dict(re.findall(r'(\w+)="?([^",\r]*)', heads[1].split("Authorization: Digest ")[1]))
        md5 = lambda text: hashlib.md5(text.encode()).hexdigest()
        self.assertEqual(proof["response"], md5(":".join((md5("ada:r:love"), "n", proof["nc"], proof["cnonce"], "auth",
                                                          md5("GET:/path")))))

    def test_where_hosts_are(self):
        recorder = Recorder()
        port = recorder.url.rsplit(":", 1)[1]
        code, heard = recorder.once(lambda _url: self.get(
            "http://pinned.test:%s/path" % port, "--resolve", "other.test:*:192.0.2.1",
            "--resolve", "pinned.test:%s:[::9],127.0.0.1" % port, "--interface", "127.0.0.1"))
        self.assertEqual(code, OK, self.stderr)
        self.assertEqual(heard["fields"]["Host"], "pinned.test:" + port)
        code, heard = Recorder().once(lambda url: self.get(url, "--resolve", "*:*:192.0.2.1", "--interface", "lo"))
        self.assertEqual(code, OK, "addresses are their own: " + self.stderr)
        self.assertEqual(self.get("http://127.0.0.1:1/", "--interface", "nosuch0"), 7)
        self.assert_one_error("bind to the interface nosuch0")

    def test_raw(self):
        self.assertNotIn("Accept-Encoding", self.sent("--raw")["fields"])


class WhatIsWritten(GetTest):
    def setUp(self):
        super().setUp()
        text = b"0123456789" * 100
        self.site = Site({"/text": answer(text), "/zip": answer(gzip.compress(text), headers=["Content-Encoding: gzip"]),
                          "/moved": answer(b"gone", "302 Found", headers=["Location: /text"]),
                          "/round": answer(b"gone", "302 Found", headers=["Location: /round"])})
        self.text = text
        self.site.__enter__()
        self.addCleanup(self.site.__exit__)

    def test_body_on_standard_output(self):
        self.assertEqual(self.get(self.site.url + "/zip"), OK)
        self.assertEqual(self.stdout, self.text)
        self.assertEqual(self.stderr, "")
        self.assertEqual(self.get(self.site.url.removeprefix("http://") + "/zip", "--raw"), OK)
        self.assertEqual(gzip.decompress(self.stdout), self.text)

    def test_files(self):
        self.assertEqual(self.get(self.site.url + "/text", "-o", "out"), OK)
        self.assertEqual((self.directory / "out").read_bytes(), self.text)
        self.assertEqual(self.get(self.site.url + "/text#/y", "-O"), OK)
        self.assertEqual((self.directory / "text").read_bytes(), self.text)
        self.assertEqual(self.get(self.site.url + "/text", "-o", "none/out"), OUTPUT)
        self.assert_one_error("none/out")
        self.assertEqual(self.get(self.site.url + "/", "-O"), USAGE)

    def test_full_disk(self):
        self.assertEqual(self.get(self.site.url + "/text", "-o", "/dev/full"), OUTPUT)
        self.assert_one_error("/dev/full")

    def test_heads(self):
        self.assertEqual(self.get(self.site.url + "/moved", "-i", "--no-follow"), OK)
        self.assertTrue(self.stdout.startswith(b"HTTP/1.1 302 Found\r\n"), self.stdout)
        self.assertTrue(self.stdout.endswith(b"\r\n\r\ngone"), self.stdout)
        self.assertEqual(self.get(self.site.url + "/moved", "-v"), OK)
        self.assertEqual(self.stdout, self.text)
        self.assertIn("/moved redirects", self.stderr)
        self.assertIn("HTTP/1.1 200 OK", self.stderr)
        self.assertIn("* 1.00 kB, the head after ", self.stderr)

    def test_json(self):
        self.assertEqual(self.get(self.site.url + "/moved", "--json", "-o", "out"), OK)
        told = json.loads(self.stdout)
        self.assertEqual((told["status"], told["url"], told["history"]),
                         (200, self.site.url + "/text", [self.site.url + "/moved"]))
        self.assertEqual((told["bytes"], told["wire_bytes"], told["error"], told["exit_code"]), (1000, 1000, None, 0))
        self.assertIn(["Content-Length", "1000"], told["headers"])
        self.assertGreaterEqual(told["timings"]["total"], told["timings"]["first_byte"])
        self.assertEqual(self.get(self.site.url + "/text", "--json"), OK)
        self.assertEqual(self.stdout, self.text)
        self.assertEqual(json.loads(self.stderr)["status"], 200)
        self.assertEqual(self.get("127.0.0.1:1", "--json", "-q"), 7)
        self.assertIsNone(json.loads(self.stderr)["status"])

    def test_fail(self):
        self.assertEqual(self.get(self.site.url + "/none"), OK)
        self.assertEqual(self.stdout, b"no such page")
        self.assertEqual(self.get(self.site.url + "/none", "--fail"), 22)
        self.assertEqual(self.stdout, b"")
        self.assert_one_error("404")

    def test_redirects_without_end(self):
        self.assertEqual(self.get(self.site.url + "/round", "--max-redirects", "3"), 47)
        self.assertEqual(self.site.requests, ["/round"] * 4)


class Times(GetTest):
    def serve(self, *options):
        (self.directory / "page").write_bytes(b"page")
        server = subprocess.Popen([COROLLA, "serve", self.directory, "--port", "0", "--quiet", *options],
                                  stdout=subprocess.PIPE, text=True)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait, DEADLINE)
        self.addCleanup(server.terminate)
        return server.stdout.readline().split()[-1] + "page"

    def times(self, url, *options):
        self.assertEqual(self.get(url, "--json", "-o", "out", *options), OK, self.stderr)
        times = json.loads(self.stdout)["timings"]
        self.assertEqual(set(times), {"queued", "dns", "connect", "tls", "first_byte", "total"})
        self.assertLessEqual(times["queued"] + times["dns"] + times["connect"] + times["tls"], times["first_byte"])
        self.assertLessEqual(times["first_byte"], times["total"])
        return [name for name in ("queued", "dns", "connect", "tls") if times[name] > 0]

    def test_plain(self):
        url = self.serve()
        self.assertEqual(self.times(url), ["connect"])
        self.assertEqual(self.times(url.replace("127.0.0.1", "localhost"), "-v"), ["dns", "connect"])
        self.assertRegex(self.stderr, r"\n\* dns [0-9.]+ .*s, connect [0-9.]+ .*s\n\* 4 B, the head after ")

    def test_tls(self):
        openssl = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                   "-subj", "/CN=test", "-keyout", "key", "-out", "cert"]
        subprocess.run(openssl, check=True, capture_output=True, cwd=self.directory, timeout=DEADLINE)
        url = self.serve("--cert", self.directory / "cert", "--key", self.directory / "key")
        self.assertEqual(self.times(url, "--insecure"), ["connect", "tls"])
        self.assertEqual(self.get(url, "--json", "-q"), 60)
        self.assertGreater(json.loads(self.stderr)["timings"]["tls"], 0, "what failed took its time, too")


class AlternativeServices(GetTest):
    """origin.test names another place."""

    def serve(self, name, alt_svc=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.directory / "cert", self.directory / "key")
        context.set_alpn_protocols(["http/1.1"])
        headers = ["Connection: close"] + (["Alt-Svc: " + alt_svc] if alt_svc else [])
        listener = socket.create_server(("127.0.0.1", 0))

        def run():
            while True:
                try:
                    connection, _address = listener.accept()
                except OSError:
                    return
                with context.wrap_socket(connection, server_side=True) as stream:
                    head = b""
                    while b"\r\n\r\n" not in head:
                        head += stream.recv(65536)
                    used = re.search(rb"\r\nAlt-Used: ([^\r]*)", head)
                    stream.sendall(answer(name + (b" " + used[1] if used else b""), headers=headers))
        thread = threading.Thread(target=run)
        thread.start()
        self.addCleanup(thread.join, DEADLINE)
        self.addCleanup(listener.close)
        self.addCleanup(listener.shutdown, socket.SHUT_RDWR)
        return str(listener.getsockname()[1])

    def test_they_are_kept_in_a_file(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=origin.test", "-addext", "subjectAltName=DNS:origin.test", "-keyout", "key", "-out", "cert"],
                       check=True, capture_output=True, cwd=self.directory, timeout=DEADLINE)
        other = self.serve(b"alternative")
        origin = self.serve(b"origin", 'h3="alt.test:1", http%2F1.1="alt.test:' + other + '"; ma=3600')
        get = ["https://origin.test:%s/" % origin, "--cacert", "cert", "--resolve", "origin.test:*:127.0.0.1", "--resolve",
               "alt.test:*:127.0.0.1", "--alt-svc", "known"]
        for expected in (b"origin", b"alternative alt.test:" + other.encode()):
            self.assertEqual(self.get(*get), OK, self.stderr)
            self.assertEqual(self.stdout, expected)
            self.assertRegex((self.directory / "known").read_text(),
                             r'\nh2 origin\.test %s h1 alt\.test %s "20[0-9]{6} [0-9:]{8}" 0 0\n' % (origin, other))
        self.assertEqual(self.get(*get[:-1], "no/such/directory"), OUTPUT)
        (self.directory / "known").write_text("nonsense\n")
        self.assertEqual(self.get(*get), USAGE)
        self.assert_one_error("known:1: ")


class Resuming(GetTest):
    def test_the_rest_is_appended(self):
        directory = self.directory / "site"
        directory.mkdir()
        text = b"0123456789" * 1000
        (directory / "file").write_bytes(text)
        server = subprocess.Popen([COROLLA, "serve", directory, "--port", "0", "--quiet"], stdout=subprocess.PIPE, text=True)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait, DEADLINE)
        self.addCleanup(server.terminate)
        url = server.stdout.readline().split()[-1] + "file"
        (self.directory / "part").write_bytes(text[:4321])
        self.assertEqual(self.get(url, "-C", "-o", "part", "--json"), OK, self.stderr)
        self.assertEqual((self.directory / "part").read_bytes(), text)
        self.assertEqual(json.loads(self.stdout)["status"], 206)
        self.assertEqual(self.get(url, "-C", "-o", "part", "--json"), OK)  # nothing is left
        self.assertEqual(json.loads(self.stdout)["status"], 416)
        self.assertEqual((self.directory / "part").read_bytes(), text)
        self.assertEqual(self.get(url, "-C", "-o", "new"), OK)
        self.assertEqual((self.directory / "new").read_bytes(), text)

    def test_a_server_without_ranges_begins_anew(self):
        with Site({"/file": answer(b"whole")}) as site:
            (self.directory / "part").write_bytes(b"other")
            self.assertEqual(self.get(site.url + "/file", "-C", "-o", "part"), OK)
        self.assertEqual((self.directory / "part").read_bytes(), b"whole")


class WhatGoesWrong(GetTest):
    def test_usage(self):
        for arguments in ([], ["ftp://a.example/"], ["http://"], ["a.example", "--max-time", "soon"], ["a.example", "-C"],
                          ["a.example", "-d", "a", "-F", "b=c"], ["a.example", "-H", "no colon"],
                          ["a.example", "-F", "no equals"], ["a.example", "-x", "ftp://proxy"],
                          ["a.example", "--cacert", "none.pem"], ["a.example", "--nonsense"], ["a.example", "--digest"],
                          ["a.example", "--resolve", "a.example:80"], ["a.example", "--resolve", "a.example:80:"],
                          ["a.example", "--resolve", "a.example:80:name"], ["a.example", "--resolve", "a.example:x:127.0.0.1"],
                          ["a.example", "-O", "-o", "x"]):
            self.assertEqual(self.get(*arguments), USAGE, (arguments, self.stderr))
            self.assert_one_error()

    def test_connections(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            self.assertEqual(self.get("127.0.0.1:%d" % unused.getsockname()[1]), 7)
        self.assert_one_error("cannot connect")
        self.assertEqual(self.get("http://nowhere.invalid/"), 6)
        self.assert_one_error("nowhere.invalid")

    def test_answers(self):
        def reset(connection):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        def stall(connection):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf ")
            connection.recv(1)

        pages = {"/none": lambda connection: False, "/reset": reset, "/stall": stall,
                 "/short": lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf "),
                 "/other": lambda connection: connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n"),
                 "/zip": answer(b"no gzip at all", headers=["Content-Encoding: gzip"])}
        with Site(pages) as site:
            self.assertEqual(self.get(site.url + "/none"), 56)
            self.assertEqual(self.get(site.url + "/reset"), 56)
            self.assertEqual(self.get(site.url + "/other"), 56)
            self.assertEqual(self.get(site.url + "/short"), 18)
            self.assertEqual(self.stdout, b"half ")
            self.assertEqual(self.get(site.url + "/zip"), 18)
            self.assertEqual(self.get(site.url + "/stall", "--max-time", "300ms"), 28)
            self.assert_one_error()

    def test_retries(self):
        with Site({"/busy": answer(b"", "503 Service Unavailable")}) as site:
            self.assertEqual(self.get(site.url + "/busy", "--retry", "2", "--fail"), 22)
            self.assertEqual(site.requests, ["/busy"] * 3)


if __name__ == "__main__":
    unittest.main()

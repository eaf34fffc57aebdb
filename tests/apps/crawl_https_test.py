#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""https: corolla crawl against nginx, curl against corolla serve, and certificates that nobody should believe."""
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

from support import COROLLA, DEADLINE, CrawlTestCase, Site, page

NGINX = """
daemon off; master_process off; pid {directory}/nginx.pid; error_log {directory}/error.log warn;
events {{}}
http {{
  access_log off;
  client_body_temp_path {directory}/t1; proxy_temp_path {directory}/t2; fastcgi_temp_path {directory}/t3;
  uwsgi_temp_path {directory}/t4; scgi_temp_path {directory}/t5;
  types {{ text/html html; }}
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {directory}/{certificate}.pem; ssl_certificate_key {directory}/{certificate}.key;
    {more}
    root {directory}/site;
    location /elsewhere {{ return 302 https://localhost:{port}/b.html; }}
  }}
}}
"""


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=DEADLINE)


class HttpsTest(CrawlTestCase):
    @classmethod
    def setUpClass(cls):
        cls.made = Path(tempfile.mkdtemp(prefix="corolla-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.made, ignore_errors=True)
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        openssl("req", "-x509", *key, "-days", "2", "-subj", "/CN=root of the tests", "-keyout", cls.made / "root.key",
                "-out", cls.made / "root.pem")
        for name, names in (("host", "DNS:localhost,IP:127.0.0.1"), ("other", "DNS:other.example")):
            openssl("req", *key, "-subj", f"/CN={name}", "-keyout", cls.made / f"{name}.key", "-out", cls.made / "csr")
            (cls.made / "names").write_text(f"subjectAltName={names}\n", encoding="ascii")
            openssl("x509", "-req", "-in", cls.made / "csr", "-CA", cls.made / "root.pem", "-CAkey", cls.made / "root.key",
                    "-CAcreateserial", "-days", "2", "-extfile", cls.made / "names", "-out", cls.made / f"{name}.pem")
        site = cls.made / "site"
        site.mkdir()
        (site / "index.html").write_text('<title>index</title><a href="b.html">b</a><a href="/elsewhere">e</a>', "ascii")
        (site / "b.html").write_text("<title>b</title>" + "x" * 200_000, "ascii")

    def nginx(self, certificate="host", more=""):
        """Serves the site over TLS; returns the URL."""
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        config = self.directory / "nginx.conf"
        config.write_text(NGINX.format(directory=self.made, port=port, certificate=certificate, more=more), "ascii")
        server = subprocess.Popen(["nginx", "-e", self.made / "error.log", "-p", self.made, "-c", config],
                                  env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"}, stderr=subprocess.DEVNULL)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        deadline = time.monotonic() + DEADLINE
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return f"https://127.0.0.1:{port}/"
            except OSError:
                if time.monotonic() > deadline or server.poll() is not None:
                    raise

    def titles(self):
        return sorted(title for (title,) in self.rows("SELECT title FROM items"))

    def test_a_site_on_nginx(self):
        url = self.nginx()
        code = self.crawl("--cacert", self.made / "root.pem", "-F", "title=css:title", "--json", url)
        self.assertEqual((code, self.errors), (0, []), self.stdout)
        self.assertEqual(self.titles(), ["b", "index"])

    def test_the_systems_authorities_may_be_named_by_the_environment(self):
        url = self.nginx()
        code = self.crawl("-F", "title=css:title", url, env={**os.environ, "SSL_CERT_FILE": str(self.made / "root.pem")})
        self.assertEqual((code, self.titles()), (0, ["b", "index"]))

    def test_an_unknown_authority_is_refused_once(self):
        url = self.nginx()
        self.assertEqual(self.crawl("--no-robots", "-v", url), 4)
        failures = self.rows("SELECT attempts, error FROM pages")
        self.assertEqual(len(failures), 1)
        self.assertEqual(failures[0][0], 1, "such a failure does not pass")
        self.assertIn("unable to get local issuer certificate (issued by 'CN=root of the tests')", failures[0][1])
        self.assertEqual(self.crawl("--insecure", "--fresh", "-F", "title=css:title", url), 0)
        self.assertEqual(self.titles(), ["b", "index"])

    def test_a_certificate_of_another_host_is_refused(self):
        url = self.nginx("other")
        self.assertEqual(self.crawl("--no-robots", "--cacert", self.made / "root.pem", url), 4)
        self.assertIn("IP address '127.0.0.1' does not match 'other.example'", self.rows("SELECT error FROM pages")[0][0])

    def test_a_server_that_asks_for_a_certificate(self):
        url = self.nginx(more=f"ssl_client_certificate {self.made}/root.pem; ssl_verify_client on;")
        common = ("--no-robots", "--fresh", "--cacert", self.made / "root.pem", "-F", "title=css:title")
        self.assertNotEqual(self.crawl(*common, url), 0)
        self.assertEqual(self.titles(), [])
        self.assertEqual(self.crawl(*common, "--cert", self.made / "host.pem", "--key", self.made / "host.key", url), 0)
        self.assertEqual(self.titles(), ["b", "index"])
        both = self.made / "both.pem"
        both.write_bytes((self.made / "host.key").read_bytes() + (self.made / "host.pem").read_bytes())
        self.assertEqual(self.crawl(*common, "--cert", both, url), 0)

    def test_a_certificate_that_cannot_be_shown(self):
        self.assertEqual(self.crawl("--cert", self.directory / "missing.pem", "https://localhost/"), 2)
        self.assert_one_error("--cert", "missing.pem")
        self.assertEqual(self.crawl("--cert", self.made / "host.pem", "--key", self.made / "other.key", "https://localhost/"),
                         2)
        self.assert_one_error("--cert", "other.key", "not the certificate's")
        self.assertEqual(self.crawl("--key", self.made / "host.key", "https://localhost/"), 2)
        self.assert_one_error("--key", "no --cert")

    def test_plain_http_on_the_port(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            def answer():
                connection, _address = listener.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(page())
                    connection.shutdown(socket.SHUT_WR)
                    while connection.recv(65536):
                        pass

            thread = threading.Thread(target=answer, daemon=True)
            thread.start()
            self.assertEqual(self.crawl("--no-robots", f"https://127.0.0.1:{listener.getsockname()[1]}/"), 4)
            thread.join(DEADLINE)
        self.assertIn("the peer answers in plain HTTP, not TLS", self.rows("SELECT error FROM pages")[0][0])

    def test_from_http_to_https(self):
        url = self.nginx()
        moved = f"HTTP/1.1 301 Moved\r\nLocation: {url}b.html\r\nContent-Length: 0\r\n\r\n".encode()
        with Site({"/": moved}) as site:
            code = self.crawl("--cacert", self.made / "root.pem", "--scope", "all", "-F", "title=css:title", site.url + "/")
        self.assertEqual((code, self.titles()), (0, ["b"]))

    def test_a_file_without_authorities(self):
        self.assertEqual(self.crawl("--cacert", self.directory / "missing.pem", "https://localhost/"), 2)
        self.assert_one_error("--cacert", "missing.pem")

    # -- corolla serve ------------------------------------------------------------------------------------------------

    def serve(self, *options):
        server = subprocess.Popen([COROLLA, "serve", "--port", "0", "--quiet", *map(str, options), self.made / "site"],
                                  stdout=subprocess.PIPE, text=True)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        return server.stdout.readline().split()[-1]

    def test_curl_and_crawl_from_corolla_serve(self):
        url = self.serve("--cert", self.made / "host.pem", "--key", self.made / "host.key")
        self.assertTrue(url.startswith("https://"), url)
        for options in (("--tlsv1.3",), ("--tls-max", "1.2"), ("--http1.0",)):
            done = subprocess.run(["curl", "--silent", "--show-error", "--cacert", self.made / "root.pem", *options,
                                   url + "b.html"], capture_output=True, text=True, timeout=DEADLINE, check=False)
            self.assertEqual((done.returncode, done.stdout, done.stderr),
                             (0, (self.made / "site" / "b.html").read_text("ascii"), ""), options)
        code = self.crawl("--cacert", self.made / "root.pem", "-F", "title=css:title", url)
        self.assertEqual((code, self.titles()), (0, ["b", "index"]))

    def test_serve_says_what_is_wrong_with_a_key(self):
        done = subprocess.run([COROLLA, "serve", "--cert", self.made / "host.pem", "--key", self.made / "root.key"],
                              capture_output=True, text=True, timeout=DEADLINE, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("--cert: the key in", done.stderr)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The examples of TLS talk to other implementations: openssl's s_client and s_server, Python's ssl, curl."""
import asyncio
import contextlib
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

DEADLINE = 60  # for a process that hangs; no test waits for it
LINES = b"one\ntwo\n" + b"x" * 50_000 + b"\nbye\n"


def openssl(*arguments, **options):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=DEADLINE, **options)


class TlsPeers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = Path(tempfile.mkdtemp(prefix="corolla-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.directory, ignore_errors=True)
        for name, subject in (("root", "/CN=root of the tests"), ("other", "/CN=another root")):
            openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", subject, "-keyout", cls.path(name + ".key"), "-out", cls.path(name + ".pem"))
        for name in ("host", "client"):
            openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", cls.path(name + ".key"),
                    "-out", cls.path(name + ".csr"))
            cls.path("names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n", encoding="ascii")
            openssl("x509", "-req", "-in", cls.path(name + ".csr"), "-CA", cls.path("root.pem"), "-CAkey",
                    cls.path("root.key"), "-CAcreateserial", "-days", "2", "-extfile", cls.path("names"), "-out",
                    cls.path(name + ".pem"))

    @classmethod
    def path(cls, name):
        return cls.directory / name

    # -- the server ---------------------------------------------------------------------------------------------------

    def serve(self, *more):
        server = subprocess.Popen([os.environ["TLS_SERVER"], "0", self.path("host.pem"), self.path("host.key"), *more],
                                  stdout=subprocess.PIPE, text=True)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        line = server.stdout.readline()
        self.assertTrue(line.startswith("listening on port "), line)
        self.server = server
        return int(line.split()[-1])

    def s_client(self, port, *more, text=b"hello\n"):
        # s_client ends with its input, so the input ends when the answer has come.
        client = subprocess.Popen(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", "localhost",
                                   "-CAfile", self.path("root.pem"), "-verify_return_error", "-quiet", "-no_ign_eof",
                                   *map(str, more)], bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE)
        try:
            with contextlib.suppress(BrokenPipeError):  # one that was refused may have ended by now
                client.stdin.write(text)
            answer = b""
            while len(answer) < len(text):
                piece = os.read(client.stdout.fileno(), 65536)
                if not piece:
                    break
                answer += piece
            client.stdin.close()
            client.wait(DEADLINE)
            return answer, client.stderr.read().decode()
        finally:
            client.kill()
            client.wait()
            client.stdout.close()
            client.stderr.close()

    def test_openssl_s_client(self):
        port = self.serve()
        for version in ("-tls1_2", "-tls1_3"):
            answer, _ = self.s_client(port, version)
            self.assertEqual(answer, b"HELLO\n", version)
        answer, errors = self.s_client(port, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0")
        self.assertEqual(answer, b"")
        self.assertIn("alert protocol version", errors)
        answer, _ = self.s_client(port, "-tls1_2", "-cipher", "AES128-SHA")
        self.assertEqual(answer, b"", "no forward secrecy, no connection")
        answer, _ = self.s_client(port, text=b"bye\n")
        self.assertEqual(answer, b"BYE\n")
        self.assertEqual(self.server.wait(DEADLINE), 0)

    def test_openssl_renegotiation_is_refused(self):
        port = self.serve()
        client = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-tls1_2"],
                                input=b"R\n", capture_output=True, timeout=DEADLINE, check=False)
        self.assertIn(b"no renegotiation", client.stderr)

    def test_openssl_key_updates(self):
        port = self.serve()
        client = subprocess.Popen(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-tls1_3"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            for command, answer in ((b"hello\n", b"HELLO\n"), (b"K\n", None), (b"again\n", b"AGAIN\n"), (b"k\n", None),
                                    (b"bye\n", b"BYE\n")):
                client.stdin.write(command)
                client.stdin.flush()
                # s_client takes a command that stands alone in what it reads, and tells of it on standard error.
                stream, wanted = (client.stdout, answer) if answer else (client.stderr, b"KEYUPDATE\n")
                while (line := stream.readline()) != wanted:
                    self.assertNotEqual(line, b"")
            client.stdin.close()
            self.assertEqual(self.server.wait(DEADLINE), 0)
        finally:
            client.kill()
            client.wait()
            for stream in (client.stdin, client.stdout, client.stderr):
                stream.close()

    def python_client(self, **more):
        context = ssl.create_default_context(cafile=self.path("root.pem"))
        context.set_alpn_protocols(["lines/1"])
        for name, value in more.items():
            setattr(context, name, value)
        return context

    def test_python_ssl_client(self):
        port = self.serve()
        session = None
        context = self.python_client(maximum_version=ssl.TLSVersion.TLSv1_2)
        for resumed in (False, True):
            with socket.create_connection(("127.0.0.1", port)) as plain, \
                    context.wrap_socket(plain, server_hostname="localhost", session=session) as secure:
                self.assertEqual(secure.selected_alpn_protocol(), "lines/1")
                self.assertEqual(secure.session_reused, resumed)
                secure.sendall(b"hello\n")
                self.assertEqual(secure.recv(100), b"HELLO\n")
                session = secure.session
                secure.unwrap()  # waits for close_notify

    def test_asyncio_client(self):
        port = self.serve()

        async def talk():
            reader, writer = await asyncio.open_connection("localhost", port, ssl=self.python_client())
            writer.write(LINES)
            answer = await reader.readexactly(len(LINES))
            writer.close()
            await writer.wait_closed()
            return answer

        self.assertEqual(asyncio.run(asyncio.wait_for(talk(), DEADLINE)), LINES.upper())
        self.assertEqual(self.server.wait(DEADLINE), 0)

    def test_clients_with_certificates(self):
        port = self.serve(self.path("root.pem"))
        answer, _ = self.s_client(port, "-cert", self.path("client.pem"), "-key", self.path("client.key"))
        self.assertEqual(answer, b"HELLO\n")
        answer, errors = self.s_client(port)
        self.assertEqual(answer, b"")
        self.assertIn("alert certificate required", errors)
        answer, errors = self.s_client(port, "-cert", self.path("other.pem"), "-key", self.path("other.key"))
        self.assertEqual(answer, b"")
        self.assertIn("alert unknown ca", errors)

    def test_curl_refuses_an_unknown_authority(self):
        port = self.serve()
        done = subprocess.run(["curl", "--silent", "--show-error", "--cacert", self.path("other.pem"),
                               "--resolve", f"localhost:{port}:127.0.0.1", f"https://localhost:{port}/"],
                              capture_output=True, timeout=DEADLINE, check=False)
        self.assertEqual(done.returncode, 60, done.stderr)

    # -- the client ---------------------------------------------------------------------------------------------------

    def connect(self, host, port, *lines, authority="root.pem"):
        return subprocess.run([os.environ["TLS_CLIENT"], host, str(port), self.path(authority), *lines],
                              capture_output=True, text=True, timeout=DEADLINE, check=False)

    def echo_server(self, context, clients=1):
        """Python's ssl as the server: echoes; returns the port."""
        listener = socket.create_server(("127.0.0.1", 0))

        def serve():
            with listener:
                for _ in range(clients):
                    plain, _address = listener.accept()
                    try:
                        with context.wrap_socket(plain, server_side=True) as secure:
                            while data := secure.recv(65536):
                                secure.sendall(data)
                            secure.unwrap()
                    except OSError:
                        plain.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        self.addCleanup(thread.join, DEADLINE)
        return listener.getsockname()[1]

    def server_context(self, name="host"):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.path(name + ".pem"), self.path(name + ".key"))
        return context

    def test_python_ssl_server(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = self.server_context()
            context.minimum_version = context.maximum_version = version
            port = self.echo_server(context)
            done = self.connect("localhost", port, "one", "x" * 40_000)
            self.assertEqual(done.stdout, "one\n" + "x" * 40_000 + "\n")
            self.assertEqual(done.stderr, version.name.replace("_", ".") + " CN=host\n")

    def test_openssl_s_server(self):
        server = subprocess.Popen(["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", self.path("host.pem"),
                                   "-key", self.path("host.key"), "-rev", "-naccept", "1"],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            while (line := server.stdout.readline()) and not line.startswith(b"ACCEPT"):
                pass
            done = self.connect("localhost", int(line.split(b":")[-1]), "hello", "world")
            self.assertEqual(done.stdout, "olleh\ndlrow\n", done.stderr)
        finally:
            server.kill()
            server.wait()
            server.stdout.close()

    def test_bad_certificates_are_told(self):
        port = self.echo_server(self.server_context())
        unknown = self.connect("localhost", port, "x", authority="other.pem")
        self.assertEqual(unknown.returncode, 1)
        self.assertIn("unable to get local issuer certificate (issued by 'CN=root of the tests')", unknown.stderr)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Streams talk to other programs, over TCP, Unix sockets and TLS, in both roles: nc, socat, curl, Python's asyncio and ssl."""
import asyncio
import os
import select
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

DEADLINE = 60  # for a process that hangs; no test waits for it
PEER = os.environ["INTEROP_PEER"]
BACKEND = os.environ.get("COROLLA_BACKEND", "epoll")
# Every byte there is, more than a socket holds, and no multiple of anything.
DATA = bytes(range(256)) * 20_000 + b"end"


def needs(program):
    return unittest.skipUnless(shutil.which(program), f"no {program}")


def run(arguments, data=b""):
    done = subprocess.run([*map(str, arguments)], input=data, capture_output=True, timeout=DEADLINE, check=False)
    if done.returncode:
        raise AssertionError(f"{arguments[0]}: exit code {done.returncode}: {done.stderr.decode(errors='replace')}")
    return done.stdout


def echo_through(secure):
    """Sends and receives at once, in one thread: two must not use one TLS connection of Python's at a time."""
    secure.setblocking(False)
    sent, got = 0, bytearray()
    while len(got) < len(DATA):
        writers = [secure] if sent < len(DATA) else []
        if not any(select.select([secure], writers, [], DEADLINE)):
            raise AssertionError(f"nothing happens after {len(got)} bytes")
        try:
            while len(got) < len(DATA):
                piece = secure.recv(1 << 16)
                if not piece:
                    return bytes(got)
                got += piece
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        try:
            while sent < len(DATA):
                sent += secure.send(DATA[sent:sent + (1 << 16)])
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
    secure.settimeout(DEADLINE)
    return bytes(got)


class Interop(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = Path(tempfile.mkdtemp(prefix="corolla-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.directory, ignore_errors=True)
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
        names = cls.path("names")
        names.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n", encoding="ascii")
        run(["openssl", "req", "-x509", *key, "-subj", "/CN=root of the tests", "-keyout", cls.path("root.key"), "-out",
             cls.path("root.pem")])
        run(["openssl", "req", *key[:-2], "-subj", "/CN=localhost", "-keyout", cls.path("host.key"), "-out",
             cls.path("host.csr")])
        run(["openssl", "x509", "-req", "-in", cls.path("host.csr"), "-CA", cls.path("root.pem"), "-CAkey",
             cls.path("root.key"), "-CAcreateserial", "-days", "2", "-extfile", names, "-out", cls.path("host.pem")])

    @classmethod
    def path(cls, name):
        return cls.directory / name

    def start(self, arguments, **streams):
        process = subprocess.Popen([*map(str, arguments)], **streams)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                self.addCleanup(stream.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    # -- corolla serves -----------------------------------------------------------------------------------------------

    def listen(self, address="0", tls=False):
        """The echo server; returns its port."""
        more = [self.path("host.pem"), self.path("host.key")] if tls else []
        server = self.start([PEER, "listen", address, *more], stdout=subprocess.PIPE)
        backend, port = server.stdout.readline().decode().split()
        self.assertIn(backend, (BACKEND, "epoll"))  # io_uring may be denied here
        return int(port)

    @needs("nc")
    def test_nc_connects(self):
        self.assertEqual(run(["nc", "-N", "127.0.0.1", self.listen()], DATA), DATA)
        path = self.path("for-nc")
        self.listen(path)
        self.assertEqual(run(["nc", "-N", "-U", path], DATA), DATA)

    @needs("socat")
    def test_socat_connects(self):
        path = self.path("for-socat")
        self.listen(path)
        for address in (f"TCP:127.0.0.1:{self.listen()}", f"UNIX-CONNECT:{path}",
                        f"OPENSSL:localhost:{self.listen(tls=True)},pf=ip4,cafile={self.path('root.pem')}"):
            with self.subTest(address):
                self.assertEqual(run(["socat", "-t", DEADLINE, "-", address], DATA), DATA)

    @needs("curl")
    def test_curl_connects(self):
        curl = self.start(["curl", "--silent", "--no-buffer", f"telnet://127.0.0.1:{self.listen()}"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for line in (b"one\n", b"two\n"):
            curl.stdin.write(line)
            curl.stdin.flush()
            self.assertEqual(curl.stdout.readline(), line)

    def test_asyncio_connects(self):
        path = self.path("for-asyncio")
        self.listen(path)
        context = ssl.create_default_context(cafile=self.path("root.pem"))

        async def talk(opening):
            reader, writer = await opening
            writer.write(DATA)
            if writer.can_write_eof():
                writer.write_eof()
            answer = await reader.readexactly(len(DATA))
            rest = await reader.read() if writer.can_write_eof() else b""
            writer.close()
            await writer.wait_closed()
            return answer + rest

        async def all_of_them():
            for opening in (asyncio.open_connection("127.0.0.1", self.listen()), asyncio.open_unix_connection(path),
                            asyncio.open_connection("localhost", self.listen(tls=True), ssl=context)):
                self.assertEqual(await asyncio.wait_for(talk(opening), DEADLINE), DATA)

        asyncio.run(all_of_them())

    def test_pythons_ssl_connects(self):
        context = ssl.create_default_context(cafile=self.path("root.pem"))
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context.minimum_version = context.maximum_version = version
            with socket.create_connection(("127.0.0.1", self.listen(tls=True)), DEADLINE) as plain, \
                    context.wrap_socket(plain, server_hostname="localhost") as secure:
                self.assertEqual(echo_through(secure), DATA)
                secure.unwrap()  # waits for close_notify

    # -- corolla connects ---------------------------------------------------------------------------------------------

    def connect(self, address, tls=False, command="connect"):
        """Sends to an echo server and compares what comes back."""
        more = [self.path("root.pem")] if tls else []
        self.assertEqual(run([PEER, command, address, len(DATA), *more]), b"%d of %d\n" % (len(DATA), len(DATA)))

    @needs("nc")
    def test_nc_listens(self):
        path = self.path("of-nc")
        for arguments, address in ((["127.0.0.1", "0"], None), (["-U", path], path)):
            # nc says on standard error where it listens, with the port the kernel chose
            server = self.start(["nc", "-v", "-n", "-l", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)
            while b"Listening on " not in (line := server.stderr.readline()):
                self.assertNotEqual(line, b"", "nc ended")

            def echo(process=server):  # all of it at once: nc blocks on one pipe while the other is full
                process.stdin.write(process.stdout.read(len(DATA)))
                process.stdin.flush()

            thread = threading.Thread(target=echo, daemon=True)
            thread.start()
            with self.subTest(address):  # nc that listens ends with its peer's end
                self.connect(address or int(line.split()[-1]), command="talk")
            thread.join(DEADLINE)

    @needs("socat")
    def test_socat_listens(self):
        path = self.path("of-socat")
        certificate = f"cert={self.path('host.pem')},key={self.path('host.key')},verify=0"
        for address, tls in (("TCP-LISTEN:0,bind=127.0.0.1", False), (f"UNIX-LISTEN:{path}", False),
                             (f"OPENSSL-LISTEN:0,pf=ip4,bind=127.0.0.1,{certificate}", True)):
            server = self.start(["socat", "-d", "-d", "-t", DEADLINE, address, "EXEC:cat"], stderr=subprocess.PIPE)
            while b" listening on " not in (line := server.stderr.readline()):
                self.assertNotEqual(line, b"", "socat ended")
            threading.Thread(target=server.stderr.read, daemon=True).start()
            with self.subTest(address):
                self.connect(path if address.startswith("UNIX") else int(line.split(b":")[-1]), tls)

    def test_asyncio_listens(self):
        async def echo(reader, writer):
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
            writer.close()

        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.path("host.pem"), self.path("host.key"))

        async def all_of_them():
            path = self.path("of-asyncio")
            for starting, tls in ((asyncio.start_server(echo, "127.0.0.1", 0), False),
                                  (asyncio.start_unix_server(echo, path), False),
                                  (asyncio.start_server(echo, "127.0.0.1", 0, ssl=context), True)):
                async with await starting as server:
                    name = server.sockets[0].getsockname()
                    await asyncio.to_thread(self.connect, name if isinstance(name, str) else name[1], tls)

        asyncio.run(all_of_them())

    def test_pythons_ssl_listens(self):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.path("host.pem"), self.path("host.key"))
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context.minimum_version = context.maximum_version = version
            listener = socket.create_server(("127.0.0.1", 0))

            def serve():
                with listener:
                    plain, _address = listener.accept()
                    with context.wrap_socket(plain, server_side=True) as secure:
                        got = b""
                        while len(got) < len(DATA) and (piece := secure.recv(1 << 16)):
                            got += piece
                        secure.sendall(got)
                        secure.unwrap()

            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            self.connect(listener.getsockname()[1], tls=True)
            thread.join(DEADLINE)
            self.assertFalse(thread.is_alive())


if __name__ == "__main__":
    unittest.main()

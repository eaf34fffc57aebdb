#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Datagrams, raw sockets and pipes talk to other programs, in both roles: socat, nc, a shell, Python's asyncio and sockets."""
import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

DEADLINE = 60  # for a process that hangs; no test waits for it
PEER = os.environ["SOCKET_PEER"]
BACKEND = os.environ.get("COROLLA_BACKEND", "epoll")
DATA = bytes(range(256)) * 4_000 + b"end"  # more than a socket or a pipe holds
QUESTIONS = [b"hello", b"\0\xff\n", bytes(range(256)) * 5, b"", b"end"]  # "end" ends corolla's side
COUNT = 50


def needs(program):
    return unittest.skipUnless(shutil.which(program), f"no {program}")


class SocketPeers(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="corolla-test-")
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)

    def path(self, name):
        return str(self.directory / name)

    def start(self, *arguments, **streams):
        process = subprocess.Popen([*map(str, arguments)], **streams)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                self.addCleanup(stream.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def serve(self, *arguments):
        """corolla's side, and the port it is bound to."""
        process = self.start(PEER, *arguments, stdout=subprocess.PIPE)
        backend, port = process.stdout.readline().decode().split()
        self.assertIn(backend, (BACKEND, "epoll"))  # io_uring may be denied here
        return process, int(port)

    def ended_well(self, process):
        self.assertEqual(process.wait(DEADLINE), 0)

    def ask(self, address, own="0"):
        done = subprocess.run([PEER, "ask", str(address), str(own), str(COUNT)], capture_output=True, timeout=DEADLINE, check=False)
        self.assertEqual((done.stdout, done.stderr), (b"%d of %d\n" % (COUNT, COUNT), b""))

    # -- datagrams, corolla answers -----------------------------------------------------------------------------------

    def test_asyncio_asks(self):
        class Asking(asyncio.DatagramProtocol):
            def connection_made(self, transport):
                self.answers = asyncio.Queue()

            def datagram_received(self, data, addr):
                self.answers.put_nowait(data)

        async def talk(**where):
            transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(Asking, **where)
            for question in QUESTIONS:
                if question:  # asyncio sends no empty datagram before 3.13
                    transport.sendto(question)
                    self.assertEqual(await asyncio.wait_for(protocol.answers.get(), DEADLINE), question)
            transport.close()

        for role in ("answer", "answer-by-protocol"):
            with self.subTest(role):
                server, port = self.serve(role, 0)
                asyncio.run(talk(remote_addr=("127.0.0.1", port)))
                self.ended_well(server)
                path, own = self.path(role), self.path(f"{role}-asks")
                server, _port = self.serve(role, path)
                asyncio.run(talk(family=socket.AF_UNIX, local_addr=own, remote_addr=path))
                self.ended_well(server)

    def test_pythons_sockets_ask(self):
        for role in ("answer", "answer-by-protocol"):
            with self.subTest(role), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
                server, port = self.serve(role, 0)
                asking.settimeout(DEADLINE)
                for question in QUESTIONS:
                    asking.sendto(question, ("127.0.0.1", port))
                    self.assertEqual(asking.recvfrom(65536), (question, ("127.0.0.1", port)))
                self.ended_well(server)

    def ask_through(self, server, *client):
        """Questions by a program that sends what it reads and writes what it receives."""
        process = self.start(*client, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for question in filter(None, QUESTIONS):
            process.stdin.write(question)
            process.stdin.flush()
            self.assertEqual(process.stdout.read(len(question)), question)
        self.ended_well(server)

    @needs("nc")
    def test_nc_asks(self):
        server, port = self.serve("answer", 0)
        self.ask_through(server, "nc", "-u", "127.0.0.1", port)

    @needs("socat")
    def test_socat_asks(self):
        server, port = self.serve("answer", 0)
        self.ask_through(server, "socat", "-", f"UDP:127.0.0.1:{port}")
        path = self.path("answers")
        server, _port = self.serve("answer-by-protocol", path)
        self.ask_through(server, "socat", "-", f"UNIX-SENDTO:{path},bind={self.path('socat')}")

    # -- datagrams, corolla asks --------------------------------------------------------------------------------------

    def test_asyncio_answers(self):
        class Answering(asyncio.DatagramProtocol):
            def connection_made(self, transport):
                self.transport = transport

            def datagram_received(self, data, addr):
                self.transport.sendto(data, addr)

        async def answer(ask, **where):
            transport, _protocol = await asyncio.get_running_loop().create_datagram_endpoint(Answering, **where)
            await asyncio.to_thread(ask, transport.get_extra_info("sockname"))
            transport.close()

        asyncio.run(answer(lambda name: self.ask(name[1]), local_addr=("127.0.0.1", 0)))
        own = self.path("corolla")
        asyncio.run(answer(lambda name: self.ask(name, own), family=socket.AF_UNIX, local_addr=self.path("asyncio")))

    @needs("socat")
    def test_socat_answers(self):
        server = self.start("socat", "-d", "-d", "UDP-LISTEN:0,bind=127.0.0.1", "EXEC:cat", stderr=subprocess.PIPE)
        while b" listening on " not in (line := server.stderr.readline()):
            self.assertNotEqual(line, b"", "socat ended")
        threading.Thread(target=server.stderr.read, daemon=True).start()
        self.ask(int(line.split(b":")[-1]))
        path = self.path("socat")
        server = self.start("socat", "-d", "-d", f"UNIX-RECVFROM:{path},fork", "EXEC:cat", stderr=subprocess.PIPE)
        while not os.path.exists(path):
            self.assertIsNone(server.poll())
        threading.Thread(target=server.stderr.read, daemon=True).start()
        self.ask(path, self.path("corolla"))

    @needs("nc")
    def test_nc_answers(self):
        server = self.start("nc", "-u", "-v", "-n", "-l", "127.0.0.1", "0", stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)
        while b"Bound on " not in (line := server.stderr.readline()):
            self.assertNotEqual(line, b"", "nc ended")

        def echo():
            while data := os.read(server.stdout.fileno(), 65536):
                os.write(server.stdin.fileno(), data)

        thread = threading.Thread(target=echo, daemon=True)
        thread.start()
        self.ask(int(line.split()[-1]))
        server.kill()
        thread.join(DEADLINE)

    # -- raw sockets --------------------------------------------------------------------------------------------------

    def test_asyncio_connects_to_raw_sockets(self):
        async def talk(family, address):
            loop = asyncio.get_running_loop()
            with socket.socket(family) as client:
                client.setblocking(False)
                await loop.sock_connect(client, address)

                async def send():
                    await loop.sock_sendall(client, DATA)
                    client.shutdown(socket.SHUT_WR)

                async def receive():
                    got = b""
                    while piece := await loop.sock_recv(client, 65536):
                        got += piece
                    return got

                _sent, got = await asyncio.wait_for(asyncio.gather(send(), receive()), DEADLINE)
                self.assertEqual(got, DATA)

        path = self.path("raw")
        for family, where in ((socket.AF_INET, "0"), (socket.AF_UNIX, path)):
            server, port = self.serve("raw-listen", where)
            asyncio.run(talk(family, ("127.0.0.1", port) if family == socket.AF_INET else path))
            self.ended_well(server)

    def test_raw_sockets_connect_to_asyncio(self):
        async def serve(family, address):
            loop = asyncio.get_running_loop()
            with socket.socket(family) as listening:
                listening.bind(address)
                listening.listen()
                listening.setblocking(False)
                name = listening.getsockname()
                peer = self.start(PEER, "raw-connect", name if family == socket.AF_UNIX else name[1], len(DATA),
                                  stdout=subprocess.PIPE)
                connection, _address = await asyncio.wait_for(loop.sock_accept(listening), DEADLINE)
                with connection:
                    while data := await asyncio.wait_for(loop.sock_recv(connection, 65536), DEADLINE):
                        await loop.sock_sendall(connection, data)
                self.assertEqual(await asyncio.to_thread(peer.stdout.read), b"%d of %d\n" % (len(DATA), len(DATA)))
                self.ended_well(peer)

        asyncio.run(serve(socket.AF_INET, ("127.0.0.1", 0)))
        asyncio.run(serve(socket.AF_UNIX, self.path("asyncio")))

    # -- pipes --------------------------------------------------------------------------------------------------------

    def test_a_shell_at_both_ends_of_fifos(self):
        source, target, data = self.path("source"), self.path("target"), self.path("data")
        for fifo in (source, target):
            os.mkfifo(fifo)
        Path(data).write_bytes(DATA)
        writer = self.start("sh", "-c", 'cat "$1" > "$2"', "sh", data, source)
        reader = self.start("sh", "-c", 'cat < "$1"', "sh", target, stdout=subprocess.PIPE)
        copying = self.start(PEER, "copy", source, target)
        self.assertEqual(reader.stdout.read(), DATA)
        for process in (writer, copying, reader):
            self.ended_well(process)

    def test_a_shells_pipeline(self):
        done = subprocess.run(["sh", "-c", '"$1" copy /dev/stdin /dev/stdout | cat', "sh", PEER], input=DATA, capture_output=True,
                              timeout=DEADLINE, check=False)
        self.assertEqual((done.returncode, done.stderr, done.stdout == DATA), (0, b"", True))

    def test_a_reader_that_leaves_is_an_error_and_no_signal(self):
        done = subprocess.run(["sh", "-c", '{ yes | "$1" copy /dev/stdin /dev/stdout; echo "$?" >&3; } 3>&2 | head -c 10', "sh", PEER],
                              capture_output=True, timeout=DEADLINE, check=False)
        self.assertEqual(done.stdout, b"y\n" * 5)
        self.assertIn(b"Broken pipe", done.stderr)
        self.assertEqual(done.stderr.split()[-1], b"1")


if __name__ == "__main__":
    unittest.main()

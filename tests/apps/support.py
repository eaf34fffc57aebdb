# SPDX-License-Identifier: Apache-2.0
"""A small web server that can misbehave, and the program under test."""
import os
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import threading
import unittest
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COROLLA = os.environ.get("COROLLA_BIN", str(ROOT / "build" / "release" / "bin" / "corolla"))
DEADLINE = 60  # for a process that hangs; no test waits for it


def page(*links, title="a title"):
    """A small HTML page as a whole response."""
    body = f"<!doctype html><title>{title}</title>" + "".join(f'<p><a href="{link}">x</a>' for link in links)
    return answer(body.encode())


def answer(body, status="200 OK", content_type="text/html; charset=utf-8", headers=()):
    head = [f"HTTP/1.1 {status}", f"Content-Type: {content_type}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


class Site:
    """Serves `pages`: path -> the bytes of a response, or a function that is given the connection and answers itself.

    A function that returns True keeps the connection for the next request. Everything else is 404."""

    def __init__(self, pages):
        self.pages = pages
        self.requests = []
        self._lock = threading.Lock()
        self._connections = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self._listener.close()
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _accept(self):
        while True:
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._connections.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            with connection:
                received = b""
                while True:
                    while b"\r\n\r\n" not in received:
                        piece = connection.recv(65536)
                        if not piece:
                            return
                        received += piece
                    head, received = received.split(b"\r\n\r\n", 1)
                    path = head.split(b" ", 2)[1].decode()
                    with self._lock:
                        self.requests.append(path)
                    if not self._answer(connection, path):
                        return
        except OSError:
            pass
        finally:
            with self._lock:
                self._connections.discard(connection)

    def _answer(self, connection, path):
        found = self.pages.get(path) or self.pages.get("*")
        if found is None:
            connection.sendall(answer(b"no such page", "404 Not Found", "text/plain"))
            return True
        if callable(found):
            return found(connection, path) if found is self.pages.get("*") else found(connection)
        connection.sendall(found)
        return True


class CrawlTestCase(unittest.TestCase):
    def setUp(self):
        self.directory = Path(tempfile.mkdtemp(prefix="corolla-test-"))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.database = self.directory / "crawl.sqlite"

    def command(self, *arguments):
        return [COROLLA, "crawl", "--db", str(self.database), "--no-progress", *map(str, arguments)]

    def crawl(self, *arguments, **options):
        """Runs it to its end; returns the exit code, standard error's lines, and standard output."""
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=DEADLINE,
                              cwd=self.directory, check=False, **options)
        self.stdout = done.stdout
        self.errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
        return done.returncode

    def start(self, *arguments, **options):
        return subprocess.Popen(self.command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                cwd=self.directory, **options)

    def rows(self, sql):
        with closing(sqlite3.connect(self.database)) as database:
            return database.execute(sql).fetchall()

    def assert_one_error(self, *parts):
        """Exactly one line says that something went wrong, and it says what."""
        self.assertEqual(len(self.errors), 1, self.errors)
        for part in parts:
            self.assertIn(part, self.errors[0])

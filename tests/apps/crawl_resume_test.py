# SPDX-License-Identifier: Apache-2.0
"""A crawl that is interrupted in any way goes on with the same command: the same pages, and no item twice."""
import signal
import sqlite3
import threading
import time
import unittest
from contextlib import closing

from support import DEADLINE, CrawlTestCase, Site, page

PAGES = 400
OPTIONS = ["--no-robots", "-F", "title=css:title", "--retries", "0"]


def links_of(number):
    """Each page is reached in several ways."""
    return [f"/{n}" for n in (2 * number + 1, 2 * number + 2, number - 1, number + 7) if 0 <= n < PAGES]


class Graph(Site):
    """A site of PAGES pages, in which something happens at one of the requests."""

    def __init__(self, at=None, event=None):
        self.at, self.event = at, event
        self._count = 0
        self._count_lock = threading.Lock()
        super().__init__({"*": self._page})

    def _page(self, connection, path):
        with self._count_lock:
            self._count += 1
            is_now = self._count == self.at
        if is_now:
            self.event(connection)
            return False
        connection.sendall(page(*links_of(int(path[1:])), title=path))
        return True


class Resume(CrawlTestCase):
    def done_in_database(self):
        try:
            return self.rows("SELECT count(*) FROM pages WHERE state = 'done'")[0][0]
        except sqlite3.Error:
            return 0

    def wait_for_commits(self, count):
        deadline = time.monotonic() + DEADLINE
        while self.done_in_database() < count:
            self.assertLess(time.monotonic(), deadline, "nothing was committed")
            time.sleep(0.01)

    def assert_whole(self, port):
        expected = sorted(f"http://127.0.0.1:{port}/{n}" for n in range(PAGES))
        self.assertEqual(sorted(url for (url,) in self.rows("SELECT url FROM pages WHERE state = 'done'")), expected)
        self.assertEqual(sorted(url for (url,) in self.rows("SELECT url FROM items")), expected)
        lines = (self.directory / "items.jsonl").read_text().splitlines()
        self.assertEqual(len(lines), PAGES)
        self.assertEqual(len(set(lines)), PAGES)

    def crawl_with_event(self, at, event, **how):
        """The event is given the process and the connection of the at-th request, which gets no answer."""
        happened = threading.Event()
        options = [*OPTIONS, "--jsonl", "items.jsonl", "-c", "4"]
        with Graph(at, lambda connection: (event(process, connection), happened.set())) as site:
            process = self.start(site.url + "/0", *options, **how)
            _out, errors = process.communicate(timeout=DEADLINE)
            self.assertTrue(happened.wait(DEADLINE))
            self.stored = self.done_in_database()
            self.asked_before = len(site.requests)
            site.at = None
            code = self.crawl(site.url + "/0", *options)
            self.assertEqual(code, 0, self.errors)
            self.assert_whole(site.port)
            self.asked = len(site.requests)
        return process.returncode, errors

    def test_kill_9(self):
        def kill(process, _connection):
            process.kill()
        for at in (1, 2, 60, 399):
            with self.subTest(at):
                self.setUp()
                code, _errors = self.crawl_with_event(at, kill)
                self.assertEqual(code, -signal.SIGKILL)

    def test_kill_9_after_a_commit(self):
        """What was committed is not asked for again."""
        def kill(process, _connection):
            self.wait_for_commits(200)
            process.kill()
        code, _errors = self.crawl_with_event(260, kill)
        self.assertEqual(code, -signal.SIGKILL)
        self.assertGreaterEqual(self.stored, 200)
        self.assertEqual(self.asked, self.asked_before + PAGES - self.stored)

    def test_ctrl_c(self):
        """What was fetched is stored, what was in flight is left, and both are said."""
        def interrupt(process, connection):
            process.send_signal(signal.SIGINT)
            connection.recv(1)  # until the request is given up
        code, errors = self.crawl_with_event(150, interrupt)
        self.assertEqual(code, 130)
        self.assertGreaterEqual(self.stored, 140)
        self.assertIn(f"interrupted: {self.stored} pages are stored", errors)

    def test_sigterm(self):
        def terminate(process, connection):
            process.terminate()
            connection.recv(1)
        code, errors = self.crawl_with_event(150, terminate)
        self.assertEqual(code, 130)
        self.assertIn("interrupted", errors)

    def test_sigterm_where_ctrl_c_is_ignored(self):
        """As a shell has it for what it runs in the background."""
        def terminate(process, connection):
            process.terminate()
            connection.recv(1)
        code, errors = self.crawl_with_event(
            150, terminate, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
        self.assertEqual(code, 130)
        self.assertIn("interrupted", errors)

    def test_second_ctrl_c_ends_at_once(self):
        """While somebody else holds the database's lock, the last commit takes its time."""
        def interrupt(process, connection):
            self.wait_for_commits(1)
            with closing(sqlite3.connect(self.database, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                process.send_signal(signal.SIGINT)
                connection.recv(1)  # the first one was heard
                process.send_signal(signal.SIGINT)
                process.wait(timeout=DEADLINE)
        code, _errors = self.crawl_with_event(300, interrupt)
        self.assertEqual(code, -signal.SIGINT)

    def test_page_limit_and_onwards(self):
        with Graph() as site:
            self.assertEqual(self.crawl(site.url + "/0", *OPTIONS, "--max-pages", "50"), 0)
            self.assertEqual(len(site.requests), 50)
            self.assertEqual(self.crawl(site.url + "/0", *OPTIONS, "--max-pages", "120"), 0)
            self.assertEqual(len(site.requests), 120)
            self.assertEqual(self.crawl(site.url + "/0", *OPTIONS, "--jsonl", "items.jsonl"), 0)
            self.assertEqual(sorted(site.requests), sorted(f"/{n}" for n in range(PAGES)))

    def test_nothing_left(self):
        with Graph() as site:
            self.assertEqual(self.crawl(site.url + "/0", *OPTIONS), 0)
            before = len(site.requests)
            self.assertEqual(self.crawl(site.url + "/0", *OPTIONS), 0)
            self.assertEqual(len(site.requests), before)
            self.assertEqual(self.crawl(site.url + "/0", *OPTIONS, "--fresh"), 0)
            self.assertEqual(len(site.requests), 2 * before)

    def test_depth_limit_is_the_same_whatever_comes_first(self):
        reachable, level = {0}, [0]
        for _step in range(3):
            level = [int(link[1:]) for number in level for link in links_of(number)]
            reachable.update(level)
        with Graph() as site:
            self.assertEqual(self.crawl(site.url + "/0", *OPTIONS, "--depth", "3", "--seed", "1"), 0)
            self.assertEqual(sorted(site.requests), sorted(f"/{n}" for n in reachable))


if __name__ == "__main__":
    unittest.main()

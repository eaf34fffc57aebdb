# SPDX-License-Identifier: Apache-2.0
"""What a crawl shows: progress on a terminal and in a log, the summary, JSON."""
import json
import os
import pty
import subprocess
import unittest

from support import COROLLA, DEADLINE, CrawlTestCase, Site, page

PAGES = {"/": page("/a", "/b", "/missing", title="front"), "/a": page(title="a"), "/b": page(title="b")}


class Output(CrawlTestCase):
    def run_in(self, *arguments, **how):
        return subprocess.run([COROLLA, "crawl", "--db", str(self.database), "--no-robots", *arguments],
                              capture_output=True, text=True, timeout=DEADLINE, cwd=self.directory, check=False, **how)

    def test_on_a_terminal_there_is_a_progress_line(self):
        ours, theirs = pty.openpty()
        with Site(PAGES) as site, os.fdopen(ours, "rb", buffering=0) as terminal:
            process = subprocess.Popen([COROLLA, "crawl", "--db", str(self.database), "--no-robots", site.url],
                                       stdout=subprocess.DEVNULL, stderr=theirs, cwd=self.directory,
                                       env={**os.environ, "LC_ALL": "C"})
            os.close(theirs)
            shown = b""
            try:
                while piece := terminal.read(65536):
                    shown += piece
            except OSError:  # how a terminal tells that nobody writes to it any more
                pass
            self.assertEqual(process.wait(timeout=DEADLINE), 0)
        last = shown.decode().rstrip("\r\n").split("\r")[-1]
        self.assertIn("100%", last)
        self.assertIn("4/4", last)
        self.assertIn("1 error", last)
        self.assertNotIn("\x1b[K", last[:-3])

    def test_in_a_pipe_there_are_plain_lines(self):
        with Site(PAGES) as site:
            done = self.run_in(site.url)
        self.assertEqual(done.returncode, 0)
        self.assertNotIn("\x1b", done.stderr)
        self.assertIn("4/4 pages", done.stderr)
        self.assertIn("4 done", done.stdout)
        self.assertEqual(done.stdout.splitlines()[-1], f"sqlite: {self.database}")

    def test_quiet_is_quiet(self):
        with Site(PAGES) as site:
            done = self.run_in(site.url, "--quiet")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_summary_as_json(self):
        with Site(PAGES) as site:
            done = self.run_in(site.url, "--json", "--no-progress", "-F", "t=css:title")
        summary = json.loads(done.stdout)
        self.assertEqual(done.stderr, "")
        self.assertEqual(summary["outcome"], "finished")
        self.assertEqual(summary["database"], str(self.database))
        self.assertEqual((summary["known"], summary["finished"], summary["pending"]), (4, 4, 0))
        self.assertEqual((summary["run"]["pages"], summary["run"]["items"]), (4, 3))
        self.assertEqual(summary["run"]["status"], {"200": 3, "404": 1})

    def test_log_as_json(self):
        with Site(PAGES) as site:
            done = self.run_in(site.url, "--log-format", "json", "-v", "--no-progress")
        lines = [json.loads(line) for line in done.stderr.splitlines()]
        self.assertEqual(sorted(line["url"].removeprefix(site.url) for line in lines), ["/", "/a", "/b", "/missing"])
        self.assertEqual({line["event"] for line in lines}, {"done"})
        self.assertEqual({line["status"] for line in lines if line["url"].endswith("missing")}, {404})

    def test_items_on_standard_output(self):
        with Site(PAGES) as site:
            done = self.run_in(site.url, "--jsonl", "-", "-F", "title=css:title", "--no-progress")
        items = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(sorted((item["url"].removeprefix(site.url), item["title"]) for item in items),
                         [("/", "front"), ("/a", "a"), ("/b", "b")])
        self.assertIn(f"sqlite: {self.database}", done.stderr)

    def test_what_servers_send_does_not_steer_the_terminal(self):
        with Site({"/": page("/bad"), "/bad": b"HTTP/1.1 302 Found\r\nLocation: http://[\x1b[2J\x07\r\n"
                                              b"Content-Length: 0\r\n\r\n"}) as site:
            done = self.run_in(site.url, "--no-progress")
        self.assertEqual(done.returncode, 1)
        self.assertNotIn("\x1b", done.stderr)
        self.assertNotIn("\x07", done.stderr)

    def test_default_database_is_named_after_the_host(self):
        with Site(PAGES) as site:
            done = subprocess.run([COROLLA, "crawl", f"127.0.0.1:{site.port}", "--no-progress"], capture_output=True,
                                  text=True, timeout=DEADLINE, cwd=self.directory, check=False)
        self.assertEqual(done.stdout.splitlines()[-1], f"sqlite: 127.0.0.1_{site.port}.sqlite")
        self.assertTrue((self.directory / f"127.0.0.1_{site.port}.sqlite").exists())

    def test_version_and_help(self):
        version = subprocess.run([COROLLA, "--version"], capture_output=True, text=True, check=True)
        self.assertRegex(version.stdout, r"^corolla \d+\.\d+\.\d+\n$")
        usage = subprocess.run([COROLLA, "crawl", "--help"], capture_output=True, text=True, check=True)
        for part in ("Exit codes:", "Examples:", "--field", "130"):
            self.assertIn(part, usage.stdout)
        nothing = subprocess.run([COROLLA], capture_output=True, text=True, check=False)
        self.assertEqual(nothing.returncode, 2)


if __name__ == "__main__":
    unittest.main()

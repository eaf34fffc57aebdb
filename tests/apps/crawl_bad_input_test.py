# SPDX-License-Identifier: Apache-2.0
"""What a crawl meets when things are wrong: one line that says so, the right exit code, and nothing stored is lost."""
import gzip
import resource
import socket
import struct
import unittest

from support import CrawlTestCase, Site, answer, page

OK, INCOMPLETE, USAGE, OUTPUT, NOTHING = 0, 1, 2, 3, 4

# Every test's time-outs and limits: short, so that giving up is quick.
LIMITS = ["--no-robots", "--retries", "0", "--timeout", "300ms", "--page-timeout", "20s", "--max-body", "200k",
          "-F", "title=css:title"]


class OneBadPage(CrawlTestCase):
    """A site of two good pages and a bad one."""

    def crawl_with(self, bad, *arguments):
        pages = {"/": page("/good", "/bad", title="front"), "/good": page(title="good"), "/bad": bad}
        with Site(pages) as site:
            self.url = site.url
            code = self.crawl(site.url + "/", *LIMITS, *arguments)
            self.requests = site.requests
        return code

    def assert_rest_is_stored(self):
        done = self.rows("SELECT pages.url, title FROM pages JOIN items ON page_id = id WHERE state = 'done'")
        self.assertEqual(sorted(done), [(self.url + "/", "front"), (self.url + "/good", "good")])

    def assert_fails(self, bad, *parts, arguments=()):
        code = self.crawl_with(bad, *arguments)
        self.assert_one_error(self.url + "/bad: ", *parts)
        self.assertEqual(code, INCOMPLETE)
        self.assert_rest_is_stored()
        ((state, error),) = self.rows("SELECT state, error FROM pages WHERE url LIKE '%/bad'")
        self.assertEqual(state, "failed")
        self.assertIn(error, self.errors[0])

    def test_reset_before_the_answer(self):
        def bad(connection):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.assert_fails(bad, "reset")

    def test_reset_in_the_body(self):
        def bad(connection):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000\r\n\r\n<p>")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.assert_fails(bad, "the connection broke in the body")

    def test_closed_without_an_answer(self):
        def bad(_connection):
            return False
        self.assert_fails(bad, "connection closed before")

    def test_server_that_stalls_before_the_answer(self):
        def bad(connection):
            connection.recv(1)  # until the other side gives up
        self.assert_fails(bad, "nothing arrived for 0.3 s")

    def test_server_that_stalls_in_the_body(self):
        def bad(connection):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000\r\n\r\n<p>")
            connection.recv(1)
        self.assert_fails(bad, "nothing arrived for 0.3 s")

    def test_body_that_trickles_for_ever(self):
        def bad(connection):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
            connection.settimeout(0.05)
            while True:
                connection.sendall(b"x")
                try:
                    connection.recv(1)
                    return False
                except TimeoutError:
                    pass
        self.assert_fails(bad, "longer than 1.0 s", arguments=["--page-timeout", "1s"])

    def test_endless_body(self):
        def bad(connection):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n")
            while True:
                connection.sendall(b"2000\r\n" + b"x" * 0x2000 + b"\r\n")
        self.assert_fails(bad, "larger than 200000 bytes")

    def test_gzip_bomb(self):
        bomb = gzip.compress(b"\0" * 30_000_000)
        bad = answer(bomb, headers=["Content-Encoding: gzip"])
        self.assertLess(len(bomb), 200_000)
        self.assert_fails(bad, "decoded")

    def test_broken_gzip(self):
        self.assert_fails(answer(b"\x1f\x8b\x08\x00 this is no deflate", headers=["Content-Encoding: gzip"]), "gzip")

    def test_malformed_header(self):
        self.assert_fails(b"HTTP/1.1 200 OK\r\nContent-Type text/html\r\nContent-Length: 0\r\n\r\n", "eader")

    def test_no_http_at_all(self):
        self.assert_fails(b"220 mail.example ESMTP ready\r\n\r\n", "HTTP")

    def test_header_of_10_mb(self):
        def bad(connection):
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 10_000_000 + b"\r\n\r\n")
        self.assert_fails(bad, "above the limit of 8192")

    def test_content_length_larger_than_the_body(self):
        def bad(connection):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000\r\n\r\nshort")
        self.assert_fails(bad, "body")

    def test_content_length_smaller_than_the_body(self):
        """What follows the body is no answer to anything, whatever it looks like."""
        forged = answer(b'<title>forged</title><a href="/forged">x</a>')
        bad = answer(b"<title>short</title>") + forged
        self.assertEqual(self.crawl_with(bad), OK)
        self.assertEqual(self.errors, [])
        self.assertEqual(self.rows("SELECT title FROM items WHERE url LIKE '%/bad'"), [("short",)])
        self.assertNotIn("/forged", self.requests)

    def test_two_content_lengths(self):
        self.assert_fails(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc", "ontent-")

    def test_redirect_to_itself(self):
        self.assert_fails(answer(b"", "302 Found", headers=["Location: /bad"]), "redirection loop")

    def test_redirect_to_no_url(self):
        self.assert_fails(answer(b"", "302 Found", headers=["Location: http://[::1/"]), "no URL", "http://[::1/")

    def test_redirect_to_nowhere(self):
        self.assert_fails(answer(b"", "302 Found"), "without a Location")

    def test_server_error_counts_as_failed(self):
        code = self.crawl_with(answer(b"sorry", "503 Service Unavailable"))
        self.assertEqual(code, INCOMPLETE)
        self.assert_one_error("503", "/bad")
        self.assert_rest_is_stored()

    def test_missing_page_is_an_answer(self):
        self.assertEqual(self.crawl_with(None), OK)
        self.assertEqual(self.errors, [])
        self.assertEqual(self.rows("SELECT status FROM pages WHERE url LIKE '%/bad'"), [(404,)])

    def test_links_that_are_no_urls_are_left_out(self):
        bad = page("http://[::1/", "http://a b/", "https://", "javascript:void(0)", "mailto:a@b.example", "//")
        self.assertEqual(self.crawl_with(bad), OK)
        self.assertEqual(self.errors, [])
        self.assertEqual(self.rows("SELECT count(*) FROM pages"), [(3,)])

    def test_failure_that_passes_is_tried_again(self):
        answers = [answer(b"busy", "503 Service Unavailable"), page(title="late")]

        def bad(connection):
            connection.sendall(answers.pop(0))
            return True
        self.assertEqual(self.crawl_with(bad, "--retries", "1", "--retry-wait", "1ms"), OK)
        self.assertEqual(self.errors, [])
        self.assertEqual(self.requests.count("/bad"), 2)
        self.assertEqual(self.rows("SELECT title FROM items WHERE url LIKE '%/bad'"), [("late",)])


class Redirections(CrawlTestCase):
    def test_loop_over_three_pages(self):
        def to(where):
            return answer(b"", "301 Moved Permanently", headers=[f"Location: {where}"])
        with Site({"/": page("/a", "/good"), "/a": to("/b"), "/b": to("/c"), "/c": to("/a"),
                   "/good": page()}) as site:
            self.assertEqual(self.crawl(site.url, *LIMITS), INCOMPLETE)
            self.assert_one_error(site.url + "/c: a redirection loop: back to " + site.url + "/a")
            self.assertEqual(sorted(site.requests), ["/", "/a", "/b", "/c", "/good"])
        self.assertEqual(self.rows("SELECT count(*) FROM items"), [(2,)])

    def test_endless_chain(self):
        def onwards(connection, path):
            number = int(path.rsplit("/", 1)[1] or 0)
            connection.sendall(answer(b"", "302 Found", headers=[f"Location: /{number + 1}"]))
            return True
        with Site({"*": onwards}) as site:
            self.assertEqual(self.crawl(site.url + "/0", *LIMITS, "--max-redirects", "5"), INCOMPLETE)
            self.assert_one_error(site.url + "/5: more than 5 redirections")
            self.assertEqual(len(site.requests), 6)

    def test_two_pages_that_redirect_to_one_are_no_loop(self):
        def to(where):
            return answer(b"", "301 Moved Permanently", headers=[f"Location: {where}"])
        with Site({"/": page("/a", "/b"), "/a": to("/c"), "/b": to("/c"), "/c": page()}) as site:
            self.assertEqual(self.crawl(site.url, *LIMITS), OK)
            self.assertEqual(sorted(site.requests), ["/", "/a", "/b", "/c"])


class NothingToFetch(CrawlTestCase):
    def assert_nothing(self, url, *parts):
        self.assertEqual(self.crawl(url, *LIMITS), NOTHING)
        self.assertEqual(len(self.errors), 2, self.errors)
        self.assertTrue(self.errors[0].startswith(f"error: {url}"), self.errors)
        for part in parts:
            self.assertIn(part, self.errors[0])
        self.assertEqual(self.errors[1], "error: nothing could be fetched")
        ((state, error),) = self.rows("SELECT state, error FROM pages")
        self.assertEqual(state, "failed")
        self.assertIn(error, self.errors[0])

    def test_unresolvable_host(self):
        self.assert_nothing("http://no-such-host.invalid/", "cannot connect", "no-such-host.invalid")

    def test_refused(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        self.assert_nothing(f"http://127.0.0.1:{port}/", "cannot connect", "refused")

    def test_missing_start_page(self):
        with Site({}) as site:
            self.assertEqual(self.crawl(site.url, *LIMITS), NOTHING)
        self.assertIn("404", self.errors[0])

    def test_robots_forbid_it(self):
        with Site({"/robots.txt": answer(b"User-agent: *\nDisallow: /\n", content_type="text/plain"),
                   "/": page()}) as site:
            self.assertEqual(self.crawl(site.url), NOTHING)
            self.assertEqual(site.requests, ["/robots.txt"])
        self.assertIn("disallowed by robots.txt", self.errors[0])
        self.assertEqual(self.rows("SELECT state FROM pages"), [("skipped",)])

    def test_robots_that_stall(self):
        def stall(connection):
            connection.recv(1)
        with Site({"/robots.txt": stall, "/": page()}) as site:
            code = self.crawl(site.url, "--retries", "0", "--timeout", "200ms")
            self.assertEqual(site.requests, ["/robots.txt"])
        self.assertEqual(code, NOTHING)
        self.assertIn("robots.txt: nothing arrived", self.errors[0])


class BadArguments(CrawlTestCase):
    """Nothing is asked for and no file is made."""

    def assert_usage(self, *arguments, parts=()):
        with Site({"/": page()}) as site:
            self.assertEqual(self.crawl(*[str(a).replace("SITE", site.url) for a in arguments]), USAGE)
            self.assertEqual(site.requests, [])
        self.assert_one_error(*parts)
        self.assertFalse(self.database.exists())

    def test_invalid_urls(self):
        for url in ["http://[::1/", "http://a b/", "http://", "ftp://127.0.0.1/", "http://example.org:99999/"]:
            with self.subTest(url):
                self.assert_usage(url)

    def test_url_with_a_password(self):
        self.assert_usage("http://me:secret@127.0.0.1/")
        self.assertNotIn("secret", self.errors[0])

    def test_no_url(self):
        self.assert_usage(parts=["no URL"])

    def test_bad_selectors(self):
        for field in ["title", "title=css:", "title=css:h1[", "title=xpath://a[", "title=re:(", "title=jq:.x", "=css:p"]:
            with self.subTest(field):
                self.assert_usage("SITE", "-F", field)

    def test_field_twice(self):
        self.assert_usage("SITE", "-F", "a=css:p", "-F", "a=css:h1", parts=["a"])

    def test_bad_values(self):
        for option in (["--delay", "soon"], ["--max-body", "big"], ["--depth", "-1"], ["-c", "0"], ["--include", "("],
                       ["--scope", "galaxy"], ["--header", "no colon"], ["--header", "a b: c"], ["--no-such-option"],
                       ["--seeds", "/no/such/file"], ["--prefix", "nowhere"]):
            with self.subTest(option):
                self.assert_usage("SITE", *option)

    def test_bad_line_in_a_file_of_seeds(self):
        seeds = self.directory / "seeds.txt"
        seeds.write_text("# comment\nhttp://127.0.0.1/\n\nhttp://[/\n")
        self.assert_usage("--seeds", seeds, parts=["seeds.txt, line 4", "http://[/"])


class BadOutput(CrawlTestCase):
    def test_directory_that_is_not_there(self):
        self.database = self.directory / "no" / "such" / "crawl.sqlite"
        with Site({"/": page()}) as site:
            self.assertEqual(self.crawl(site.url), OUTPUT)
            self.assertEqual(site.requests, [])
        self.assert_one_error(str(self.database))

    def test_file_of_another_program(self):
        self.database.write_text("this is no database, but it is somebody's\n" * 100)
        before = self.database.read_bytes()
        with Site({"/": page()}) as site:
            self.assertEqual(self.crawl(site.url), OUTPUT)
        self.assert_one_error()
        self.assertEqual(self.database.read_bytes(), before)

    def test_lines_into_a_directory(self):
        with Site({"/": page()}) as site:
            self.assertEqual(self.crawl(site.url, "--jsonl", self.directory), OUTPUT)
        self.assert_one_error(str(self.directory))

    def test_lines_into_somebodys_file(self):
        lines = self.directory / "lines.jsonl"
        lines.write_text("mine\n")
        with Site({"/": page()}) as site:
            self.assertEqual(self.crawl(site.url, "--jsonl", lines), OUTPUT)
        self.assert_one_error(str(lines))
        self.assertEqual(lines.read_text(), "mine\n")

    def test_database_in_use(self):
        seen = []

        def front(connection):
            seen.append(self.crawl(url, *LIMITS))
            connection.sendall(page())
            return True
        with Site({"/": front}) as site:
            url = site.url
            with self.start(url, *LIMITS, "--timeout", "30s") as first:
                first.communicate()
        self.assertEqual(first.returncode, OK)
        self.assertEqual(seen, [OUTPUT])

    def test_full_disk(self):
        """A limit on the size of files stands in for it: the write fails in the same place."""
        site_of = 400
        body = "x" * 10_000
        pages = {f"/{i}": page(f"/{i + 1}", f"/{i + 2}", title=f"{i} {body}") for i in range(site_of)}

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
        with Site(pages) as site:
            code = self.crawl(site.url + "/0", "--no-robots", "-F", "title=css:title", preexec_fn=limit)
            self.assertEqual(code, OUTPUT)
            self.assert_one_error()
            self.assertEqual(self.rows("PRAGMA integrity_check"), [("ok",)])
            ((done, items),) = self.rows("SELECT count(*), (SELECT count(*) FROM items) FROM pages WHERE state = 'done'")
            self.assertEqual(done, items)
            self.assertLess(done, site_of)
            # With room again the same command completes the crawl.
            self.assertEqual(self.crawl(site.url + "/0", "--no-robots", "-F", "title=css:title"), OK)
        self.assertEqual(self.rows("SELECT count(*), count(DISTINCT url) FROM items"), [(site_of, site_of)])

    def test_reader_of_the_lines_that_went_away(self):
        pages = {f"/{i}": page(f"/{i + 1}", title="x" * 10_000) for i in range(100)}
        with Site(pages) as site:
            with self.start(site.url + "/0", "--no-robots", "-F", "title=css:title", "--jsonl", "-") as crawl:
                crawl.stdout.close()
                errors = crawl.stderr.read()
        self.assertEqual(crawl.returncode, OUTPUT, errors)
        self.assertEqual(errors.count("error: "), 1, errors)


if __name__ == "__main__":
    unittest.main()

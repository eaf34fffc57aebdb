#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proxies and cookies of corolla crawl."""
import os
import unittest

from support import CrawlTestCase, Site, answer, page


def environment(**variables):
    """This one's without proxies, and with these."""
    return {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")} | variables


class ProxyTest(CrawlTestCase):
    PAGES = {"http://nowhere.test/": page("/b"), "http://nowhere.test/b": page()}

    def fetched(self):
        return self.rows("select url, status from pages order by url")

    def test_all_goes_through_the_proxy(self):
        with Site(self.PAGES) as proxy:
            self.assertEqual(self.crawl("--proxy", proxy.url, "nowhere.test", env=environment()), 0)
            self.assertEqual(self.fetched(), [("http://nowhere.test/", 200), ("http://nowhere.test/b", 200)])
            self.assertIn("http://nowhere.test/robots.txt", proxy.requests)

    def test_the_environments(self):
        with Site(self.PAGES) as proxy:
            self.assertEqual(self.crawl("nowhere.test", env=environment(http_proxy=proxy.url)), 0)
            self.assertEqual(len(self.fetched()), 2)

    def test_but_not_for_some(self):
        with Site({"/": page()}) as site:
            nobody = environment(http_proxy="http://127.0.0.1:1", no_proxy="127.0.0.0/8")
            self.assertEqual(self.crawl(site.url, env=nobody), 0)
            self.assertEqual(self.crawl("--fresh", "--no-proxy", "127.0.0.1", "-x", "127.0.0.1:1", site.url,
                                        env=environment()), 0)

    def test_one_that_is_not_there_or_is_none(self):
        self.assertEqual(self.crawl("--retries", "0", "-x", "127.0.0.1:1", "http://nowhere.test/", env=environment()), 4)
        self.assertEqual(self.crawl("-x", "ftp://a.test", "http://nowhere.test/", env=environment()), 2)
        self.assertIn("a proxy's URL begins with", self.errors[0])


class CookiesTest(CrawlTestCase):
    def setUp(self):
        super().setUp()
        self.cookies = self.directory / "cookies.txt"
        self.sent = {}

    def site(self):
        def root(connection):
            connection.sendall(answer(b'<a href="/b">b</a>', headers=["Set-Cookie: id=7; Max-Age=1000"]))
            return True
        return Site({"/": root, "/b": page()})

    def test_saved_and_loaded(self):
        with self.site() as site:
            self.assertEqual(self.crawl("--save-cookies", self.cookies, site.url), 0)
            saved = self.cookies.read_text()
            self.assertRegex(saved, r"\n127\.0\.0\.1\tFALSE\t/\tFALSE\t\d+\tid\t7\n$")
            other = self.directory / "other.txt"
            self.assertEqual(self.crawl("--fresh", "--load-cookies", self.cookies, "--save-cookies", other,
                                        "--max-pages", "1", site.url + "/b"), 0)
            self.assertEqual(other.read_text(), saved)

    def test_none(self):
        with self.site() as site:
            self.assertEqual(self.crawl("--no-cookies", "--save-cookies", self.cookies, site.url), 2)
            self.assertEqual(self.crawl("--load-cookies", self.cookies, site.url), 2)
            self.assertIn("no such file", self.errors[0])
            self.cookies.write_text("nonsense\n")
            self.assertEqual(self.crawl("--load-cookies", self.cookies, site.url), 2)
            self.assertIn("cookies.txt:1: no cookie", self.errors[0])
            self.assertEqual(self.crawl("--save-cookies", self.directory / "no" / "where", site.url), 3)


if __name__ == "__main__":
    unittest.main()

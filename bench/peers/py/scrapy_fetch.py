# SPDX-License-Identifier: Apache-2.0
"""The crawl case on Scrapy.      usage: scrapy_fetch.py PORT N CONNECTIONS MANIFEST|-"""
import sys

import scrapy
from scrapy.crawler import CrawlerProcess

from common import Stopwatch, check_page, page_url, read_manifest, require

PORT, WANTED, CONNECTIONS = (int(x) for x in sys.argv[1:4])
DIGESTS = read_manifest(sys.argv[4])
SIZES = []


class Fetch(scrapy.Spider):
    name = "fetch"

    def start_requests(self):
        for i in range(WANTED):
            yield scrapy.Request(page_url(PORT, i), cb_kwargs={"i": i})

    def parse(self, response, i):
        SIZES.append(check_page(DIGESTS, i, response.status, response.body))


process = CrawlerProcess({
    "CONCURRENT_REQUESTS": CONNECTIONS, "CONCURRENT_REQUESTS_PER_DOMAIN": CONNECTIONS, "ROBOTSTXT_OBEY": False,
    "LOG_ENABLED": False, "TELNETCONSOLE_ENABLED": False, "REQUEST_FINGERPRINTER_IMPLEMENTATION": "2.7"})
process.crawl(Fetch)
watch = Stopwatch()
process.start()
require(len(SIZES) == WANTED, f"every page was fetched: {len(SIZES)} of {WANTED}")
watch.result("crawl", "scrapy", WANTED, bytes=sum(SIZES))

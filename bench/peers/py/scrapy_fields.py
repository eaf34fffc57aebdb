# SPDX-License-Identifier: Apache-2.0
"""Crawls a whole site with Scrapy and writes title and first heading of each page as JSON lines.
usage: scrapy_fields.py URL OUTPUT"""
import sys

import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.linkextractors import LinkExtractor

URL, OUTPUT = sys.argv[1], sys.argv[2]
SETTINGS = {
    "CONCURRENT_REQUESTS": 64, "CONCURRENT_REQUESTS_PER_DOMAIN": 64, "ROBOTSTXT_OBEY": False, "LOG_ENABLED": False,
    "TELNETCONSOLE_ENABLED": False, "REQUEST_FINGERPRINTER_IMPLEMENTATION": "2.7",
    "FEEDS": {OUTPUT: {"format": "jsonlines", "encoding": "utf8"}}}


class Fields(scrapy.Spider):
    name = "fields"
    start_urls = [URL]
    allowed_domains = ["127.0.0.1"]
    links = LinkExtractor()

    def parse(self, response):
        if not isinstance(response, scrapy.http.HtmlResponse):
            return
        heading = response.css("h1")
        yield {"url": response.url, "title": response.css("title::text").get(),
               "h1": heading[0].xpath("string()").get() if heading else None}
        for link in self.links.extract_links(response):
            yield response.follow(link)


process = CrawlerProcess(SETTINGS)
process.crawl(Fields)
process.start()

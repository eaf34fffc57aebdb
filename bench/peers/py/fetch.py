# SPDX-License-Identifier: Apache-2.0
"""Keep-alive fetcher on aiohttp.      usage: fetch.py asyncio|uvloop PORT N CONNECTIONS MANIFEST|-"""
import asyncio
import sys

import aiohttp

from common import Stopwatch, check_page, page_url, read_manifest, require, run

LOOP, PORT, WANTED, CONNECTIONS = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])


async def main():
    digests = read_manifest(sys.argv[5])
    numbers, finished, size = iter(range(WANTED)), 0, 0
    watch = Stopwatch()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS)) as session:
        async def fetch_pages():
            nonlocal finished, size
            for i in numbers:
                async with session.get(page_url(PORT, i)) as response:
                    size += check_page(digests, i, response.status, await response.read())
                    finished += 1

        await asyncio.gather(*[fetch_pages() for _ in range(min(CONNECTIONS, WANTED))])
    require(finished == WANTED, "every page was fetched")
    watch.result("crawl", f"aiohttp-{LOOP}", finished, bytes=size)


run(LOOP, main())

# SPDX-License-Identifier: Apache-2.0
"""Greeting server on aiohttp.   usage: hello.py asyncio|uvloop"""
import asyncio
import socket
import sys

from aiohttp import web


async def hello(_request):
    return web.Response(body=b"Hello, World!", content_type="text/plain")


async def serve():
    app = web.Application()
    app.router.add_get("/hello", hello)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    listening = socket.create_server(("127.0.0.1", 0), backlog=4096)
    await web.SockSite(runner, listening).start()
    print("PORT", listening.getsockname()[1], flush=True)
    await asyncio.Event().wait()


if sys.argv[1] == "uvloop":
    import uvloop
    uvloop.install()
asyncio.run(serve())

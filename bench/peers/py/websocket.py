# SPDX-License-Identifier: Apache-2.0
"""WebSocket echo server on websockets, without compression.   usage: websocket.py asyncio|uvloop"""
import asyncio
import sys

import websockets


async def echo(ws, _path=None):
    async for message in ws:
        await ws.send(message)


async def serve():
    async with websockets.serve(echo, "127.0.0.1", 0, compression=None, backlog=4096) as server:
        print("PORT", server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Event().wait()


if sys.argv[1] == "uvloop":
    import uvloop
    uvloop.install()
asyncio.run(serve())

# SPDX-License-Identifier: Apache-2.0
"""Echo server, as a protocol or with streams.      usage: echo.py asyncio|uvloop protocol|streams   (announces its port)"""
import asyncio
import sys

from common import run

LOOP, STYLE = sys.argv[1], sys.argv[2]


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


async def serve(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    writer.close()


async def main():
    if STYLE == "protocol":
        server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", 0, backlog=4096)
    else:
        server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=4096)
    print("PORT", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


run(LOOP, main())

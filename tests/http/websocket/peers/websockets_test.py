#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""WebSockets talk to Python's websockets package, in both roles, with and without compression."""
import asyncio
import contextlib
import os
import subprocess
import unittest

import websockets

DEADLINE = 60  # for a process that hangs; no test waits for it
PEER = os.environ["WEBSOCKET_PEER"]
SIZES = (0, 1, 125, 126, 4096, 65535, 65536, 500_000)


async def echo(ws):
    with contextlib.suppress(websockets.ConnectionClosedError):  # by any code but 1000 and 1001
        async for message in ws:
            await ws.send(message)


class Websockets(unittest.IsolatedAsyncioTestCase):
    async def client(self, compression):
        async with websockets.serve(
            echo, "127.0.0.1", 0, subprotocols=["echo"], compression=compression
        ) as server:
            port = server.sockets[0].getsockname()[1]
            arguments = [PEER, "connect", f"ws://127.0.0.1:{port}/"] + (["compress"] if compression else [])
            process = await asyncio.create_subprocess_exec(*arguments, stdout=subprocess.PIPE)
            out, _ = await asyncio.wait_for(process.communicate(), DEADLINE)
        self.assertEqual(out, b"closed with 3000\n")
        self.assertEqual(process.returncode, 0)

    async def test_our_client(self):
        await self.client(None)

    async def test_our_client_compresses(self):
        await self.client("deflate")

    async def with_server(self, talk):
        process = await asyncio.create_subprocess_exec(PEER, "listen", stdout=subprocess.PIPE)
        try:
            port = int(await asyncio.wait_for(process.stdout.readline(), DEADLINE))
            await asyncio.wait_for(talk(f"ws://127.0.0.1:{port}/"), DEADLINE)
        finally:
            process.kill()
            await process.communicate()

    async def exchange(self, url, **options):
        async with websockets.connect(url, subprotocols=["other", "echo"], **options) as ws:
            self.assertEqual(ws.subprotocol, "echo")
            for size in SIZES:
                for message in ("é" * (size // 2), os.urandom(size)):
                    await ws.send(message)
                    self.assertEqual(await ws.recv(), message)
            await ws.send(["frag", "men", "ted"])
            self.assertEqual(await ws.recv(), "fragmented")
            await (await ws.ping(b"are you there?"))
            await ws.close(4000, "done")
            self.assertEqual((ws.close_code, ws.close_reason), (4000, ""))
            return ws

    async def test_our_server(self):
        await self.with_server(lambda url: self.exchange(url, compression=None))

    async def test_our_server_compresses(self):
        async def talk(url):
            ws = await self.exchange(url, compression="deflate")
            self.assertEqual([extension.name for extension in ws.extensions], ["permessage-deflate"])

        await self.with_server(talk)

    async def test_our_server_keeps_to_parameters(self):
        from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

        for parameters in (
            {"server_no_context_takeover": True, "client_no_context_takeover": True},
            {"server_max_window_bits": 9, "client_max_window_bits": 9},
        ):
            factory = ClientPerMessageDeflateFactory(**parameters)
            with self.subTest(**parameters):
                await self.with_server(
                    lambda url: self.exchange(url, compression=None, extensions=[factory])
                )

    async def test_our_server_refuses_what_is_too_large(self):
        async def talk(url):
            async with websockets.connect(url, compression=None) as ws:
                with self.assertRaises(websockets.ConnectionClosed):
                    await ws.send("x" * (5 << 20))  # may hear of it already
                    await ws.recv()
                self.assertEqual(ws.close_code, 1009)

        await self.with_server(talk)


if __name__ == "__main__":
    unittest.main()

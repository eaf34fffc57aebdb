#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""autobahn, as a peer of websocket_peers_test.cpp, which says what is expected of it.

autobahn_peer.py serve [compress]         autobahn_peer.py ask URL [compress]
"""
import asyncio
import os
import sys

from autobahn.asyncio.websocket import (
    WebSocketClientFactory,
    WebSocketClientProtocol,
    WebSocketServerFactory,
    WebSocketServerProtocol,
)
from autobahn.websocket.compress import (
    PerMessageDeflateOffer,
    PerMessageDeflateOfferAccept,
    PerMessageDeflateResponse,
    PerMessageDeflateResponseAccept,
)

TEXT = "a\u20ac\U0001f600"


def in_pieces(protocol, pieces):
    protocol.beginMessage(isBinary=False)
    for piece in pieces:
        protocol.sendMessageFrame(piece)
    protocol.endMessage()


class Server(WebSocketServerProtocol):
    def onMessage(self, payload, isBinary):
        said = "" if isBinary else payload.decode()
        if said == "pieces":
            in_pieces(self, [b"frag", b"men", b"ted"])
        elif said == "close":
            self.sendClose(4001, "bye")
        elif said == "ping":
            self.sendPing(b"are you there?")
        else:
            self.sendMessage(payload, isBinary)

    def onPong(self, payload):
        self.sendMessage(b"pong " + payload)

    def onClose(self, wasClean, code, reason):
        print("closed", code, reason or "", flush=True)


class Client(WebSocketClientProtocol):
    """What happens is read from a queue."""

    def __init__(self):
        super().__init__()
        self.happened = asyncio.Queue()

    def onOpen(self):
        self.happened.put_nowait("open")

    def onMessage(self, payload, isBinary):
        self.happened.put_nowait(payload if isBinary else payload.decode())

    def onPong(self, payload):
        self.happened.put_nowait(("pong", payload))

    def onClose(self, wasClean, code, reason):
        self.happened.put_nowait((code, self.remoteCloseCode, self.remoteCloseReason or ""))

    async def expect(self, expected):
        got = await self.happened.get()
        assert got == expected, f"{got!r:.100} instead of {expected!r:.100}"


async def serve(compress):
    factory = WebSocketServerFactory()
    factory.protocol = Server

    def accept(offers):
        for offer in offers:
            if compress and isinstance(offer, PerMessageDeflateOffer):
                return PerMessageDeflateOfferAccept(offer)

    factory.setProtocolOptions(perMessageCompressionAccept=accept, echoCloseCodeReason=True)
    server = await asyncio.get_running_loop().create_server(factory, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def connect(url, compress):
    factory = WebSocketClientFactory(url)
    factory.protocol = Client

    def accept(response):
        if isinstance(response, PerMessageDeflateResponse):
            return PerMessageDeflateResponseAccept(response)

    factory.setProtocolOptions(echoCloseCodeReason=True)
    if compress:
        factory.setProtocolOptions(
            perMessageCompressionOffers=[PerMessageDeflateOffer()], perMessageCompressionAccept=accept
        )
    _, protocol = await asyncio.get_running_loop().create_connection(factory, "127.0.0.1", factory.port)
    await protocol.expect("open")
    assert (protocol.websocket_extensions_in_use != []) == compress, protocol.websocket_extensions_in_use
    return protocol


async def ask(url, compress):
    ws = await connect(url, compress)
    for message in ("", TEXT, TEXT * 50000, b"", os.urandom(65536), os.urandom(1 << 20)):
        binary = isinstance(message, bytes)
        ws.sendMessage(message if binary else message.encode(), binary)
        await ws.expect(message)
    encoded = TEXT.encode()
    in_pieces(ws, [encoded[:2], encoded[2:6], encoded[6:]])
    await ws.expect(TEXT)
    ws.sendPing(b"hello")
    await ws.expect(("pong", b"hello"))
    ws.sendClose(3000, "done")
    await ws.expect((3000, 3000, ""))

    second = await connect(url, compress)
    second.sendMessage(b"close")
    await second.expect((4001, 4001, "bye"))
    print("done", flush=True)


if __name__ == "__main__":
    mode, *rest = sys.argv[1:]
    if mode == "serve":
        asyncio.run(serve("compress" in rest))
    else:
        asyncio.run(ask(rest[0], "compress" in rest))

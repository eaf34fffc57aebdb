// SPDX-License-Identifier: Apache-2.0
// How a WebSocket ends: by close(), by its peer, by silence. In memory, on a virtual clock.
#include "tests/http/websocket/websocket_test.hpp"

#include <gtest/gtest.h>

#include <string>

namespace corolla_tests {
namespace {

using http::WebSocketError;

class WebSocketCloseTest : public RuntimeTest {};

TEST_F(WebSocketCloseTest, ALingeringPeerIsCut) {
  run([]() -> Coro<void> {
    auto [peer, end] = testkit::memory_stream_pair();
    WebSocket ws = make_websocket(std::move(end), WsRole::kServer);
    co_await peer.send_all("\x01\x01");
    auto draining = drain(ws);
    const std::string seen = co_await std::move(draining);
    EXPECT_TRUE(seen.starts_with("error(1002")) << seen;
  }());
  EXPECT_EQ(elapsed(), 2s);
}

TEST_F(WebSocketCloseTest, AConnectionThatJustEndsIs1006) {
  run([]() -> Coro<void> {
    auto [peer, end] = testkit::memory_stream_pair();
    WebSocket ws = make_websocket(std::move(end), WsRole::kClient);
    co_await peer.send_all("\x81\x05Hel");
    peer.send_eof();
    auto draining = drain(ws);
    const std::string seen = co_await std::move(draining);
    EXPECT_EQ(seen, "closed(1006)");
    auto receiving = ws.receive_text();
    auto text = co_await outcome(std::move(receiving));
    EXPECT_THROW(static_cast<void>(text.value()), WebSocketError);
  }());
}

TEST_F(WebSocketCloseTest, CloseWaitsForThePeerAndNoLonger) {
  run([]() -> Coro<void> {
    auto [peer, end] = testkit::memory_stream_pair();
    WebSocketOptions options;
    options.close_timeout = 3s;
    WebSocket ws = make_websocket(std::move(end), WsRole::kClient, options);
    auto closing = ws.close(1000);
    co_await std::move(closing);
    EXPECT_EQ(ws.close_code(), 1006);
  }());
  EXPECT_EQ(elapsed(), 3s);
}

TEST_F(WebSocketCloseTest, CloseWhileAnotherTaskReceives) {
  run_and_destroy([]() -> Coro<void> {
    WebSocketPair pair;
    auto echoing = create_task(echo(pair.server));
    auto draining = create_task(drain(pair.client));
    co_await sleep(0ns);
    auto closing = pair.client.close(4002);
    co_await std::move(closing);
    EXPECT_EQ(pair.client.close_code(), 4002);
    const std::string seen = co_await draining;
    EXPECT_EQ(seen, "closed(4002)");
    co_await echoing;
  });
}

TEST_F(WebSocketCloseTest, ACancelledReceiverLeavesTheRestToClose) {
  run([]() -> Coro<void> {
    WebSocketPair pair;
    auto draining = create_task(drain(pair.client));
    co_await sleep(0ns);
    auto closing = create_task(pair.client.close(4003));
    co_await sleep(0ns);
    draining.cancel();
    auto cancelled = co_await outcome(draining);
    EXPECT_FALSE(cancelled);
    co_await pair.server.send_text("dropped");
    auto echoing = create_task(drain(pair.server));
    co_await closing;
    EXPECT_EQ(pair.client.close_code(), 4003);
    const std::string seen = co_await echoing;
    EXPECT_EQ(seen, "close(4003 )");
  }());
}

TEST_F(WebSocketCloseTest, BothCloseAtOnce) {
  run([]() -> Coro<void> {
    WebSocketPair pair;
    auto a = create_task(pair.client.close(4004));
    auto b = create_task(pair.server.close(4005));
    co_await a;
    co_await b;
    EXPECT_EQ(pair.client.close_code(), 4005);
    EXPECT_EQ(pair.server.close_code(), 4004);
  }());
}

TEST_F(WebSocketCloseTest, ALetGoWebSocketTellsThePeer) {
  run([]() -> Coro<void> {
    WebSocketPair pair;
    {
      const WebSocket gone = std::move(pair.client);
    }
    auto draining = drain(pair.server);
    const std::string seen = co_await std::move(draining);
    EXPECT_EQ(seen, "close(1001 )");
  }());
}

// -- heartbeat ------------------------------------------------------------------------------------------------------

TEST_F(WebSocketCloseTest, AHeartbeatKeepsALivePeerAndGivesUpADeadOne) {
  run([]() -> Coro<void> {
    EventLoop& loop = get_running_loop();
    auto [peer, end] = testkit::memory_stream_pair();
    WebSocketOptions options;
    options.heartbeat = 10s;
    WebSocket ws = make_websocket(std::move(end), WsRole::kServer, options);
    auto draining = create_task(drain(ws));
    const auto began = loop.time();
    co_await sleep(12s);
    EXPECT_EQ(peer.buffered(), "");
    std::string_view arrived = co_await peer.receive();
    EXPECT_EQ(arrived, frame(WsOpcode::kPing, ""));
    peer.consume(arrived.size());
    co_await peer.send_all(frame(WsOpcode::kPong, "", true, true));  // after 12 s of 15
    arrived = co_await peer.receive();
    EXPECT_EQ(loop.time() - began, 22s);
    EXPECT_EQ(arrived, frame(WsOpcode::kPing, ""));
    const std::string seen = co_await draining;
    EXPECT_EQ(loop.time() - began, 27s);
    EXPECT_TRUE(seen.starts_with("error(1006")) << seen;
    EXPECT_EQ(ws.close_code(), 1006);
  }());
}

TEST_F(WebSocketCloseTest, AHeartbeatOutlivesShortReceives) {
  run([]() -> Coro<void> {
    EventLoop& loop = get_running_loop();
    auto [peer, end] = testkit::memory_stream_pair();
    WebSocketOptions options;
    options.heartbeat = 10s;
    WebSocket ws = make_websocket(std::move(end), WsRole::kServer, options);
    const auto began = loop.time();
    bool ended = false;
    while (!ended) {
      auto receiving = wait_for(ws.receive(), 1s);
      auto got = co_await outcome(std::move(receiving));
      ended = static_cast<bool>(got);
      if (!ended) co_await sleep(1s);  // nobody reads: that time does not count
    }
    EXPECT_GE(loop.time() - began, 28s);
    EXPECT_LE(loop.time() - began, 32s);
    EXPECT_EQ(ws.close_code(), 1006);
    auto reading = raw(peer);
    auto bytes = co_await outcome(std::move(reading));
    EXPECT_TRUE(!bytes || *bytes == frame(WsOpcode::kPing, ""));
  }());
}

}  // namespace
}  // namespace corolla_tests

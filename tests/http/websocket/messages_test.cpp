// SPDX-License-Identifier: Apache-2.0
// Both roles against each other, and each against a peer that sends any bytes; in memory, on a virtual clock.
#include "tests/http/websocket/websocket_test.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace corolla_tests {
namespace {

using http::ClientConnectionError;

class WebSocketTest : public RuntimeTest {};

TEST_F(WebSocketTest, MessagesGoBothWaysAndTheHandshakeOfTheEndIsMet) {
  run_and_destroy([]() -> Coro<void> {
    WebSocketPair pair;
    auto echoing = create_task(echo(pair.server));
    const std::string large(70'000, 'y');
    for (const std::string& text : {std::string("hello"), std::string(), std::string(126, 'x')}) {
      co_await pair.client.send_text(text);
      auto receiving = pair.client.receive_text();
      const std::string got = co_await std::move(receiving);
      EXPECT_EQ(got, text);
    }
    const nlohmann::json sent = {{"a", 1}};
    co_await pair.client.send_json(sent);
    auto receiving = pair.client.receive_json();
    const nlohmann::json document = co_await std::move(receiving);
    EXPECT_EQ(document, sent);
    auto closing = pair.client.close(3001, "enough");
    const bool first = co_await std::move(closing);
    EXPECT_TRUE(first);
    co_await echoing;
    EXPECT_EQ(pair.client.close_code(), 3001);
    EXPECT_EQ(pair.server.close_code(), 3001);
    EXPECT_EQ(pair.server.close_reason(), "enough");
    EXPECT_TRUE(pair.server.closed());
    auto again = pair.client.close();
    const bool second = co_await std::move(again);
    EXPECT_FALSE(second);
  });
}

TEST_F(WebSocketTest, LargeMessagesWaitForTheReader) {
  run([]() -> Coro<void> {
    WebSocketPair pair(100'000);
    const std::string large(1'000'000, 'y');
    auto send = [&]() -> Coro<void> { co_await pair.client.send_bytes(large); };
    auto sending = create_task(send());
    for (int i = 0; i < 5; ++i) co_await sleep(1ms);
    EXPECT_FALSE(sending.done());
    auto receiving = pair.server.receive_bytes();
    const std::string got = co_await std::move(receiving);
    EXPECT_TRUE(got == large);
    co_await sending;
  }());
}

TEST_F(WebSocketTest, CompressedMessagesGoBothWays) {
  const auto converse = [](DeflateAgreement agreed) -> Coro<void> {
    WebSocketPair pair(3, WebSocketOptions(), agreed);
    EXPECT_TRUE(pair.client.compressed());
    auto echoing = create_task(echo(pair.server));
    for (int i = 0; i < 3; ++i) {
      for (const std::string& text : {std::string("hello hello hello"), std::string(), std::string(3000, 'x')}) {
        co_await pair.client.send_text(text);
        auto receiving = pair.client.receive_text();
        const std::string got = co_await std::move(receiving);
        EXPECT_EQ(got, text);
      }
    }
    auto closing = pair.client.close();
    co_await std::move(closing);
    co_await echoing;
  };
  DeflateAgreement agreed;
  run(converse(agreed));
  agreed.client_no_context_takeover = true;
  agreed.server_max_window_bits = 9;
  run(converse(agreed));
  agreed.server_no_context_takeover = true;
  agreed.client_max_window_bits = 8;  // more than zlib can keep to: sent as they are
  run(converse(agreed));
}

TEST_F(WebSocketTest, MessagesOfSeveralTasksDoNotMix) {
  run([]() -> Coro<void> {
    WebSocketPair pair(1000);
    auto send = [&](char c) -> Coro<void> {
      for (int i = 0; i < 20; ++i) {
        const std::string message(30'000, c);
        co_await pair.client.send_text(message);
      }
    };
    auto a = create_task(send('a'));
    auto b = create_task(send('b'));
    int counts[2] = {0, 0};
    for (int i = 0; i < 40; ++i) {
      auto receiving = pair.server.receive_text();
      const std::string got = co_await std::move(receiving);
      EXPECT_TRUE(got == std::string(30'000, got.at(0)));
      ++counts[got.at(0) - 'a'];
    }
    EXPECT_EQ(counts[0], 20);
    EXPECT_EQ(counts[1], 20);
    co_await a;
    co_await b;
  }());
}

TEST_F(WebSocketTest, CancellingReceiveLosesNoMessage) {
  run([]() -> Coro<void> {
    WebSocketPair pair(1);
    std::vector<std::string> got;
    co_await pair.client.send_text("one");
    co_await pair.client.send_text("two");
    // Each attempt is cancelled after one more turn of the loop, wherever in a frame that is.
    for (int i = 1; got.size() < 2; ++i) {
      auto receiving = create_task(pair.server.receive());
      for (int turn = 0; turn < 1 + i % 3; ++turn) co_await sleep(0ns);
      receiving.cancel();
      auto end = co_await outcome(receiving);
      if (end) got.push_back(end->data);
    }
    EXPECT_EQ(got, (std::vector<std::string>{"one", "two"}));
  }());
}

TEST_F(WebSocketTest, OneTaskReceives) {
  run([]() -> Coro<void> {
    WebSocketPair pair;
    auto first = create_task(pair.server.receive());
    co_await sleep(0ns);
    auto receiving = pair.server.receive();
    auto second = co_await outcome(std::move(receiving));
    EXPECT_FALSE(second);
    EXPECT_THROW(static_cast<void>(second.value()), RuntimeError);
    co_await pair.client.send_text("x");
    const WsMessage message = co_await first;
    EXPECT_EQ(message.data, "x");
  }());
}

TEST_F(WebSocketTest, PingsAreAnsweredBetweenFragments) {
  run([]() -> Coro<void> {
    auto [peer, end] = testkit::memory_stream_pair();
    WebSocket ws = make_websocket(std::move(end), WsRole::kServer);
    co_await peer.send_all(frame(WsOpcode::kText, "a", false, true), frame(WsOpcode::kPing, "p", true, true),
                           frame(WsOpcode::kPong, "unasked", true, true),
                           frame(WsOpcode::kContinuation, "b", true, true),
                           frame(WsOpcode::kClose, close_payload(1000, "bye"), true, true));
    auto draining = drain(ws);
    const std::string seen = co_await std::move(draining);
    EXPECT_EQ(seen, "text(ab)close(1000 bye)");
    auto reading = raw(peer);
    const std::string answered = co_await std::move(reading);
    EXPECT_EQ(answered, frame(WsOpcode::kPong, "p") + frame(WsOpcode::kClose, close_payload(1000)));
    EXPECT_THROW(static_cast<void>(ws.send_text("late")), ClientConnectionError);
    for (int i = 0; i < 5; ++i) {
      auto receiving = ws.receive();
      const WsMessage after = co_await std::move(receiving);
      EXPECT_EQ(after.type, WsMsgType::kClosed);
    }
    auto receiving = ws.receive();
    auto once_more = co_await outcome(std::move(receiving));
    EXPECT_THROW(static_cast<void>(once_more.value()), RuntimeError);
  }());
}

TEST_F(WebSocketTest, WithoutAutopingAndAutocloseTheCallerSeesToIt) {
  run([]() -> Coro<void> {
    WebSocketOptions options;
    options.autoping = options.autoclose = false;
    WebSocketPair pair(1, options);
    co_await pair.client.ping("p");
    co_await pair.client.pong("q");
    auto closing = create_task(pair.client.close(4000));
    auto draining = drain(pair.server);
    const std::string seen = co_await std::move(draining);
    EXPECT_EQ(seen, "ping(p)pong(q)close(4000 )");
    for (int i = 0; i < 50; ++i) co_await sleep(0ns);
    EXPECT_FALSE(closing.done());
    auto answering = pair.server.close(4001);
    co_await std::move(answering);
    co_await closing;
    EXPECT_EQ(pair.client.close_code(), 4001);
    EXPECT_EQ(pair.server.close_code(), 4000);
  }());
}

TEST_F(WebSocketTest, ThePeersErrorsAreToldToBoth) {
  struct Case {
    std::string bytes;
    int code;
  };
  const std::vector<Case> cases = {{frame(WsOpcode::kText, "\xff", true, true), 1007},
                                   {frame(WsOpcode::kText, "plain"), 1002},
                                   {frame(WsOpcode::kText, std::string(101, 'x'), true, true), 1009},
                                   {frame(WsOpcode::kClose, close_payload(1005), true, true), 1002}};
  for (const Case& bad : cases) {
    SCOPED_TRACE(bad.code);
    run([&]() -> Coro<void> {
      auto [peer, end] = testkit::memory_stream_pair();
      WebSocketOptions options;
      options.max_message_size = 100;
      WebSocket ws = make_websocket(std::move(end), WsRole::kServer, options);
      co_await peer.send_all(frame(WsOpcode::kText, "good", true, true), bad.bytes, "whatever else");
      peer.send_eof();
      auto draining = drain(ws);
      const std::string seen = co_await std::move(draining);
      EXPECT_TRUE(seen.starts_with("text(good)error(" + std::to_string(bad.code))) << seen;
      EXPECT_EQ(ws.close_code(), bad.code);
      auto reading = raw(peer);
      const std::string told = co_await std::move(reading);
      EXPECT_EQ(told.substr(0, 1), "\x88");
      EXPECT_EQ(told.substr(2, 2), close_payload(bad.code));
    }());
  }
}

TEST_F(WebSocketTest, ArgumentsAreChecked) {
  run([]() -> Coro<void> {
    WebSocketPair pair;
    EXPECT_THROW(static_cast<void>(pair.client.send_text("\xff")), ValueError);
    EXPECT_THROW(static_cast<void>(pair.client.ping(std::string(126, 'x'))), ValueError);
    for (const int code : {999, 1004, 1005, 1006, 1015, 2000, 5000}) {
      auto closing = pair.client.close(code);
      auto end = co_await outcome(std::move(closing));
      EXPECT_THROW(static_cast<void>(end.value()), ValueError) << code;
    }
    auto closing = pair.client.close(1000, std::string(124, 'x'));
    auto end = co_await outcome(std::move(closing));
    EXPECT_THROW(static_cast<void>(end.value()), ValueError);
    EXPECT_FALSE(pair.client.closed());
  }());
}

}  // namespace
}  // namespace corolla_tests

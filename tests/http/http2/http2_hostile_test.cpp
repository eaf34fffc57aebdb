// SPDX-License-Identifier: Apache-2.0
// A server in HTTP/2 and clients that want too much of it. In memory, on a virtual clock.
#include "tests/http/http2/http2_test.hpp"

namespace corolla_tests {
namespace {

class Http2HostileTest : public Http2Test {};

TEST_F(Http2HostileTest, HeadsAboveTheLimitsAreRefused) {
  run([]() -> Coro<void> {
    int calls = 0;
    Served served(counting(calls));
    RawPeer& peer = served.peer;
    Fields many;
    for (int i = 0; i < 300; ++i) many.emplace_back("x", "y");
    const std::string wire = preface() + get(1, "/" + std::string(9000, 'a')) +
                             get(3, "/", {{"x", std::string(9000, 'a')}}) + get(5, "/", many) + get(7, "/");
    co_await peer.send(wire);
    const Message target = co_await peer.message(1);
    EXPECT_EQ(target.status(), "414");
    const Message field = co_await peer.message(3);
    EXPECT_EQ(field.status(), "431");
    const Message fields = co_await peer.message(5);
    EXPECT_EQ(fields.status(), "431");
    const Message sound = co_await peer.message(7);
    EXPECT_EQ(sound.status(), "200");
    EXPECT_EQ(calls, 1);
    peer.stream().close();
    co_await served.serving;
  }());
}

Coro<ServerResponse> tell_trailers(ServerRequest& request) {
  auto reading = request.read();
  std::string text = co_await std::move(reading);
  for (const auto& [name, value] : request.trailers()) text.append(" ").append(name).append("=").append(value);
  co_return ServerResponse(200, text);
}

TEST_F(Http2HostileTest, TrailersHaveTheLimitsOfHeads) {
  run([]() -> Coro<void> {
    Served served(tell_trailers);
    RawPeer& peer = served.peer;
    Fields many;
    for (int i = 0; i < 300; ++i) many.emplace_back("x", "y");
    const auto with_trailers = [](std::uint32_t id, const Fields& trailers) {
      return headers(id, request("POST", "/"), false) + data(id, "hi") + headers(id, trailers);
    };
    const Fields forbidden = {{"host", "evil"}, {"x-sum", "1"}, {"authorization", "Basic x"}, {"cookie", "a=b"}};
    const std::string wire = preface() + with_trailers(1, many) + with_trailers(3, {{"x", std::string(9000, 'a')}}) +
                             with_trailers(5, forbidden) + with_trailers(7, {{"content-length", "3"}}) +
                             with_trailers(9, {{":path", "/evil"}}) + with_trailers(11, {{"connection", "close"}}) +
                             with_trailers(13, {{"x-sum", "2"}});
    co_await peer.send(wire);
    std::vector<std::string> seen;
    for (const std::uint32_t id : {1U, 3U, 5U, 7U, 9U, 11U, 13U}) {
      const Message message = co_await peer.message(id);
      seen.push_back(message.status() == "200" ? message.body : message.status());
    }
    const std::vector<std::string> expected = {"431",     "431",     "hi x-sum=1", "reset 1",
                                               "reset 1", "reset 1", "hi x-sum=2"};
    EXPECT_EQ(seen, expected);
    peer.stream().close();
    co_await served.serving;
  }());
}

// The handler has begun to read when they come.
TEST_F(Http2HostileTest, LateTrailersAboveTheLimitsAreRefused) {
  run([]() -> Coro<void> {
    Served served(tell_trailers);
    RawPeer& peer = served.peer;
    co_await peer.send(preface() + headers(1, request("POST", "/"), false) + data(1, "hi"));
    const Frame credit = co_await peer.next_of(kSettings);
    EXPECT_EQ(credit.type, kSettings);
    co_await sleep(1s);
    const Fields large = {{"x", std::string(9000, 'a')}};
    co_await peer.send(headers(1, large));
    const Message message = co_await peer.message(1);
    EXPECT_EQ(message.status(), "431");
    peer.stream().close();
    co_await served.serving;
  }());
}

// A field of 4,000 bytes in the dynamic table, and then one byte for each time it is meant again.
TEST_F(Http2HostileTest, AnHpackBombEndsTheConnection) {
  run([]() -> Coro<void> {
    int calls = 0;
    Served served(counting(calls));
    std::string block = hpack(request("GET", "/")) + '\x40' + hpack_string("x") + hpack_string(std::string(3900, 'b'));
    block += std::string(10'000, '\xBE');
    co_await served.peer.send(preface() + frame(kHeaders, kEndHeaders | kEndStream, 1, block));
    const int code = co_await served.peer.goaway();
    EXPECT_EQ(code, kEnhanceYourCalm);
    served.peer.stream().close();
    co_await served.serving;
    EXPECT_EQ(calls, 0);
  }());
}

TEST_F(Http2HostileTest, AFloodOfContinuationsEndsTheConnection) {
  run([]() -> Coro<void> {
    for (const std::size_t size : {std::size_t{0}, std::size_t{16'000}}) {
      int calls = 0;
      Served served(counting(calls));
      std::string block;
      while (block.size() + 20 < size) block += '\0' + hpack_string("x") + hpack_string("yyyyyyyy");
      co_await served.peer.send(preface() + frame(kHeaders, kEndStream, 1, hpack(request("GET", "/"))));
      bool ended = false;
      for (int i = 0; i < 1000 && !ended; ++i) {
        auto sending = served.peer.send(frame(kContinuation, 0, 1, block));
        const auto sent = co_await outcome(std::move(sending));
        ended = !sent || served.peer.stream().buffered().size() > 0;
        co_await turns(2);
        if (served.serving.done()) ended = true;
      }
      served.peer.acknowledges = false;
      static_cast<void>(co_await served.peer.read_to_end());
      served.peer.stream().close();
      co_await served.serving;
      EXPECT_EQ(calls, 0);
    }
  }());
  EXPECT_LT(elapsed(), 10s) << "the time-out of heads did not have to end it";
}

// A head that stays behind has its time, whatever becomes of other streams meanwhile.
TEST_F(Http2HostileTest, AHeadWithoutAnEndIsTimedWhileAnotherStreamIsReset) {
  run([]() -> Coro<void> {
    int calls = 0;
    Served served(counting(calls));
    const std::string malformed = frame(kHeaders, kEndStream | kEndHeaders, 1, hpack({{":status", "200"}}));
    const std::string begun = frame(kHeaders, kEndStream, 3, hpack(request("GET", "/")));
    served.peer.acknowledges = false;  // nothing may come between the frames of a head
    co_await served.peer.send(preface() + malformed + begun);
    static_cast<void>(co_await served.peer.read_to_end());
    served.peer.stream().close();
    co_await served.serving;
    EXPECT_EQ(calls, 0);
  }());
  EXPECT_EQ(elapsed(), WebServerOptions().header_timeout);
}

TEST_F(Http2HostileTest, RapidResetsAreToldToCalmDown) {
  run([]() -> Coro<void> {
    int calls = 0;
    Served served([&](ServerRequest&) -> Coro<ServerResponse> {
      ++calls;
      co_await sleep(0s);
      co_return ServerResponse(200);
    });
    RawPeer& peer = served.peer;
    peer.acknowledges = false;
    co_await peer.send(preface());
    bool refused = false;
    for (std::uint32_t id = 1; id < 4000 && !refused; id += 2) {
      auto sending = peer.send(get(id, "/") + reset(id));
      const auto sent = co_await outcome(std::move(sending));
      refused = !sent;
    }
    const int code = co_await peer.goaway();
    EXPECT_EQ(code, kEnhanceYourCalm);
    peer.stream().close();
    co_await served.serving;
    EXPECT_LE(calls, 501);
  }());
}

TEST_F(Http2HostileTest, ResetsAtAModestRateAreFine) {
  run([]() -> Coro<void> {
    int calls = 0;
    Served served(counting(calls));
    co_await served.peer.send(preface());
    std::uint32_t id = 1;
    for (int second = 0; second < 40; ++second) {
      for (int i = 0; i < 20; ++i, id += 2)
        co_await served.peer.send(headers(id, request("POST", "/"), false) + reset(id));
      co_await sleep(1s);
    }
    co_await served.peer.send(get(id, "/"));
    const Message sound = co_await served.peer.message(id);
    EXPECT_EQ(sound.status(), "200") << "after 800 resets";
    served.peer.stream().close();
    co_await served.serving;
  }());
}

// A stream that is reset frees its place at once; its handler does not.
TEST_F(Http2HostileTest, ResetRequestsThatStillRunAreCounted) {
  run([]() -> Coro<void> {
    int running = 0;
    int most = 0;
    WebServerOptions options;
    options.max_concurrent_streams = 5;
    Served served(
        [&](ServerRequest&) -> Coro<ServerResponse> {
          most = std::max(most, ++running);
          co_await sleep(10s);
          --running;
          co_return ServerResponse(200);
        },
        options);
    co_await served.peer.send(preface());
    for (std::uint32_t id = 1; id < 101; id += 2) {
      co_await served.peer.send(get(id, "/"));
      co_await turns(3);
      co_await served.peer.send(reset(id));
      co_await turns(3);
    }
    EXPECT_EQ(most, 10);
    co_await sleep(11s);
    co_await served.peer.send(get(101, "/"));
    const Message sound = co_await served.peer.message(101);
    EXPECT_EQ(sound.status(), "200");
    served.peer.stream().close();
    co_await served.serving;
  }());
}

TEST_F(Http2HostileTest, StreamsHaveAMost) {
  run([]() -> Coro<void> {
    WebServerOptions options;
    options.max_concurrent_streams = 2;
    Served served(
        [](ServerRequest&) -> Coro<ServerResponse> {
          co_await sleep(1s);
          co_return ServerResponse(200);
        },
        options);
    RawPeer& peer = served.peer;
    co_await peer.send(preface());
    static_cast<void>(co_await peer.next_of(kSettings));
    co_await peer.send(get(1, "/") + get(3, "/") + get(5, "/"));
    const int code = co_await peer.goaway();
    EXPECT_EQ(code, kProtocolError) << "it was told, and acknowledged that";
    peer.stream().close();
    co_await served.serving;
  }());
}

// What they provoke is not kept without a limit for somebody who does not read it.
TEST_F(Http2HostileTest, FloodsOfPingsAndSettingsEndTheConnection) {
  run([]() -> Coro<void> {
    for (const std::string& flood : {frame(kPing, 0, 0, "12345678"), settings()}) {
      int calls = 0;
      Served served(counting(calls));
      co_await served.peer.send(preface());
      std::string many;
      for (int i = 0; i < 1000; ++i) many += flood;
      int sent = 0;
      for (; sent < 1000; ++sent) {
        auto sending = served.peer.send(many);
        const auto done = co_await outcome(std::move(sending));
        if (!done) break;
      }
      EXPECT_LT(sent, 600) << "4 MiB are read and dropped when the connection ends";
      served.peer.stream().abort();
      co_await served.serving;
    }
  }());
}

}  // namespace
}  // namespace corolla_tests

// SPDX-License-Identifier: Apache-2.0
// A server in HTTP/2 and clients whose frames or messages are malformed. In memory, on a virtual clock.
#include "tests/http/http2/http2_test.hpp"

namespace corolla_tests {
namespace {

class Http2MalformedTest : public Http2Test {};

struct Case {
  const char* name;
  std::string bytes;
  int code;
};

TEST_F(Http2MalformedTest, MalformedRequestsAreResetAndNobodyServesThem) {
  run([]() -> Coro<void> {
    const auto without = [](std::string_view name) {
      Fields fields = request("GET", "/");
      std::erase_if(fields, [&](const auto& field) { return field.first == name; });
      return fields;
    };
    Fields late = request("GET", "/", {{"x", "y"}});
    std::swap(late[3], late[4]);
    const std::vector<std::pair<const char*, Fields>> cases = {
        {"upper case", request("GET", "/", {{"X-Name", "y"}})},
        {"connection", request("GET", "/", {{"connection", "close"}})},
        {"transfer-encoding", request("POST", "/", {{"transfer-encoding", "chunked"}})},
        {"upgrade", request("GET", "/", {{"upgrade", "h2c"}})},
        {"te", request("GET", "/", {{"te", "gzip"}})},
        {"no path", without(":path")},
        {"no method", without(":method")},
        {"no scheme", without(":scheme")},
        {"empty path", request("GET", "")},
        {"path without a slash", request("GET", "a")},
        {"space in the path", request("GET", "/a b")},
        {"space in the method", request("GE T", "/")},
        {"two methods", request("GET", "/", {{":method", "POST"}})},
        {"pseudo field behind others", late},
        {"unknown pseudo field", request("GET", "/", {{":other", "x"}})},
        {"a response's pseudo field", request("GET", "/", {{":status", "200"}})},
        {"CR in a value", request("GET", "/", {{"x", "a\rb"}})},
        {"LF in a value", request("GET", "/", {{"x", "a\nb: c"}})},
        {"NUL in a value", request("GET", "/", {{"x", std::string("a\0b", 3)}})},
        {"space before a value", request("GET", "/", {{"x", " a"}})},
        {"space in a name", request("GET", "/", {{"x y", "a"}})},
        {"empty name", request("GET", "/", {{"", "a"}})},
        {"a length that is none", request("GET", "/", {{"content-length", "1x"}})},
        {"two lengths", request("GET", "/", {{"content-length", "0"}, {"content-length", "1"}})},
        {"a length without a body", request("GET", "/", {{"content-length", "5"}})}};
    int calls = 0;
    Served served(counting(calls));
    co_await served.peer.send(preface());
    std::uint32_t id = 1;
    for (const auto& [name, fields] : cases) {
      co_await served.peer.send(headers(id, fields));
      const Message message = co_await served.peer.message(id);
      EXPECT_EQ(message.reset, kProtocolError) << name;
      id += 2;
    }
    EXPECT_EQ(calls, 0);
    // The length of what comes is known only afterwards.
    const std::vector<std::pair<std::string, bool>> bodies = {{"abc", true}, {"abcdef", false}};
    for (const auto& [body, last] : bodies) {
      const std::string wire =
          headers(id, request("POST", "/", {{"content-length", "5"}}), false) + data(id, body, last);
      co_await served.peer.send(wire);
      const Message message = co_await served.peer.message(id);
      EXPECT_EQ(message.reset, kProtocolError) << body;
      id += 2;
    }
    co_await served.peer.send(get(id, "/"));
    const Message sound = co_await served.peer.message(id);
    EXPECT_EQ(sound.status(), "200") << "the connection is as good as before";
    served.peer.stream().close();
    co_await served.serving;
  }());
}

// The reader has the last bytes and not yet the news that none will follow.
TEST_F(Http2MalformedTest, ABodyThatIsCutShortIsNoWholeOne) {
  run([]() -> Coro<void> {
    std::vector<std::string> read;
    Served served([&read](ServerRequest& request) -> Coro<ServerResponse> {
      auto reading = request.read();
      const auto body = co_await outcome(std::move(reading));
      read.push_back(body ? *body : "cut short");
      co_return ServerResponse(200);
    });
    const Fields of_eight = request("POST", "/", {{"content-length", "8"}});
    const Fields without_length = request("POST", "/");
    const std::vector<std::pair<Fields, std::string>> cases = {{of_eight, data(1, "hello", true)},
                                                               {of_eight, data(3, "hello", false) + reset(3)},
                                                               {without_length, data(5, "hello", false) + reset(5)}};
    co_await served.peer.send(preface());
    std::uint32_t id = 1;
    for (const auto& [fields, rest] : cases) {
      co_await served.peer.send(headers(id, fields, false));
      co_await sleep(1ms);  // the handler waits for the body
      co_await served.peer.send(rest);
      id += 2;
    }
    co_await served.peer.send(headers(id, without_length, false));
    co_await sleep(1ms);
    co_await served.peer.send(data(id, "whole", true));
    const Message sound = co_await served.peer.message(id);
    EXPECT_EQ(sound.status(), "200");
    EXPECT_EQ(read, (std::vector<std::string>{"cut short", "cut short", "cut short", "whole"}));
    served.peer.stream().close();
    co_await served.serving;
  }());
}

TEST_F(Http2MalformedTest, TheHostFieldHasToBeTheAuthority) {
  run([]() -> Coro<void> {
    int calls = 0;
    Served served(counting(calls));
    const std::string wire = preface() + get(1, "/", {{"host", "b"}}) + get(3, "/", {{"host", "A"}});
    co_await served.peer.send(wire);
    const Message refused = co_await served.peer.message(1);
    EXPECT_EQ(refused.status(), "400");
    const Message sound = co_await served.peer.message(3);
    EXPECT_EQ(sound.status(), "200");
    EXPECT_EQ(calls, 1);
    served.peer.stream().close();
    co_await served.serving;
  }());
}

TEST_F(Http2MalformedTest, ConnectionErrorsEndTheConnection) {
  run([]() -> Coro<void> {
    const std::string ok = preface();
    const std::string head = headers(1, request("POST", "/"), false);
    std::string long_setting(7, 'x');
    const std::vector<Case> cases = {
        {"no SETTINGS", std::string(kPreface) + get(1, "/"), kProtocolError},
        {"DATA of no stream", ok + data(0, "x"), kProtocolError},
        {"DATA of an idle stream", ok + data(1, "x"), kProtocolError},
        {"HEADERS of no stream", ok + headers(0, request("GET", "/")), kProtocolError},
        {"a server's stream", ok + headers(2, request("GET", "/")), kProtocolError},
        {"PUSH_PROMISE", ok + frame(kPushPromise, kEndHeaders, 1, big_endian(2, 4) + hpack(request("GET", "/"))),
         kProtocolError},
        {"CONTINUATION of nothing", ok + frame(kContinuation, kEndHeaders, 1, ""), kProtocolError},
        {"another frame inside a head", ok + frame(kHeaders, 0, 1, hpack(request("GET", "/"))) + data(1, "x"),
         kProtocolError},
        {"padding beyond the frame", ok + head + frame(kData, 8, 1, "\x09xx"), kProtocolError},
        {"SETTINGS of a broken size", ok + frame(kSettings, 0, 0, long_setting), kFrameSizeError},
        {"SETTINGS of a stream", ok + frame(kSettings, 0, 1, ""), kProtocolError},
        {"ENABLE_PUSH of 2", ok + settings({{2, 2}}), kProtocolError},
        {"a window of 2^31", ok + settings({{4, 0x80000000U}}), kFlowControlError},
        {"a frame size of 1", ok + settings({{5, 1}}), kProtocolError},
        {"PING of a broken size", ok + frame(kPing, 0, 0, "1234567"), kFrameSizeError},
        {"WINDOW_UPDATE by nothing", ok + window_update(0, 0), kProtocolError},
        {"the window overflows", ok + window_update(0, 0x7FFFFFFF), kFlowControlError},
        {"RST_STREAM of an idle stream", ok + reset(1), kProtocolError},
        {"a frame that is too large", ok + head + data(1, std::string(16385, 'x')), kFrameSizeError},
        {"HPACK of no table", ok + frame(kHeaders, kEndHeaders | kEndStream, 1, "\xFF\x80\x01"), 9}};
    for (const Case& c : cases) {
      int calls = 0;
      Served served(counting(calls));
      co_await served.peer.send(c.bytes);
      const int code = co_await served.peer.goaway();
      EXPECT_EQ(code, c.code) << c.name;
      static_cast<void>(co_await served.peer.read_to_end());
      served.peer.stream().close();
      co_await served.serving;
    }
  }());
}

TEST_F(Http2MalformedTest, APrefaceThatBreaksOffIsNoRequest) {
  run([]() -> Coro<void> {
    int calls = 0;
    Served served(counting(calls));
    co_await served.peer.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\rX" + get(1, "/"));
    while (!served.peer.stream().at_eof()) {
      const std::string_view arrived = co_await served.peer.stream().receive();
      if (arrived.empty()) break;
    }
    EXPECT_TRUE(served.peer.stream().buffered().starts_with("HTTP/1.1 400 ")) << served.peer.stream().buffered();
    served.peer.stream().close();
    co_await served.serving;
    EXPECT_EQ(calls, 0);
  }());
}

TEST_F(Http2MalformedTest, MoreThanTheWindowIsAnError) {
  run([]() -> Coro<void> {
    int calls = 0;
    Served served([&](ServerRequest&) -> Coro<ServerResponse> {
      ++calls;
      co_await sleep(1s);
      co_return ServerResponse(200);
    });
    RawPeer& peer = served.peer;
    co_await peer.send(preface());
    static_cast<void>(co_await peer.next_of(kSettings));
    co_await peer.send(headers(1, request("POST", "/"), false));
    for (int i = 0; i < 17; ++i) co_await peer.send(data(1, std::string(16384, 'x')));
    const Message message = co_await peer.message(1);
    EXPECT_EQ(message.reset, kFlowControlError);
    co_await peer.send(get(3, "/"));
    const Message sound = co_await peer.message(3);
    EXPECT_EQ(sound.status(), "200");
    peer.stream().close();
    co_await served.serving;
  }());
}

TEST_F(Http2MalformedTest, AWindowOfAStreamMayNotOverflow) {
  run([]() -> Coro<void> {
    int calls = 0;
    Served served(counting(calls));
    RawPeer& peer = served.peer;
    co_await peer.send(preface() + headers(1, request("POST", "/"), false) + window_update(1, 0x7FFFFFFF));
    const Message message = co_await peer.message(1);
    EXPECT_EQ(message.reset, kFlowControlError);
    peer.stream().close();
    co_await served.serving;
  }());
}

TEST_F(Http2MalformedTest, AfterAGoawayOfTheClientWhatItAskedIsAnswered) {
  run([]() -> Coro<void> {
    int calls = 0;
    Served served(counting(calls));
    RawPeer& peer = served.peer;
    co_await peer.send(preface() + get(1, "/") + frame(kGoaway, 0, 0, big_endian(0, 8)));
    const Message message = co_await peer.message(1);
    EXPECT_EQ(message.status(), "200");
    const int frames = co_await peer.read_to_end();
    EXPECT_LE(frames, 1) << "the connection is closed";
    peer.stream().close();
    co_await served.serving;
  }());
}

}  // namespace
}  // namespace corolla_tests

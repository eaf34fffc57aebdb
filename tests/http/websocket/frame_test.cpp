// SPDX-License-Identifier: Apache-2.0
// Frames, one by one: the examples of RFC 6455 and what no peer may send.
#include "tests/http/websocket/websocket_test.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace corolla_tests {
namespace {

using http::apply_mask;
using http::MessageReader;
using http::Utf8Validator;
using http::WebSocketError;
using http::WsEvent;

std::string bytes(std::initializer_list<unsigned> values) {
  std::string text;
  for (const unsigned value : values) text.push_back(static_cast<char>(value));
  return text;
}

// What a reader makes of bytes that come in pieces: events as text, the error's code at the end.
std::string read_all(WsRole role, std::string_view input, std::size_t piece, std::size_t most = 1000,
                     bool deflate = false) {
  MessageReader reader(role, most);
  if (deflate) reader.use_deflate(true);
  std::string events;
  std::string buffered;
  try {
    for (;;) {
      std::string_view rest = buffered;
      const WsEvent event = reader.next(rest);
      buffered.erase(0, buffered.size() - rest.size());
      switch (event) {
        case WsEvent::kNeedMore:
          if (input.empty()) return events;
          buffered += input.substr(0, piece);
          input.remove_prefix(std::min(piece, input.size()));
          break;
        case WsEvent::kText: events += "text(" + reader.message() + ")"; break;
        case WsEvent::kBinary: events += "binary(" + std::to_string(reader.message().size()) + ")"; break;
        case WsEvent::kPing: events += "ping(" + std::string(reader.control()) + ")"; break;
        case WsEvent::kPong: events += "pong(" + std::string(reader.control()) + ")"; break;
        case WsEvent::kClose:
          events += "close(" + std::to_string(reader.close_code()) + " " + std::string(reader.control()) + ")";
          break;
      }
    }
  } catch (const WebSocketError& error) {
    return events + "!" + std::to_string(error.code());
  }
}

void expect_read(WsRole role, const std::string& input, const std::string& events, bool deflate = false) {
  for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{7}, input.size() + 1})
    EXPECT_EQ(read_all(role, input, piece, 1000, deflate), events) << "in pieces of " << piece;
}

// RFC 6455, section 5.7.
TEST(WebSocketFrame, ReadsTheExamplesOfTheRfc) {
  expect_read(WsRole::kClient, bytes({0x81, 0x05}) + "Hello", "text(Hello)");
  expect_read(WsRole::kServer, bytes({0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}),
              "text(Hello)");
  expect_read(WsRole::kClient, bytes({0x01, 0x03}) + "Hel" + bytes({0x80, 0x02}) + "lo", "text(Hello)");
  expect_read(WsRole::kClient, bytes({0x89, 0x05}) + "Hello", "ping(Hello)");
  expect_read(WsRole::kServer, bytes({0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}),
              "pong(Hello)");
  expect_read(WsRole::kClient, bytes({0x82, 0x7E, 0x01, 0x00}) + std::string(256, 'x'), "binary(256)");
  const std::string large = bytes({0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0}) + std::string(65536, 'x');
  EXPECT_EQ(read_all(WsRole::kClient, large, 4096, 65536), "binary(65536)");
  EXPECT_EQ(read_all(WsRole::kClient, large, 4096, 65535), "!1009");
}

// RFC 7692, section 7.2.3.
TEST(WebSocketFrame, ReadsTheCompressedExamplesOfTheRfc) {
  const std::string hello = bytes({0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00});
  expect_read(WsRole::kClient, bytes({0xc1, 0x07}) + hello, "text(Hello)", true);
  expect_read(WsRole::kClient, bytes({0x41, 0x03}) + hello.substr(0, 3) + bytes({0x80, 0x04}) + hello.substr(3),
              "text(Hello)", true);
  // With the context taken over, and without a message in between that is not compressed touching it.
  expect_read(WsRole::kClient,
              bytes({0xc1, 0x07}) + hello + bytes({0x81, 0x01}) + "x" + bytes({0xc1, 0x05, 0xf2, 0x00, 0x11, 0, 0}),
              "text(Hello)text(x)text(Hello)", true);
  // Not compressed at all; a final block; two blocks.
  expect_read(WsRole::kClient, bytes({0xc1, 0x0b, 0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00}),
              "text(Hello)", true);
  expect_read(WsRole::kClient, bytes({0xc1, 0x08, 0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00}), "text(Hello)",
              true);
  expect_read(WsRole::kClient,
              bytes({0xc1, 0x0d, 0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00}),
              "text(Hello)", true);
  expect_read(WsRole::kClient, bytes({0xc2, 0x01, 0x00}), "binary(0)", true);
}

TEST(WebSocketFrame, ControlFramesStandBetweenFragments) {
  expect_read(WsRole::kClient,
              frame(WsOpcode::kText, "a", false) + frame(WsOpcode::kPing, "p") +
                  frame(WsOpcode::kContinuation, "b", false) + frame(WsOpcode::kPong, "") +
                  frame(WsOpcode::kContinuation, "") + frame(WsOpcode::kClose, close_payload(1001, "bye")),
              "ping(p)pong()text(ab)close(1001 bye)");
}

struct Refused {
  const char* what;
  WsRole role;
  std::string input;
  const char* events;
};

TEST(WebSocketFrame, RefusesWhatNoPeerMaySend) {
  const auto plain = [](WsOpcode opcode, std::string_view payload, bool fin = true) {
    return frame(opcode, payload, fin);
  };
  const std::vector<Refused> cases = {
      {"rsv1 without an extension", WsRole::kClient, bytes({0xc1, 0x00}), "!1002"},
      {"rsv2", WsRole::kClient, bytes({0xa1}), "!1002"},
      {"rsv3", WsRole::kClient, bytes({0x91}), "!1002"},
      {"rsv1 in a control frame", WsRole::kClient, bytes({0xc9}), "!1002"},
      {"opcode 3", WsRole::kClient, bytes({0x83}), "!1002"},
      {"opcode 7", WsRole::kClient, bytes({0x87}), "!1002"},
      {"opcode 11", WsRole::kClient, bytes({0x8b}), "!1002"},
      {"opcode 15", WsRole::kClient, bytes({0x8f}), "!1002"},
      {"fragmented ping", WsRole::kClient, bytes({0x09}), "!1002"},
      {"fragmented close", WsRole::kClient, bytes({0x08}), "!1002"},
      {"ping of 126 bytes", WsRole::kClient, bytes({0x89, 126}), "!1002"},
      {"close of 64 bits", WsRole::kClient, bytes({0x88, 127}), "!1002"},
      {"126 bytes as 64 bits", WsRole::kClient, bytes({0x82, 127, 0, 0, 0, 0, 0, 0, 0, 126}), "!1002"},
      {"65535 bytes as 64 bits", WsRole::kClient, bytes({0x82, 127, 0, 0, 0, 0, 0, 0, 255, 255}), "!1002"},
      {"125 bytes as 16 bits", WsRole::kClient, bytes({0x82, 126, 0, 125}), "!1002"},
      {"the top bit", WsRole::kClient, bytes({0x82, 127, 128, 0, 0, 0, 0, 0, 0, 0}), "!1002"},
      {"a masked frame of a server", WsRole::kClient, bytes({0x81, 0x80}), "!1002"},
      {"an unmasked frame of a client", WsRole::kServer, bytes({0x81, 0x00}), "!1002"},
      {"a continuation of nothing", WsRole::kClient, bytes({0x80, 0x00}), "!1002"},
      {"a continuation behind a whole message", WsRole::kClient,
       plain(WsOpcode::kText, "a") + plain(WsOpcode::kContinuation, "b"), "text(a)!1002"},
      {"a message inside another", WsRole::kClient, plain(WsOpcode::kText, "a", false) + plain(WsOpcode::kText, "b"),
       "!1002"},
      {"above the limit", WsRole::kClient, plain(WsOpcode::kBinary, std::string(1001, 'x')), "!1009"},
      {"above the limit in fragments", WsRole::kClient,
       plain(WsOpcode::kBinary, std::string(600, 'x'), false) + plain(WsOpcode::kContinuation, std::string(401, 'x')),
       "!1009"},
      {"far above the limit, by its header alone", WsRole::kClient,
       bytes({0x82, 127, 0x7f, 255, 255, 255, 255, 255, 255, 255}), "!1009"},
      {"text that is not UTF-8", WsRole::kClient, plain(WsOpcode::kText, "a\xff"), "!1007"},
      {"text that ends inside a character", WsRole::kClient, plain(WsOpcode::kText, "a\xe2\x82"), "!1007"},
      {"an invalid byte before the message's end", WsRole::kClient, plain(WsOpcode::kText, "\xc0", false), "!1007"},
      {"half a close code", WsRole::kClient, plain(WsOpcode::kClose, "\x03"), "!1002"},
      {"a close reason that is not UTF-8", WsRole::kClient, plain(WsOpcode::kClose, close_payload(1000, "\xff")),
       "!1007"},
  };
  for (const Refused& refused : cases) {
    SCOPED_TRACE(refused.what);
    expect_read(refused.role, refused.input, refused.events);
  }
}

TEST(WebSocketFrame, RefusesCloseCodesThatMayNotBeSent) {
  for (const int code : {0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535})
    expect_read(WsRole::kClient, frame(WsOpcode::kClose, close_payload(code)), "!1002");
  for (const int code : {1000, 1003, 1007, 1011, 1014, 3000, 4999})
    expect_read(WsRole::kClient, frame(WsOpcode::kClose, close_payload(code)), "close(" + std::to_string(code) + " )");
  expect_read(WsRole::kClient, frame(WsOpcode::kClose, ""), "close(1005 )");
}

TEST(WebSocketFrame, RefusesABombBeforeItIsLarge) {
  http::MessageDeflater deflater(15, true);
  std::string bomb;
  deflater.compress(std::string(std::size_t{64} << 20U, '\0'), bomb);
  EXPECT_LT(bomb.size(), 400'000U);
  MessageReader reader(WsRole::kClient, 100'000);
  reader.use_deflate(true);
  const std::string input = frame(WsOpcode::kBinary, bomb, true, false, true);
  std::string_view rest = input;
  int code = 0;
  try {
    static_cast<void>(reader.next(rest));
  } catch (const WebSocketError& error) {
    code = error.code();
  }
  EXPECT_EQ(code, 1009);
  EXPECT_LT(reader.message().capacity(), 300'000U);
  EXPECT_EQ(read_all(WsRole::kClient, frame(WsOpcode::kBinary, "\xff\xff\xff", true, false, true), 1, 1000, true),
            "!1007");
}

TEST(WebSocketFrame, WritesTheShortestLength) {
  EXPECT_EQ(frame(WsOpcode::kBinary, "").substr(0, 2), bytes({0x82, 0}));
  EXPECT_EQ(frame(WsOpcode::kBinary, std::string(125, 'x')).substr(0, 2), bytes({0x82, 125}));
  EXPECT_EQ(frame(WsOpcode::kBinary, std::string(126, 'x')).substr(0, 4), bytes({0x82, 126, 0, 126}));
  EXPECT_EQ(frame(WsOpcode::kBinary, std::string(65535, 'x')).substr(0, 4), bytes({0x82, 126, 255, 255}));
  EXPECT_EQ(frame(WsOpcode::kBinary, std::string(65536, 'x')).substr(0, 10),
            bytes({0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0}));
  EXPECT_EQ(frame(WsOpcode::kText, "abcde", true, true),
            bytes({0x81, 0x85, 1, 2, 3, 4, 'a' ^ 1, 'b' ^ 2, 'c' ^ 3, 'd' ^ 4, 'e' ^ 1}));
}

TEST(WebSocketMask, TurnsWithTheOffset) {
  const http::WsMask mask{0x11, 0x22, 0x33, 0x44};
  for (std::size_t size = 0; size < 40; ++size) {
    for (std::size_t offset = 0; offset < 9; ++offset) {
      const std::string text(size, 'z');
      std::string masked(size, '\0');
      apply_mask(text.data(), masked.data(), size, mask, offset);
      for (std::size_t i = 0; i < size; ++i)
        ASSERT_EQ(static_cast<unsigned char>(masked[i]), 'z' ^ mask[(i + offset) % 4]) << size << ' ' << offset;
    }
  }
  EXPECT_NE(http::random_mask(), http::random_mask());
}

TEST(WebSocketUtf8, KnowsEachBoundary) {
  for (const char* good : {"", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                           "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "eight or more \xe2\x82\xac and more"})
    EXPECT_TRUE(http::is_utf8(good)) << good;
  for (const char* bad :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xe2\x82",
        "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "12345678\xc0", "1234567\xe2\x28\xa1"})
    EXPECT_FALSE(http::is_utf8(bad)) << bad;
  Utf8Validator validator;
  EXPECT_TRUE(validator.feed("\xe2"));
  EXPECT_FALSE(validator.complete());
  EXPECT_TRUE(validator.feed("\x82\xac"));
  EXPECT_TRUE(validator.complete());
  EXPECT_TRUE(validator.feed("\xf4"));
  EXPECT_FALSE(validator.feed("\x90"));  // before the character is whole
}

TEST(WebSocketDeflate, RoundTripsInEveryWindow) {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += static_cast<char>('a' + i * i % 23);
  for (int bits = 9; bits <= 15; ++bits) {
    for (const bool takeover : {true, false}) {
      http::MessageDeflater deflater(bits, takeover);
      http::MessageInflater inflater(takeover);
      for (const std::string& message : {text, std::string(), std::string("x"), text, text}) {
        std::string small;
        deflater.compress(message, small);
        std::string out;
        for (std::size_t at = 0; at < small.size(); at += 5)
          inflater.decompress(std::string_view(small).substr(at, 5), out, 1 << 20);
        inflater.finish(out, 1 << 20);
        EXPECT_EQ(out, message) << bits << ' ' << takeover;
      }
    }
  }
  EXPECT_FALSE(http::MessageDeflater(8, true).can_compress());
}

}  // namespace
}  // namespace corolla_tests

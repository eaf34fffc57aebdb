// SPDX-License-Identifier: Apache-2.0
// Agreeing on permessage-deflate, from both sides; and the handshake's values.
#include <corolla/http/websocket_error.hpp>

#include "http/websocket/extensions.hpp"
#include "http/websocket/handshake.hpp"

#include <gtest/gtest.h>

#include <string>

namespace corolla::inline v0::http {
namespace {

std::string choose(std::string_view offers, const PerMessageDeflate& options = PerMessageDeflate()) {
  std::string answer;
  try {
    if (!choose_deflate(offers, options, answer)) return "none";
  } catch (const WebSocketError& error) {
    return std::to_string(error.code());
  }
  return answer;
}

TEST(WebSocketExtensions, AServerTakesTheFirstOfferThatItCanKeepTo) {
  EXPECT_EQ(choose(""), "none");
  EXPECT_EQ(choose("x-webkit-deflate-frame, foo; bar=1"), "none");
  EXPECT_EQ(choose("permessage-deflate"), "permessage-deflate");
  EXPECT_EQ(choose("foo, permessage-deflate; client_max_window_bits"), "permessage-deflate");
  EXPECT_EQ(choose("permessage-deflate; client_max_window_bits; server_max_window_bits=10"),
            "permessage-deflate; server_max_window_bits=10");
  EXPECT_EQ(choose("permessage-deflate; client_max_window_bits=\"12\""),
            "permessage-deflate; client_max_window_bits=12");
  EXPECT_EQ(choose("permessage-deflate; server_no_context_takeover; client_no_context_takeover"),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover");
  EXPECT_EQ(choose("permessage-deflate; server_max_window_bits=16, permessage-deflate; server_max_window_bits=8"),
            "permessage-deflate; server_max_window_bits=8");
}

TEST(WebSocketExtensions, AServerPassesOverInvalidOffers) {
  for (const char* offer :
       {"permessage-deflate; unknown", "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        "permessage-deflate; client_max_window_bits=7", "permessage-deflate; client_max_window_bits=08",
        "permessage-deflate; client_max_window_bits; client_max_window_bits=10",
        "permessage-deflate; client_max_window_bits=10; client_max_window_bits",
        "permessage-deflate; server_max_window_bits", "permessage-deflate; server_max_window_bits=100"})
    EXPECT_EQ(choose(offer), "none") << offer;
  for (const char* malformed :
       {"permessage-deflate; =1", "permessage-deflate; a=\"1", "a b", ";", "permessage-deflate; a=\"x y\""})
    EXPECT_EQ(choose(malformed), "1010") << malformed;
}

TEST(WebSocketExtensions, AServersOptionsBind) {
  PerMessageDeflate options;
  options.server_no_context_takeover = true;
  options.client_max_window_bits = 10;
  EXPECT_EQ(choose("permessage-deflate", options), "none");
  EXPECT_EQ(choose("permessage-deflate; client_max_window_bits", options),
            "permessage-deflate; server_no_context_takeover; client_max_window_bits=10");
  EXPECT_EQ(choose("permessage-deflate; client_max_window_bits=9", options),
            "permessage-deflate; server_no_context_takeover; client_max_window_bits=9");
}

TEST(WebSocketExtensions, AClientChecksTheAnswer) {
  PerMessageDeflate options;
  options.enabled = true;
  EXPECT_EQ(offer_deflate(options), "permessage-deflate; client_max_window_bits");
  EXPECT_FALSE(read_deflate_answer("", options));
  const auto agreed = read_deflate_answer(
      "permessage-deflate; client_max_window_bits=9; server_max_window_bits=11; client_no_context_takeover", options);
  ASSERT_TRUE(agreed);
  EXPECT_EQ(agreed->client_max_window_bits, 9);
  EXPECT_EQ(agreed->server_max_window_bits, 11);
  EXPECT_TRUE(agreed->client_no_context_takeover);
  EXPECT_FALSE(agreed->server_no_context_takeover);
  for (const char* bad : {"foo", "permessage-deflate, permessage-deflate", "permessage-deflate; client_max_window_bits",
                          "permessage-deflate; foo", "permessage-deflate; server_max_window_bits=7"})
    EXPECT_THROW(static_cast<void>(read_deflate_answer(bad, options)), WebSocketError) << bad;
  options.server_no_context_takeover = true;
  options.server_max_window_bits = 12;
  EXPECT_EQ(offer_deflate(options),
            "permessage-deflate; server_no_context_takeover; server_max_window_bits=12; client_max_window_bits");
  EXPECT_THROW(static_cast<void>(read_deflate_answer("permessage-deflate; server_max_window_bits=12", options)),
               WebSocketError);
  EXPECT_THROW(static_cast<void>(read_deflate_answer("permessage-deflate; server_no_context_takeover", options)),
               WebSocketError);
  options.enabled = false;
  EXPECT_THROW(static_cast<void>(read_deflate_answer("permessage-deflate", options)), WebSocketError);
}

// RFC 6455, section 1.3.
TEST(WebSocketHandshake, AnswersTheRfcsKey) {
  EXPECT_EQ(accept_for_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  const std::string key = make_websocket_key();
  EXPECT_TRUE(is_websocket_key(key)) << key;
  EXPECT_NE(key, make_websocket_key());
  for (const char* bad : {"", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ=a",
                          "dGhlIHNhbXBsZSBub25j====", "dGhlIHNhbXBsZSBub25jZQ=====", "dGhlIHNhbXBsZSBub25j-Q=="})
    EXPECT_FALSE(is_websocket_key(bad)) << bad;
}

TEST(WebSocketHandshake, RefusesOptionsOutOfRange) {
  WebSocketOptions options;
  EXPECT_NO_THROW(check_options(options));
  options.protocols = {"a b"};
  EXPECT_THROW(check_options(options), ValueError);
  options.protocols = {};
  options.deflate.client_max_window_bits = 8;
  EXPECT_THROW(check_options(options), ValueError);
  options.deflate.client_max_window_bits = 15;
  options.heartbeat = std::chrono::seconds(0);
  EXPECT_THROW(check_options(options), ValueError);
}

}  // namespace
}  // namespace corolla::inline v0::http

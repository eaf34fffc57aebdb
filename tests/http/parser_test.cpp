// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "parser_transcript.hpp"

namespace corolla::inline v0::http {
namespace {

/// Reads the bytes whole, byte by byte, and cut once at each place (or at some, when there are many): all must agree.
template <typename Parser>
Transcript read(const std::string& bytes, std::string_view method = "GET", std::size_t messages = 1,
                const ParserLimits& limits = ParserLimits()) {
  const Transcript whole = run_parser<Parser>(bytes, {bytes.size() + 1}, method, messages, limits);
  const auto same = [&](const std::vector<std::size_t>& cuts) {
    const Transcript cut = run_parser<Parser>(bytes, cuts, method, messages, limits);
    EXPECT_EQ(cut.text, whole.text) << "first cut after " << cuts.front();
    EXPECT_EQ(cut.bodies, whole.bodies) << "first cut after " << cuts.front();
    EXPECT_EQ(cut.leftover, whole.leftover) << "first cut after " << cuts.front();
  };
  same({1});
  same({3});
  const std::size_t step = bytes.size() / 400 + 1;
  for (std::size_t at = 1; at < bytes.size(); at += step) same({at, bytes.size()});
  return whole;
}

const auto response = read<ResponseParser>;
const auto request = read<RequestParser>;

TEST(ResponseParser, ContentLengthAndWhatFollows) {
  const auto seen = response(
      "HTTP/1.1 200 OK\r\nContent-Type:text/html \t\r\nX-Empty:\r\nX-Utf8: \xC3\xBC\r\ncontent-length: "
      "5\r\n\r\nhelloHTTP/1.1 ",
      "GET", 1, ParserLimits());
  EXPECT_EQ(seen.text,
            "200 [OK] 1.1 length=5 keep-alive\n  Content-Type=[text/html]\n  X-Empty=[]\n  X-Utf8=[\xC3\xBC]\n"
            "  content-length=[5]\nend\n");
  EXPECT_EQ(seen.bodies, std::vector<std::string>{"hello"});
  EXPECT_EQ(seen.leftover, "HTTP/1.1 ");
}

TEST(ResponseParser, Pipelined) {
  const auto seen = response(
      "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\nHTTP/1.1 404 Not Found\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
      "HTTP/1.0 200 OK\r\n\r\nrest",
      "GET", 3, ParserLimits());
  EXPECT_EQ(seen.text,
            "200 [] 1.1 length=0 keep-alive\n  Content-Length=[0]\nend\n"
            "404 [Not Found] 1.1 chunked keep-alive\n  Transfer-Encoding=[chunked]\nend\n200 [OK] 1.0\nend\n");
  EXPECT_EQ(seen.bodies, (std::vector<std::string>{"", "abc", "rest"}));
}

TEST(ResponseParser, ChunkedWithExtensionsAndTrailers) {
  const auto seen = response(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nTrailer: X-Sum\r\n\r\n5;q=\"a "
      "b\"\r\nhello\r\n00A;name=value\r\n0123456789\r\n"
      "0;last\r\nX-Sum: 15\r\nX-More: y\r\n\r\nnext",
      "GET", 1, ParserLimits());
  EXPECT_EQ(seen.text,
            "200 [OK] 1.1 chunked keep-alive\n  Transfer-Encoding=[Chunked]\n  Trailer=[X-Sum]\n"
            "  trailer X-Sum=[15]\n  trailer X-More=[y]\nend\n");
  EXPECT_EQ(seen.bodies, std::vector<std::string>{"hello0123456789"});
  EXPECT_EQ(seen.leftover, "next");
}

TEST(ResponseParser, BodilessByMethodAndStatus) {
  const std::string lengthy = " X\r\nContent-Length: 10\r\n\r\n";
  for (const char* status : {"100", "103", "204", "304"}) {
    const auto seen = response("HTTP/1.1 " + std::string(status) + lengthy + "left", "GET", 1, ParserLimits());
    EXPECT_EQ(seen.leftover, "left") << status;
    EXPECT_EQ(seen.bodies, std::vector<std::string>{""}) << status;
  }
  EXPECT_EQ(response("HTTP/1.1 200" + lengthy + "left", "HEAD", 1, ParserLimits()).leftover, "left");
  const auto head = response("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nleft", "HEAD", 1, ParserLimits());
  EXPECT_EQ(head.leftover, "left");
  EXPECT_NE(head.text.find("keep-alive"), std::string::npos);
}

TEST(ResponseParser, Upgrades) {
  const auto websocket =
      response("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x01x", "GET",
               1, ParserLimits());
  EXPECT_NE(websocket.text.find(" upgrade\n"), std::string::npos);
  EXPECT_EQ(websocket.leftover, "\x81\x01x");
  const auto tunnel = response("HTTP/1.1 200 Connection established\r\nContent-Length: 5\r\n\r\n\x16\x03", "CONNECT", 1,
                               ParserLimits());
  EXPECT_EQ(tunnel.leftover, "\x16\x03");
  EXPECT_NE(tunnel.text.find(" upgrade\n"), std::string::npos);
}

TEST(ResponseParser, KeepAlive) {
  const auto keeps = [](const std::string& head) {
    return response(head + "Content-Length: 0\r\n\r\n", "GET", 1, ParserLimits()).text.find("keep-alive\n") !=
           std::string::npos;
  };
  EXPECT_TRUE(keeps("HTTP/1.1 200 OK\r\n"));
  EXPECT_FALSE(keeps("HTTP/1.1 200 OK\r\nConnection: close\r\n"));
  EXPECT_FALSE(keeps("HTTP/1.1 200 OK\r\nConnection: x, Close\r\n"));
  EXPECT_FALSE(keeps("HTTP/1.0 200 OK\r\n"));
  EXPECT_TRUE(keeps("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n"));
}

TEST(ResponseParser, EndOfStream) {
  EXPECT_EQ(response("HTTP/1.1 200 OK\r\n\r\nto the end", "GET", 1, ParserLimits()).bodies,
            std::vector<std::string>{"to the end"});
  EXPECT_NE(response("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", "GET", 1, ParserLimits())
                .text.find("cut: connection closed with 5 bytes"),
            std::string::npos);
  for (const char* rest : {"5\r\nhel", "5\r\nhello\r\n", "5\r\nhello\r\n0\r\n", "5\r\nhello\r\n0\r\nX: y\r\n"})
    EXPECT_NE(
        response(std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n") + rest, "GET", 1, ParserLimits())
            .text.find("cut: connection closed inside a chunked body"),
        std::string::npos)
        << rest;
  EXPECT_NE(response("HTTP/1.1 200 OK\r\nA: b\r\n", "GET", 1, ParserLimits()).text.find("inside the head"),
            std::string::npos);
  ResponseParser parser;
  EXPECT_TRUE(parser.idle());
  EXPECT_THROW(parser.finish(), ServerDisconnectedError);
}

TEST(ResponseParser, BodyIsHandedOnWithoutCopying) {
  ResponseParser parser;
  const std::string bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
  std::string_view input = bytes;
  ASSERT_EQ(parser.next(input), ParseEvent::kHead);
  ASSERT_EQ(parser.next(input), ParseEvent::kBody);
  EXPECT_EQ(parser.body().data(), bytes.data() + bytes.size() - 5);
  EXPECT_EQ(parser.next(input), ParseEvent::kEnd);
  EXPECT_EQ(parser.next(input), ParseEvent::kEnd);
  EXPECT_TRUE(parser.done());
}

TEST(ResponseParser, StaysFailed) {
  ResponseParser parser;
  std::string_view input = "nonsense\r\n\r\n";
  EXPECT_THROW(parser.next(input), HttpProtocolError);
  std::string_view good = "HTTP/1.1 200 OK\r\n\r\n";
  EXPECT_THROW(parser.next(good), HttpProtocolError);
  parser.start("GET");
  EXPECT_EQ(parser.next(good), ParseEvent::kHead);
}

TEST(RequestParser, Shapes) {
  const auto seen = request(
      "\r\nPOST /p?q#f HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhiOPTIONS * "
      "HTTP/1.1\r\nHost:\r\n\r\n"
      "GET http://a/b HTTP/1.0\r\n\r\n",
      "", 3, ParserLimits());
  EXPECT_EQ(
      seen.text,
      "POST [/p?q#f] expect 1.1 length=2 keep-alive\n  Host=[a]\n  Expect=[100-continue]\n  Content-Length=[2]\nend\n"
      "OPTIONS [*] 1.1 keep-alive\n  Host=[]\nend\nGET [http://a/b] 1.0\nend\n");
  EXPECT_EQ(seen.bodies.front(), "hi");
  const auto tunnel = request("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n\x16\x03", "", 1, ParserLimits());
  EXPECT_EQ(tunnel.leftover, "\x16\x03");
  EXPECT_NE(tunnel.text.find("[a:443] 1.1 upgrade"), std::string::npos);
  const auto websocket =
      request("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n\x81", "", 1,
              ParserLimits());
  EXPECT_EQ(websocket.leftover, "\x81");
  EXPECT_NE(websocket.text.find(" upgrade\n"), std::string::npos);
}

}  // namespace
}  // namespace corolla::inline v0::http

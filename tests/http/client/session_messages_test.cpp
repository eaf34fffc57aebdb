// SPDX-License-Identifier: Apache-2.0
// The client and what answers look like: codings, caps, charsets, broken messages. Both backends.
#include "tests/http/client/session_test.hpp"

#include <corolla/http/content_disposition.hpp>
#include <corolla/http/link.hpp>

#include <zlib.h>

namespace corolla::test {
namespace {

std::string gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST_F(SessionTest, ChunkedAndCompressedBodies) {
  run_test([]() -> Coro<void> {
    const std::string text(100000, 'z');
    const std::string packed = gzip(text);
    ScriptedServer server([&](const std::string& request) -> Reply {
      if (request.starts_with("GET /chunked"))
        return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";
      if (request.starts_with("GET /close")) return Reply("HTTP/1.1 200 OK\r\n\r\nto the end", true);
      return Reply(ok(packed, "Content-Encoding: gzip\r\n"));
    });
    co_await server.start();
    Session session;
    const auto chunked_body = co_await fetch(session, server.url("/chunked"));
    EXPECT_EQ(chunked_body, "hello world");
    const auto gzip_body = co_await fetch(session, server.url("/gzip"));
    EXPECT_EQ(gzip_body, text);
    const auto close_body = co_await fetch(session, server.url("/close"));
    EXPECT_EQ(close_body, "to the end");
    auto head = co_await session.head(server.url("/gzip"));
    EXPECT_EQ(head.content_length(), packed.size());
  });
}

TEST_F(SessionTest, CapsHoldForWireAndDecodedBytes) {
  run_test([]() -> Coro<void> {
    const std::string bomb = gzip(std::string(50'000'000, '\0'));
    ScriptedServer server([&](const std::string& request) -> Reply {
      if (request.starts_with("GET /bomb")) return Reply(ok(bomb, "Content-Encoding: gzip\r\n"));
      return Reply("HTTP/1.1 200 OK\r\n\r\n" + std::string(200'000, 'x'), true);
    });
    co_await server.start();
    SessionOptions options;
    options.max_body_bytes = 100'000;
    options.decode.decoded_bytes = 1'000'000;
    Session session(options);
    const auto error2 = co_await error_of<http::ContentTooLarge>(fetch(session, server.url("/bomb")));
    EXPECT_NE(error2, "no error");
    const auto error3 = co_await error_of<http::ContentTooLarge>(fetch(session, server.url("/endless")));
    EXPECT_EQ(error3, "the body is larger than 100000 bytes");
    EXPECT_EQ(session.connections_in_use(), 0U);
  });
}

TEST_F(SessionTest, BrokenMessagesAreErrorsOfTheRightKind) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([&](const std::string& request) -> Reply {
      if (request.starts_with("GET /short")) return Reply("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", true);
      if (request.starts_with("GET /garbage")) return Reply("SSH-2.0-OpenSSH\r\n", true);
      if (request.starts_with("GET /folded")) return "HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n";
      if (request.starts_with("GET /huge"))
        return Reply("HTTP/1.1 200 OK\r\nA: " + std::string(100'000, 'a') + "\r\n\r\n", true);
      if (request.starts_with("GET /nothing")) return Reply("", true);
      Reply reset("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
      reset.reset = true;
      return reset;
    });
    co_await server.start();
    Session session;
    const auto error2 = co_await error_of<http::ClientPayloadError>(fetch(session, server.url("/short")));
    EXPECT_NE(error2, "no error");
    const std::string garbage = co_await error_of<http::HttpProtocolError>(fetch(session, server.url("/garbage")));
    EXPECT_EQ(garbage.find("another error"), std::string::npos) << garbage;
    const std::string folded = co_await error_of<http::HttpProtocolError>(fetch(session, server.url("/folded")));
    EXPECT_EQ(folded.find("another error"), std::string::npos) << folded;
    const std::string huge = co_await error_of<http::HeaderTooLarge>(fetch(session, server.url("/huge")));
    EXPECT_EQ(huge.find("another error"), std::string::npos) << huge;
    const std::string nothing =
        co_await error_of<http::ServerDisconnectedError>(fetch(session, server.url("/nothing")));
    EXPECT_EQ(nothing.find("another error"), std::string::npos) << nothing;
    const std::string reset = co_await error_of<http::ClientPayloadError>(fetch(session, server.url("/reset")));
    EXPECT_EQ(reset.find("another error"), std::string::npos) << reset;
    EXPECT_EQ(session.connections_in_use(), 0U);
    EXPECT_EQ(session.connections_idle(), 0U);
  });
}

TEST_F(SessionTest, TextFollowsTheCharset) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string& request) -> Reply {
      if (request.starts_with("GET /latin")) return ok("caf\xE9", "Content-Type: text/html; charset=ISO-8859-1\r\n");
      if (request.starts_with("GET /gbk")) return ok("\xD6\xD0", "Content-Type: text/html; charset=gbk\r\n");
      return ok("a\xFFz", "Content-Type: text/plain\r\n");
    });
    co_await server.start();
    Session session;
    const auto latin_body = co_await fetch(session, server.url("/latin"));
    EXPECT_EQ(latin_body, "caf\xC3\xA9");
    const auto gbk_body = co_await fetch(session, server.url("/gbk"));
    EXPECT_EQ(gbk_body, "\xE4\xB8\xAD");
    const auto bad_body = co_await fetch(session, server.url("/bad"));
    EXPECT_EQ(bad_body, "a\xEF\xBF\xBDz");
  });
}

TEST_F(SessionTest, SomebodyMayKnowTheCharset) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string& request) -> Reply {
      if (request.starts_with("GET /named")) return ok("\xC3\xA9", "Content-Type: text/html; charset=utf-8\r\n");
      if (request.starts_with("GET /json")) return ok("\"\xC3\xA9\"", "Content-Type: application/json\r\n");
      if (request.starts_with("GET /none")) return ok("\xD6\xD0");
      return ok("\xD6\xD0", "Content-Type: text/html\r\n");
    });
    co_await server.start();
    std::vector<std::string> asked;
    SessionOptions options;
    options.fallback_charset_resolver = [&](const Response& response, std::string_view body) {
      asked.push_back(std::string(response.url().path()) + " " + std::string(body));
      return std::string("gbk");
    };
    Session session(options);
    const auto unnamed = co_await fetch(session, server.url("/unnamed"));
    EXPECT_EQ(unnamed, "\xE4\xB8\xAD");
    const auto none = co_await fetch(session, server.url("/none"));
    EXPECT_EQ(none, "\xE4\xB8\xAD");
    const auto named = co_await fetch(session, server.url("/named"));
    EXPECT_EQ(named, "\xC3\xA9");
    const auto json = co_await fetch(session, server.url("/json"));
    EXPECT_EQ(json, "\"\xC3\xA9\"");
    EXPECT_EQ(asked, (std::vector<std::string>{"/unnamed \xD6\xD0", "/none \xD6\xD0"}));
  });
}

TEST_F(SessionTest, LinksAndDispositions) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string& request) -> Reply {
      if (request.starts_with("GET /plain")) return ok("");
      return ok("",
                "Link: <?page=9>; rel=last; anchor=\"/other\", <?page=2>; rel=\"up next\"; title=\"page, two\"\r\n"
                "Link: </list>; rel=last\r\n"
                "Content-Disposition: Attachment; filename=\"../a b.txt\"; size=7\r\n");
    });
    co_await server.start();
    Session session;
    auto response = co_await session.get(server.url("/list?page=1"));
    const auto links = response.links();
    EXPECT_EQ(links.size(), 3U);
    const auto next = response.link("next");
    EXPECT_TRUE(next);
    EXPECT_EQ(next->url.href(), server.url("/list?page=2"));
    EXPECT_EQ(next->parameters.get("title"), "page, two");
    const auto last = response.link("last");
    EXPECT_EQ(last->url.href(), server.url("/list")) << "the first one is about something else";
    EXPECT_FALSE(response.link("prev"));
    const auto disposition = response.content_disposition();
    EXPECT_EQ(disposition->type, "attachment");
    EXPECT_EQ(disposition->filename(), "a b.txt");
    EXPECT_EQ(disposition->parameters.get("size"), "7");
    auto plain = co_await session.get(server.url("/plain"));
    EXPECT_TRUE(plain.links().empty());
    EXPECT_FALSE(plain.content_disposition());
  });
}

}  // namespace
}  // namespace corolla::test

// SPDX-License-Identifier: Apache-2.0
// The lines of access logs. Both backends, where a server writes them.
#include "tests/http/server/server_test.hpp"

#include <corolla/http/access_log_format.hpp>

#include <nlohmann/json.hpp>

#include <unistd.h>

namespace corolla_tests {
namespace {

using http::AccessLogFormat;
using http::AccessRecord;

AccessRecord example() {
  static const http::Headers asked = {{"Referer", "http://a/\"b\""}, {"User-Agent", "x\\y \xc3\xa9"}, {"X-Empty", ""}};
  static const http::Headers answered = {{"ETag", "\"1\""}};
  AccessRecord record;
  record.remote = "127.0.0.1";
  record.method = "GET";
  record.target = "/a?b=\xff";
  record.status = 200;
  record.body_bytes = 2326;
  record.request_headers = &asked;
  record.response_headers = &answered;
  record.time = std::chrono::sys_seconds(std::chrono::seconds(971186136));
  record.duration = 2s + 3us + 999ns;
  return record;
}

std::string line_of(std::string_view format, const AccessRecord& record = example()) {
  std::string line = "before ";
  AccessLogFormat(format).append(line, record);
  EXPECT_TRUE(line.starts_with("before ") && line.ends_with("\n"));
  return line.substr(7, line.size() - 8);
}

TEST(AccessLogFormatTest, EachDirective) {
  EXPECT_EQ(line_of("%a|%t|%s|%b"), "127.0.0.1|[10/Oct/2000:13:55:36 +0000]|200|2326");
  EXPECT_EQ(line_of("%r"), "GET /a?b=\\xFF HTTP/1.1");
  EXPECT_EQ(line_of("%T %Tf %D %Tx"), "2 2.000003 2000003 2x");
  EXPECT_EQ(line_of("100%%%%a%%"), "100%%a%");
  EXPECT_EQ(line_of("%P"), std::to_string(::getpid()));
  EXPECT_EQ(line_of("%{etag}o %{Age}o %{X-Empty}i %{ETag}i"), "\\x221\\x22 - - -");
  EXPECT_EQ(line_of(""), "");
  AccessRecord none;
  none.status = 400;
  EXPECT_EQ(line_of("%a %r %s %b %Tf %{A}i %{A}o", none), "- - 400 - 0.000000 - -");
}

TEST(AccessLogFormatTest, CommonAndCombined) {
  const std::string common = "127.0.0.1 - - [10/Oct/2000:13:55:36 +0000] \"GET /a?b=\\xFF HTTP/1.1\" 200 2326";
  EXPECT_EQ(line_of(http::kCommonLog), common);
  EXPECT_EQ(line_of(http::kCombinedLog), common + " \"http://a/\\x22b\\x22\" \"x\\x5Cy \\xC3\\xA9\"");
  std::string same;
  http::append_common_log(same, example());
  EXPECT_EQ(same, common + "\n");
}

TEST(AccessLogFormatTest, WhatIsNoDirectiveIsRefused) {
  for (const char* format : {"%", "a%", "%x", "%{", "%{A", "%{A}", "%{A}x", "%{}i", "%{a b}i", "%{A:}o", "% a", "%>s"})
    EXPECT_THROW(AccessLogFormat{format}, ValueError) << format;
}

TEST(AccessLogFormatTest, LinesOfJson) {
  std::string lines;
  http::append_json_log(lines, example());
  http::append_json_log(lines, AccessRecord());
  const auto end = lines.find('\n');
  const auto first = nlohmann::json::parse(lines.substr(0, end));
  EXPECT_TRUE(lines.starts_with("{\"time\":971186136,\"remote\":\"127.0.0.1\"")) << lines;
  EXPECT_EQ(first["target"], "/a?b=\xef\xbf\xbd");
  EXPECT_EQ(first["duration_us"], 2000003);
  EXPECT_EQ(first["user_agent"], "x\\y \xc3\xa9");
  const auto second = nlohmann::json::parse(lines.substr(end + 1));
  EXPECT_EQ(second["method"], "");
  EXPECT_EQ(second["referer"], "");
}

class AccessLogTest : public ServerTest {};

TEST_F(AccessLogTest, FieldsOfTheResponseAreThoseThatWereSent) {
  run_test([]() -> Coro<void> {
    std::string log;
    const AccessLogFormat format("%s %{X-Id}o %{Content-Type}o %{X-Asked}i");
    WebServerOptions options;
    options.access_log = [&](const AccessRecord& record) { format.append(log, record); };
    auto handler = [](ServerRequest& request) -> Coro<ServerResponse> {
      if (request.path() == "/none") throw http::HttpError(404);
      ServerResponse response(200, "a");
      response.headers().set("X-Id", std::string(request.path()));
      if (request.path() == "/streamed") {
        response.set_producer([](http::BodyWriter& writer) -> Coro<void> { co_await writer.write("b"); });
      }
      co_return response;
    };
    auto server = co_await start(handler, options);
    auto connecting = Client::connect(server.port());
    Client client = co_await std::move(connecting);
    co_await client.ask(get("/one", "X-Asked: 1\r\n"));
    co_await client.ask(get("/streamed"));
    co_await client.ask(get("/none", "X-Asked: \"2\"\r\n"));
    co_await client.ask("nonsense\r\n\r\n");
    co_await server.shutdown();
    EXPECT_EQ(log,
              "200 /one text/plain; charset=utf-8 1\n200 /streamed text/plain; charset=utf-8 -\n"
              "404 - text/html; charset=utf-8 \\x222\\x22\n400 - text/html; charset=utf-8 -\n");
  });
}

}  // namespace
}  // namespace corolla_tests

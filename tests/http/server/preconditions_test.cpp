// SPDX-License-Identifier: Apache-2.0
// What a handler answers to conditions and ranges. Both backends.
#include "tests/http/server/server_test.hpp"

#include <corolla/http/date.hpp>
#include <corolla/http/preconditions.hpp>

#include <string>
#include <vector>

namespace corolla_tests {
namespace {

using http::ETag;
using http::Validators;

constexpr const char* kBefore = "Fri, 01 Sep 2023 11:59:59 GMT";
constexpr const char* kThen = "Fri, 01 Sep 2023 12:00:00 GMT";

class PreconditionsTest : public ServerTest {
 protected:
  /// Sends each request to a handler with these validators, and compares the status: 200 when it may go on.
  struct Case {
    std::string fields;
    int read;   // to GET and HEAD
    int write;  // to PUT
  };
  static Coro<void> check(Validators validators, std::vector<Case> cases) {
    auto handler = [validators](ServerRequest& request) -> Coro<ServerResponse> {
      auto failed = http::check_preconditions(request, validators);
      if (failed) co_return std::move(*failed);
      co_return ServerResponse(200, "on");
    };
    auto starting = http::serve(handler, "127.0.0.1", 0);
    auto server = co_await std::move(starting);
    for (const Case& each : cases) {
      for (const std::string method : {"GET", "HEAD", "PUT"}) {
        const std::string request = method + " / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + each.fields + "\r\n";
        const Reply reply = co_await ask_once(server.port(), request, method == "HEAD");
        EXPECT_EQ(reply.status, method == "PUT" ? each.write : each.read) << method << " " << each.fields;
        const bool described = reply.status == 304 && validators.etag;
        EXPECT_EQ(reply.field("ETag"), described ? validators.etag->to_string() : "") << each.fields;
      }
    }
    auto stopping = server.shutdown();
    co_await std::move(stopping);
  }
};

TEST_F(PreconditionsTest, EachFieldInItsTurn) {
  run_test([]() -> Coro<void> {
    const std::string before = kBefore;
    const std::string then = kThen;
    std::vector<Case> cases = {
        {"", 200, 200},
        {"If-None-Match: \"v2\"\r\n", 304, 412},
        {"If-None-Match: W/\"v2\"\r\n", 304, 412},
        {"If-None-Match: *\r\n", 304, 412},
        {"If-None-Match: \"v1\"\r\nIf-Modified-Since: " + then + "\r\n", 200, 200},  // the tag counts
        {"If-Modified-Since: " + then + "\r\n", 304, 200},                           // is for reading alone
        {"If-Modified-Since: " + before + "\r\n", 200, 200},
        {"If-Modified-Since: some day\r\n", 200, 200},
        {"If-Match: \"v2\"\r\n", 200, 200},
        {"If-Match: \"v1\", \"v2\"\r\n", 200, 200},
        {"If-Match: *\r\n", 200, 200},
        {"If-Match: W/\"v2\"\r\n", 412, 412},
        {"If-Match: \"v1\"\r\n", 412, 412},
        {"If-Unmodified-Since: " + then + "\r\n", 200, 200},
        {"If-Unmodified-Since: " + before + "\r\n", 412, 412},
        {"If-Match: \"v2\"\r\nIf-Unmodified-Since: " + before + "\r\n", 200, 200},
    };
    Validators validators(ETag("v2"), http::parse_http_date(kThen));
    auto checking = check(std::move(validators), std::move(cases));
    co_await std::move(checking);
  });
}

TEST_F(PreconditionsTest, WritersThatCameLate) {
  run_test([]() -> Coro<void> {
    std::vector<Case> missing = {
        {"If-None-Match: *\r\n", 200, 200},  // to create, and replace nothing
        {"If-None-Match: \"v1\"\r\n", 200, 200},
        {"If-Match: *\r\n", 412, 412},
        {"If-Match: \"v1\"\r\n", 412, 412},
    };
    auto creating = check(Validators::nothing(), std::move(missing));
    co_await std::move(creating);
    std::vector<Case> dated = {
        {"If-None-Match: *\r\n", 304, 412},
        {"If-None-Match: \"v1\"\r\n", 200, 200},
        {"If-Match: *\r\n", 200, 200},
        {"If-Match: \"v1\"\r\n", 412, 412},
    };
    Validators time(*http::parse_http_date(kThen));
    auto checking = check(std::move(time), std::move(dated));
    co_await std::move(checking);
  });
}

TEST_F(PreconditionsTest, RangesOfWhatTheClientHas) {
  run_test([]() -> Coro<void> {
    auto handler = [](ServerRequest& request) -> Coro<ServerResponse> {
      Validators validators(request.path() == "/weak" ? ETag("v2", true) : ETag("v2"), http::parse_http_date(kThen));
      validators.strong_time = request.path() == "/strong";
      const http::Ranges asked = http::requested_ranges(request, 100, validators);
      std::string text = asked.result == http::RangeResult::kUnsatisfiable ? "none" : "";
      for (const http::ByteRange& range : asked.ranges) text += http::format_content_range(range, 100) + ";";
      co_return ServerResponse(200, text.empty() ? "all" : text);
    };
    auto starting = http::serve(handler, "127.0.0.1", 0);
    auto server = co_await std::move(starting);
    struct Case {
      const char* target;
      std::string fields;
      const char* text;
    };
    const std::string then = kThen;
    const std::vector<Case> cases = {
        {"/", "", "all"},
        {"/", "Range: bytes=0-9,90-\r\n", "bytes 0-9/100;bytes 90-99/100;"},
        {"/", "Range: bytes=100-\r\n", "none"},
        {"/", "Range: lines=1-2\r\n", "all"},
        {"/", "Range: bytes=0-9\r\nIf-Range: \"v2\"\r\n", "bytes 0-9/100;"},
        {"/", "Range: bytes=0-9\r\nIf-Range: \"v1\"\r\n", "all"},
        {"/weak", "Range: bytes=0-9\r\nIf-Range: W/\"v2\"\r\n", "all"},
        {"/", "Range: bytes=0-9\r\nIf-Range: " + then + "\r\n", "all"},
        {"/strong", "Range: bytes=0-9\r\nIf-Range: " + then + "\r\n", "bytes 0-9/100;"},
        {"/strong", "Range: bytes=0-9\r\nIf-Range: Fri, 01 Sep 2023 12:00:01 GMT\r\n", "all"},
    };
    for (const Case& each : cases) {
      const Reply reply = co_await ask_once(server.port(), get(each.target, each.fields));
      EXPECT_EQ(reply.body, each.text) << each.target << " " << each.fields;
    }
    auto stopping = server.shutdown();
    co_await std::move(stopping);
  });
}

}  // namespace
}  // namespace corolla_tests

// SPDX-License-Identifier: Apache-2.0
// The client against httpbin: it says of each request what it was.
#include "tests/http/peers/peer.hpp"

#include <nlohmann/json.hpp>

namespace corolla::test {
namespace {

class HttpbinTest : public SessionTest {
 protected:
  template <class F>
  void run_with_httpbin(F body) {
    run_test([&]() -> Coro<void> {
      auto starting = start_peer([](const std::string& port) {
        return std::vector<std::string>{"/usr/bin/python3", "-c",
                                        "import sys, httpbin; httpbin.app.run(port=int(sys.argv[1]), threaded=True)",
                                        port};
      });
      Peer peer = co_await std::move(starting);
      SessionOptions options;
      options.base_url = http::Url::parse(peer.url());
      {
        Session session(options);
        auto working = body(session);
        co_await std::move(working);
      }
      auto stopping = stop_peer(peer);
      co_await std::move(stopping);
    });
  }
};

Coro<nlohmann::json> document(http::Request request) {
  auto sending = std::move(request).send();
  auto response = co_await std::move(sending);
  EXPECT_EQ(response.status(), 200);
  auto reading = response.json();
  co_return co_await std::move(reading);
}

Coro<int> status_of(http::Request request) {
  auto sending = std::move(request).send();
  auto response = co_await std::move(sending);
  const std::string text = co_await response.text();
  co_return response.status();
}

TEST_F(HttpbinTest, WhatWasSent) {
  run_with_httpbin([](Session& session) -> Coro<void> {
    const auto query = co_await document(session.get("get?a=1").query("b", "ä &=+").header("X-Mine", "yes"));
    EXPECT_EQ(query["args"]["a"], "1");
    EXPECT_EQ(query["args"]["b"], "ä &=+");
    EXPECT_EQ(query["headers"]["X-Mine"], "yes");
    const auto form = co_await document(session.post("post").form("name", "Jürgen & co").form("empty", ""));
    EXPECT_EQ(form["form"]["name"], "Jürgen & co");
    EXPECT_EQ(form["form"]["empty"], "");
    const nlohmann::json list = {1, "two", nullptr};
    const auto json = co_await document(session.put("put").json(list));
    EXPECT_EQ(json["json"], list);
    const auto text = co_await document(session.patch("patch").header("Content-Type", "text/plain").body("patched"));
    EXPECT_EQ(text["data"], "patched");
    const auto deleted = co_await document(session.delete_("delete"));
    EXPECT_EQ(deleted["data"], "");
  });
}

TEST_F(HttpbinTest, BodiesAreDecoded) {
  run_with_httpbin([](Session& session) -> Coro<void> {
    const auto gzip = co_await document(session.get("gzip"));
    EXPECT_EQ(gzip["gzipped"], true);
    const auto deflate = co_await document(session.get("deflate"));
    EXPECT_EQ(deflate["deflated"], true);
    const auto brotli = co_await document(session.get("brotli"));
    EXPECT_EQ(brotli["brotli"], true);
    const std::string html = co_await fetch(session, "html");
    EXPECT_NE(html.find("Herman Melville"), std::string::npos);
    const std::string lines = co_await fetch(session, "stream/20");
    EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 20);
    const std::string bytes = co_await fetch(session, "range/2000");
    EXPECT_EQ(bytes.size(), 2000U);
    EXPECT_EQ(bytes.substr(0, 3), "abc");
  });
}

TEST_F(HttpbinTest, RedirectsAndCookies) {
  run_with_httpbin([](Session& session) -> Coro<void> {
    for (const char* path : {"redirect/3", "absolute-redirect/3", "relative-redirect/3"}) {
      auto sending = session.get(path).send();
      auto response = co_await std::move(sending);
      EXPECT_EQ(response.status(), 200) << path;
      EXPECT_EQ(response.history().size(), 3U) << path;
      EXPECT_EQ(response.url().path(), "/get") << path;
    }
    const auto kept = co_await document(session.get("redirect-to").query("url", "/anything").query("status_code", 307));
    EXPECT_EQ(kept["method"], "GET");
    const auto repeated = co_await document(
        session.post("redirect-to").query("url", "/anything").query("status_code", 307).body("again"));
    EXPECT_EQ(repeated["method"], "POST");
    EXPECT_EQ(repeated["data"], "again");
    const auto set = co_await document(session.get("cookies/set?flavour=oat"));
    EXPECT_EQ(set["cookies"]["flavour"], "oat");
    const auto deleted = co_await document(session.get("cookies/delete?flavour"));
    EXPECT_EQ(deleted["cookies"].size(), 0U);
  });
}

TEST_F(HttpbinTest, CredentialsStatusesAndConditions) {
  run_with_httpbin([](Session& session) -> Coro<void> {
    const auto basic = co_await document(session.get("basic-auth/user/pass").basic_auth("user", "pass"));
    EXPECT_EQ(basic["authenticated"], true);
    const int wrong = co_await status_of(session.get("basic-auth/user/pass").basic_auth("user", "wrong"));
    EXPECT_EQ(wrong, 401);
    const auto bearer = co_await document(session.get("bearer").bearer_auth("token"));
    EXPECT_EQ(bearer["token"], "token");
    for (const int status : {204, 304, 404, 418, 500, 503}) {
      const int answered = co_await status_of(session.get("status/" + std::to_string(status)));
      EXPECT_EQ(answered, status);
    }
    const int unchanged = co_await status_of(session.get("etag/v1").header("If-None-Match", "\"v1\""));
    EXPECT_EQ(unchanged, 304);
    const int failed = co_await status_of(session.get("etag/v1").header("If-Match", "\"v2\""));
    EXPECT_EQ(failed, 412);
    auto late = session.get("delay/5").timeout(50ms).send();
    const auto timed_out = co_await outcome(std::move(late));
    EXPECT_TRUE(timed_out.error_message().find("took longer than 0.05 s") != std::string::npos)
        << timed_out.error_message();
  });
}

TEST_F(HttpbinTest, DigestIsProved) {
  run_with_httpbin([](Session& session) -> Coro<void> {
    const http::DigestAuth right("user", "pass");
    for (const char* path :
         {"auth/user/pass", "auth/user/pass/MD5", "auth/user/pass/SHA-256", "auth-int/user/pass/SHA-256"}) {
      const auto proved = co_await document(session.get(std::string("digest-auth/") + path).digest_auth(right));
      EXPECT_EQ(proved["authenticated"], true) << path;
      EXPECT_EQ(proved["user"], "user") << path;
    }
    const http::DigestAuth other("user", "wrong");
    const int wrong = co_await status_of(session.get("digest-auth/auth/user/pass").digest_auth(other));
    EXPECT_EQ(wrong, 401);
    const int none = co_await status_of(session.get("digest-auth/auth/user/pass"));
    EXPECT_EQ(none, 401);
  });
}

}  // namespace
}  // namespace corolla::test

// SPDX-License-Identifier: Apache-2.0
// WebServerOptions::expect_handler in HTTP/2. In memory, on a virtual clock.
#include "tests/http/http2/http2_test.hpp"

namespace corolla_tests {
namespace {

class Http2ExpectTest : public Http2Test {};

TEST_F(Http2ExpectTest, TheHandlerDecides) {
  run_and_destroy([]() -> Coro<void> {
    int calls = 0;
    std::string asked;
    WebServerOptions options;
    options.expect_handler = [&asked](ServerRequest& request) -> Coro<std::optional<ServerResponse>> {
      asked += std::string(request.path()) + ";";
      co_await sleep(0s);
      if (request.path() == "/throws") throw http::HttpError(413, "not that much");
      if (request.path() != "/fine") co_return ServerResponse::error(401);
      co_return std::nullopt;
    };
    Served served(counting(calls), options);
    RawPeer& peer = served.peer;
    const auto post = [](std::uint32_t id, const char* path, const char* expect) {
      return headers(id, request("POST", path, {{"expect", expect}}), false);
    };
    co_await peer.send(preface() + post(1, "/refused", "100-continue") + post(3, "/throws", "100-continue") +
                       post(5, "/refused", "cake") + get(7, "/plain"));
    for (const auto& [id, status] : {std::pair(1U, "401"), std::pair(3U, "413"), std::pair(5U, "401")}) {
      const Message refused = co_await peer.message(id);
      EXPECT_EQ(refused.status(), status);
    }
    const Message plain = co_await peer.message(7);
    EXPECT_EQ(plain.status(), "200");
    EXPECT_EQ(peer.continues, 0);
    EXPECT_EQ(calls, 1);
    co_await peer.send(post(9, "/fine", "100-continue"));
    co_await turns(10);
    co_await peer.send(data(9, "four", true));
    const Message taken = co_await peer.message(9);
    EXPECT_EQ(taken.status(), "200");
    EXPECT_EQ(peer.continues, 1);
    EXPECT_EQ(asked, "/refused;/throws;/refused;/fine;");
    peer.stream().close();
    co_await served.serving;
  });
}

}  // namespace
}  // namespace corolla_tests

// SPDX-License-Identifier: Apache-2.0
// Views, what is kept with a response, and what sees errors' responses. Both backends.
#include "tests/http/server/application_test.hpp"

#include <corolla/http/view.hpp>

#include <memory>

namespace corolla_tests {
namespace {

class ApplicationResponsesTest : public ServerTest {};

TEST_F(ApplicationResponsesTest, ErrorsResponsesArePreparedToo) {
  run_test([this]() -> Coro<void> {
    Application app;
    app.add_get("/broken", [](ServerRequest&) -> Coro<ServerResponse> { throw std::runtime_error("broken"); });
    app.add_post("/read", [](ServerRequest& request) -> Coro<ServerResponse> {
      auto reading = request.read();
      co_return ServerResponse(200, co_await std::move(reading));
    });
    app.on_response_prepare([](ServerRequest& request, ServerResponse& response) -> Coro<void> {
      response.headers().set("X-Prepared", std::string(request.path()) + " " + std::to_string(response.status()));
      co_return;
    });
    auto client = co_await http::test_client(app);
    const Reply broken = co_await ask_once(client.port(), get("/broken"));
    EXPECT_EQ(broken.status, 500);
    EXPECT_EQ(broken.field("X-Prepared"), "/broken 500");
    EXPECT_EQ(reports.size(), 1U) << "told once";
    const Reply missing = co_await ask_once(client.port(), get("/none"));
    EXPECT_EQ(missing.field("X-Prepared"), "/none 404");
    const Reply malformed = co_await ask_once(
        client.port(), "POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n");
    EXPECT_EQ(malformed.status, 400);
    EXPECT_EQ(malformed.field("X-Prepared"), "/read 400");
    EXPECT_EQ(reports.size(), 1U);
    co_await client.close();
  });
}

struct UserView : http::View {
  using View::View;
  Coro<ServerResponse> get() { co_return ServerResponse(200, "get " + std::string(request().match_info("id"))); }
  Coro<ServerResponse> post() {
    auto reading = request().read();
    const std::string body = co_await std::move(reading);
    co_return ServerResponse(201, "post " + body);
  }
  Coro<ServerResponse> delete_() { throw http::HttpError(403); }
};

TEST_F(ApplicationResponsesTest, ViewsHaveAFunctionForEachMethod) {
  run_test([]() -> Coro<void> {
    Application app;
    app.add_view<UserView>("/users/{id:int}", "user");
    EXPECT_EQ(app.url_for("user", {{"id", "5"}}), "/users/5");
    EXPECT_THROW(app.add_view<UserView>("/users/{other:int}"), ValueError);
    auto client = co_await http::test_client(app);
    const auto got = co_await ask_for(client, "GET", "/users/7");
    EXPECT_EQ(got, "200 get 7");
    const auto head = co_await ask_for(client, "HEAD", "/users/7");
    EXPECT_EQ(head, "200");
    const Reply posted =
        co_await ask_once(client.port(), "POST /users/7 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
    EXPECT_EQ(posted.status, 201);
    EXPECT_EQ(posted.body, "post hi");
    const auto removed = co_await ask_for(client, "DELETE", "/users/7");
    EXPECT_EQ(removed, "403");
    const auto other = co_await ask_for(client, "PUT", "/users/7");
    EXPECT_EQ(other, "405 DELETE, GET, HEAD, OPTIONS, POST");
    co_await client.close();
  });
}

const http::ResponseKey<std::shared_ptr<int>> kCost("cost");

TEST_F(ApplicationResponsesTest, ResponsesKeepValuesUntilTheyAreSent) {
  run_test([]() -> Coro<void> {
    std::weak_ptr<int> kept;
    Application app;
    app.add_get("/", [&kept](ServerRequest& request) -> Coro<ServerResponse> {
      EXPECT_TRUE(kept.expired()) << "that of the response before is gone";
      ServerResponse response = request.respond();
      EXPECT_EQ(response.find(kCost), nullptr);
      EXPECT_THROW(static_cast<void>(response.get(kCost)), LookupError);
      kept = response.set(kCost, std::make_shared<int>(12));
      co_return response;
    });
    app.on_response_prepare([](ServerRequest&, ServerResponse& response) -> Coro<void> {
      if (const auto* cost = response.find(kCost)) response.headers().set("X-Cost", std::to_string(**cost));
      co_return;
    });
    auto client = co_await http::test_client(app);
    for (int i = 0; i < 2; ++i) {
      auto response = co_await client.get("/");
      static_cast<void>(co_await response.read());
      EXPECT_EQ(response.headers().get("X-Cost", ""), "12");
    }
    EXPECT_TRUE(kept.expired());
    co_await client.close();
  });
}

}  // namespace
}  // namespace corolla_tests

// SPDX-License-Identifier: Apache-2.0
// Parts within parts, through a server and a client. Both backends.
#include "tests/http/server/application_test.hpp"

#include <corolla/http/multipart.hpp>
#include <corolla/http/multipart_reader.hpp>

namespace corolla_tests {
namespace {

using http::Multipart;
using http::MultipartReader;

class NestedMultipartTest : public ServerTest {};

/// "name(name=content,…),name=content": each part, those within it in parentheses.
Coro<std::string> tell(MultipartReader reader) {
  std::string told;
  for (;;) {
    auto advancing = reader.next();
    auto part = co_await std::move(advancing);
    if (!part) co_return told;
    if (!told.empty()) told += ",";
    told += part->name();
    if (part->filename()) told += "@" + *part->filename();
    if (part->is_multipart()) {
      auto inner = tell(part->multipart());
      const std::string within = co_await std::move(inner);
      told += "(" + within + ")";
    } else {
      auto reading = part->read();
      const std::string content = co_await std::move(reading);
      told += "=" + content;
    }
  }
}

Multipart example() {
  Multipart deepest;
  deepest.field("d", "--deep\r\n");
  Multipart photos;
  photos.bytes("one", "1.png", "\x89PNG").nested("deep", std::move(deepest), "alternative").field("two", "");
  Multipart form;
  form.field("title", "t").nested("photos", std::move(photos)).nested("none", Multipart()).field("last", "l");
  return form;
}

constexpr std::string_view kTold = "title=t,photos(one@1.png=\x89PNG,deep(d=--deep\r\n),two=),none(),last=l";

Coro<std::string> bytes_of(Multipart form) {
  std::string bytes;
  auto pieces = std::move(form).pieces();
  for (;;) {
    auto advancing = pieces.next();
    auto piece = co_await std::move(advancing);
    if (!piece) co_return bytes;
    bytes += *piece;
  }
}

Coro<ServerResponse> tell_request(ServerRequest& request) {
  auto telling = tell(request.multipart());
  std::string told = co_await std::move(telling);
  co_return ServerResponse(200, std::move(told));
}

TEST_F(NestedMultipartTest, GoesBothWays) {
  run_test([this]() -> Coro<void> {
    Application app;
    app.add_post("/", tell_request);
    app.add_get("/", [](ServerRequest&) -> Coro<ServerResponse> {
      Multipart form = example();
      const std::string type = form.content_type();
      auto writing = bytes_of(std::move(form));
      std::string bytes = co_await std::move(writing);
      co_return ServerResponse(200, std::move(bytes), type);
    });
    auto client = co_await http::test_client(app);
    auto sent = co_await client.post("/").multipart(example());  // with the length that size() says
    EXPECT_EQ(sent.status(), 200);
    const std::string told = co_await sent.read();
    EXPECT_EQ(told, kTold);
    auto received = co_await client.get("/");
    auto telling = tell(received.multipart());
    const std::string answer = co_await std::move(telling);
    EXPECT_EQ(answer, kTold);
    EXPECT_TRUE(received.complete());
    co_await client.close();
    EXPECT_TRUE(reports.empty());
  });
}

TEST_F(NestedMultipartTest, TypesAreChecked) {
  for (const char* subtype : {"", "mixed; boundary=x", "a/b", "a\r\nX: y"})
    EXPECT_THROW(Multipart().nested("x", Multipart(), subtype), ValueError) << subtype;
}

TEST_F(NestedMultipartTest, HostileBoundariesAreRefused) {
  run_test([this]() -> Coro<void> {
    Application app;
    app.add_post("/", tell_request);
    auto client = co_await http::test_client(app);
    const auto nested = [](const std::string& inner, const std::string& content) {
      return "--ab\r\nContent-Type: multipart/mixed; boundary=" + inner + "\r\n\r\n" + content + "\r\n--ab--\r\n";
    };
    struct Case {
      const char* what;
      std::string body;
      int status;
    };
    const std::vector<Case> cases = {
        {"as it should be", nested("c", "--c\r\n\r\nx\r\n--c--"), 200},
        {"the outer one begins with the inner one", nested("a", "--a\r\n\r\nx\r\n--a--"), 200},
        {"and the inner one is not ended", nested("a", "--a\r\n\r\nx"), 400},
        {"the inner one begins with the outer one", nested("abc", "--abc\r\n\r\nx\r\n--abc--"), 400},
        {"both are the same", nested("ab", "--ab\r\n\r\nx\r\n--ab--"), 400},
        {"the inner one is missing", nested("", "--c\r\n\r\nx\r\n--c--"), 400},
        {"the inner one is no boundary", nested("\"c d?\"", "--c\r\n\r\nx\r\n--c--"), 400},
        {"the outer end is within", nested("c", "--c\r\n\r\nx\r\n--ab--\r\n\r\n--c--"), 400},
        {"ended by its grandparent's",
         nested("c", "--c\r\nContent-Type: multipart/mixed; boundary=d\r\n\r\n--d\r\n\r\nx"), 400},
    };
    for (const Case& each : cases) {
      auto answer = co_await client.post("/").header("Content-Type", "multipart/mixed; boundary=ab").body(each.body);
      EXPECT_EQ(answer.status(), each.status) << each.what;
      static_cast<void>(co_await answer.read());
    }
    std::string deep;
    for (char boundary = 'a'; boundary < 'f'; ++boundary)
      deep += std::string("--") + boundary +
              "\r\nContent-Type: multipart/mixed; boundary=" + static_cast<char>(boundary + 1) + "\r\n\r\n";
    auto refused = co_await client.post("/").header("Content-Type", "multipart/mixed; boundary=a").body(deep);
    EXPECT_EQ(refused.status(), 400);
    const std::string why = co_await refused.text();
    EXPECT_NE(why.find("nested too deep"), std::string::npos) << why;
    co_await client.close();
    EXPECT_TRUE(reports.empty());
  });
}

}  // namespace
}  // namespace corolla_tests

// SPDX-License-Identifier: Apache-2.0
// Bodies that are streams, and servers that answer before they have all of one.
#include "tests/http/client/session_test.hpp"
#include "tests/support/temporary_directory.hpp"

#include <corolla/http/multipart.hpp>
#include <corolla/http/web_server.hpp>

#include <vector>

namespace corolla::test {
namespace {

class UploadTest : public SessionTest {};

AsyncGenerator<std::string> pieces_of(std::vector<std::string> pieces) {
  for (std::string& piece : pieces) {
    co_await sleep(0s);
    co_yield piece;
  }
}

// g++ takes no list in braces inside a co_await expression.
template <class... Pieces>
AsyncGenerator<std::string> pieces_of(const char* first, Pieces... more) {
  return pieces_of(std::vector<std::string>{first, more...});
}
AsyncGenerator<std::string> pieces_of() { return pieces_of(std::vector<std::string>()); }

AsyncGenerator<std::string> endless() {
  for (;;) {
    co_await sleep(0s);
    co_yield std::string(100'000, 'x');
  }
}

AsyncGenerator<std::string> failing() {
  co_yield std::string("begun");
  co_await sleep(0s);
  throw ValueError("the disk is gone");
}

// What arrived, with how it was announced.
Coro<http::ServerResponse> describe_request(http::ServerRequest& request) {
  std::string how = request.content_length() ? "length " + std::to_string(*request.content_length()) : "chunked";
  if (request.headers().contains("Expect")) how += " expect";
  const std::string body = co_await request.read();
  co_return http::ServerResponse(200, how + ": " + body);
}

Coro<http::WebServer> describing_server() {
  auto starting = http::serve(describe_request, "127.0.0.1", 0);
  co_return co_await std::move(starting);
}

Coro<std::string> text_of(http::Request request) {
  auto sending = std::move(request).timeout(30s).send();
  auto response = co_await std::move(sending);
  co_return co_await response.text();
}

TEST_F(UploadTest, InChunksOrWithItsLength) {
  run_test([]() -> Coro<void> {
    auto starting = describing_server();
    auto server = co_await std::move(starting);
    {
      Session session;
      std::vector<std::string> pieces = {"one ", "", std::string(70'000, 'x'), " three"};
      const std::string all = pieces[0] + pieces[2] + pieces[3];
      for (int i = 0; i < 2; ++i) {
        const auto chunked = co_await text_of(session.post(server.url()).body(pieces_of(pieces)));
        EXPECT_EQ(chunked, "chunked: " + all);
      }
      const auto measured = co_await text_of(session.put(server.url()).body(pieces_of(pieces), all.size()));
      EXPECT_EQ(measured, "length " + std::to_string(all.size()) + ": " + all);
      const auto none = co_await text_of(session.post(server.url()).body(pieces_of()));
      EXPECT_EQ(none, "chunked: ");
      const std::string large(500'000, 'y');
      const auto text = co_await text_of(session.post(server.url()).body(large));
      EXPECT_EQ(text, "length 500000: " + large);
      EXPECT_EQ(session.connections_idle(), 1U) << "the connection is kept";
    }
    auto stopping = server.shutdown();
    co_await std::move(stopping);
  });
}

TEST_F(UploadTest, ItsOwnFailuresComeOutOfTheRequest) {
  run_test([]() -> Coro<void> {
    auto starting = describing_server();
    auto server = co_await std::move(starting);
    {
      Session session;
      const auto thrown = co_await error_of<ValueError>(text_of(session.post(server.url()).body(failing())));
      EXPECT_EQ(thrown, "the disk is gone");
      const auto more = co_await error_of<ValueError>(text_of(session.post(server.url()).body(pieces_of("abc"), 2)));
      EXPECT_EQ(more, "the body has more than the 2 bytes that were announced");
      const auto fewer = co_await error_of<ValueError>(text_of(session.post(server.url()).body(pieces_of("abc"), 4)));
      EXPECT_EQ(fewer, "the body ended after 3 of the 4 bytes that were announced");
      EXPECT_EQ(session.connections_in_use(), 0U);
      EXPECT_EQ(session.connections_idle(), 0U);
    }
    auto stopping = server.shutdown();
    co_await std::move(stopping);
  });
}

TEST_F(UploadTest, AnAnswerThatDoesNotWait) {
  run_test([]() -> Coro<void> {
    ScriptedServer server([](const std::string&) {
      Reply reply("HTTP/1.1 413 Too Much\r\nContent-Length: 3\r\n\r\nno!");
      reply.hang = true;  // it reads on, and never ends
      return reply;
    });
    co_await server.start();
    Session session;
    auto response = co_await session.post(server.url()).body(endless()).timeout(30s);
    EXPECT_EQ(response.status(), 413);
    const auto text = co_await response.text();
    EXPECT_EQ(text, "no!");
    EXPECT_EQ(session.connections_idle(), 0U) << "half a body stands in this connection";
    co_await server.finish();
  });
}

// Each chunk comes back before the next one is sent.
TEST_F(UploadTest, BothDirectionsAtOnce) {
  run_test([]() -> Coro<void> {
    const auto echo = [](http::ServerRequest& request) -> Coro<http::ServerResponse> {
      request.set_max_body_bytes(std::uint64_t{1} << 30);
      http::ServerResponse response = request.respond();
      response.set_producer([&request](http::BodyWriter& writer) -> Coro<void> {
        for (;;) {
          const std::string_view piece = co_await request.chunk();
          if (piece.empty()) co_return;
          co_await writer.write(piece);
        }
      });
      co_return response;
    };
    auto starting = http::serve(echo, "127.0.0.1", 0);
    auto server = co_await std::move(starting);
    {
      Session session;
      auto response = co_await session.post(server.url()).body(endless()).timeout(30s);
      EXPECT_EQ(response.status(), 200);
      std::size_t received = 0;
      while (received < 20'000'000) received += (co_await response.chunk()).size();
      response.close();
      EXPECT_EQ(session.connections_in_use(), 0U);
    }
    auto stopping = server.shutdown();
    co_await std::move(stopping);
  });
}

TEST_F(UploadTest, ExpectsToBeToldToContinue) {
  run_test([]() -> Coro<void> {
    auto starting = describing_server();
    auto server = co_await std::move(starting);
    ScriptedServer refusing([](const std::string& request) {
      if (request.find("Expect: 100-continue\r\n\r\n") == std::string::npos) return "HTTP/1.1 400 Bad\r\n\r\n";
      return "HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n";
    });
    co_await refusing.start();
    {
      Session session;
      const auto told = co_await text_of(session.post(server.url()).body("small").expect_continue());
      EXPECT_EQ(told, "length 5 expect: small");
      const auto streamed = co_await text_of(session.post(server.url()).body(pieces_of("a", "b")).expect_continue());
      EXPECT_EQ(streamed, "chunked expect: ab");
      auto response = co_await session.post(refusing.url()).body(endless()).expect_continue().timeout(30s);
      EXPECT_EQ(response.status(), 417);
    }
    co_await refusing.finish();
    auto stopping = server.shutdown();
    co_await std::move(stopping);
  });
}

TEST_F(UploadTest, RedirectsSendAgainWhatCanBe) {
  run_test([]() -> Coro<void> {
    auto starting = describing_server();
    auto server = co_await std::move(starting);
    ScriptedServer redirecting([&](const std::string& request) {
      const std::string status = request.starts_with("POST /see") ? "303 S" : "307 T";
      return Reply("HTTP/1.1 " + status + "\r\nLocation: " + server.url() + "\r\nContent-Length: 0\r\n\r\n", true);
    });
    co_await redirecting.start();
    {
      Session session;
      const std::string large(200'000, 'z');
      const auto again = co_await text_of(session.post(redirecting.url()).body(large));
      EXPECT_EQ(again, "length 200000: " + large);
      const auto get = co_await text_of(session.post(redirecting.url("/see")).body(pieces_of("a"), 1));
      EXPECT_EQ(get, "chunked: ") << "a GET without a body, which has no length either";
      const auto stream =
          co_await error_of<http::ClientError>(text_of(session.post(redirecting.url()).body(pieces_of("a"), 1)));
      EXPECT_NE(stream.find("cannot be sent again"), std::string::npos) << stream;
    }
    co_await redirecting.finish();
    auto stopping = server.shutdown();
    co_await std::move(stopping);
  });
}

TEST_F(UploadTest, FormsWithFiles) {
  const corolla_tests::TemporaryDirectory directory;
  const std::string photo(200'000, 'p');
  corolla_tests::write_whole_file(directory / "beach.PNG", photo);
  run_test([&]() -> Coro<void> {
    auto starting = http::serve(
        [](http::ServerRequest& request) -> Coro<http::ServerResponse> {
          const std::string type(request.headers().get("Content-Type", ""));
          const std::string body = co_await request.read();
          EXPECT_EQ(request.content_length(), body.size());
          co_return http::ServerResponse(200, type + "|" + body);
        },
        "127.0.0.1", 0);
    auto server = co_await std::move(starting);
    {
      Session session;
      http::Multipart form;
      form.field("title", "Holidays").field("a\"b\r\nX: c", "");
      form.file("photo", directory / "beach.PNG").bytes("note", "no\"te.txt", "with love").bytes("raw", "r", "", "x/y");
      const auto text = co_await text_of(session.post(server.url()).multipart(form));
      const std::string announced = "multipart/form-data; boundary=";
      EXPECT_TRUE(text.starts_with(announced)) << text.substr(0, 100);
      const std::string boundary = text.substr(announced.size(), text.find('|') - announced.size());
      const std::string part = "--" + boundary + "\r\nContent-Disposition: form-data; name=\"";
      EXPECT_TRUE(
          text.substr(text.find('|') + 1) ==
          part + "title\"\r\n\r\nHolidays\r\n" + part + "a%22b%0D%0AX: c\"\r\n\r\n\r\n" + part +
              "photo\"; filename=\"beach.PNG\"\r\nContent-Type: image/png\r\n\r\n" + photo + "\r\n" + part +
              "note\"; filename=\"no%22te.txt\"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nwith love\r\n" +
              part + "raw\"; filename=\"r\"\r\nContent-Type: x/y\r\n\r\n\r\n--" + boundary + "--\r\n");
      EXPECT_NE(http::Multipart().content_type(), http::Multipart().content_type());
      http::Multipart missing;
      missing.file("a", directory / "nothing");
      EXPECT_THROW(static_cast<void>(session.post(server.url()).multipart(missing)), OSError);
      EXPECT_THROW(missing.bytes("a", "b", "c", "x/y\r\nX: z"), http::HeaderInjection);
    }
    auto stopping = server.shutdown();
    co_await std::move(stopping);
  });
}

}  // namespace
}  // namespace corolla::test

// SPDX-License-Identifier: Apache-2.0
// The client and the server with a real server between them: nginx, haproxy, caddy, h2o, nghttpx. What each of them makes of
// the requests and of the answers has to reach the other side whole. The client speaks HTTP/1.1 to them, and then HTTP/2
// over TLS.
#include "tests/http/client/https_test.hpp"
#include "tests/http/peers/peer.hpp"
#include "tests/support/temporary_directory.hpp"

#include <corolla/http/app_runner.hpp>
#include <corolla/http/static_files.hpp>

#include <functional>

namespace corolla::test {
namespace {

using corolla_tests::TemporaryDirectory;
using corolla_tests::write_whole_file;

class ReverseProxiesTest : public SessionTest {};

std::string numbers(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += std::to_string(i) + "\n";
  return text;
}

Coro<http::ServerResponse> echo(http::ServerRequest& request) {
  request.set_max_body_bytes(std::uint64_t{8} << 20U);
  auto reading = request.read();
  std::string body = co_await std::move(reading);
  co_return http::ServerResponse(200, std::move(body));
}

Coro<http::ServerResponse> pieces(http::ServerRequest& request) {
  http::ServerResponse response = request.respond();
  response.set_producer([](http::BodyWriter& writer) -> Coro<void> {
    const std::string text = numbers(50'000);
    for (std::size_t at = 0; at < text.size(); at += 10'000)
      co_await writer.write(std::string_view(text).substr(at, 10'000));
  });
  co_return response;
}

Coro<http::ServerResponse> redirect(http::ServerRequest&) { co_return http::ServerResponse::redirect("/echo", 303); }

Coro<http::ServerResponse> missing(http::ServerRequest&) { throw http::HttpError(410, "it is gone"); }

Coro<http::ServerResponse> cookies(http::ServerRequest& request) {
  http::ServerResponse response(200, std::string(request.headers().get("Cookie", "none")));
  response.headers().add("Set-Cookie", "a=1");
  response.headers().add("Set-Cookie", "b=2; Path=/");
  co_return response;
}

http::Application site(const TemporaryDirectory& directory) {
  write_whole_file(directory / "numbers.txt", numbers(20'000));
  http::Application app;
  app.add_get("/echo", echo).add_post("/echo", echo).add_get("/pieces", pieces).add_get("/redirect", redirect);
  app.add_get("/missing", missing).add_get("/cookies", cookies).add_static("/files", directory / "");
  return app;
}

AsyncGenerator<std::string> upload() {
  const std::string text = numbers(50'000);
  for (std::size_t at = 0; at < text.size(); at += 30'000) co_yield text.substr(at, 30'000);
}

Coro<void> exercise(std::string base) {
  const bool tls = base.starts_with("https:");
  SessionOptions options = tls ? with(trusting()) : SessionOptions();
  options.base_url = http::Url::parse(base);
  Session session(options);
  {
    auto posting = session.post("echo").body("a body").send();
    auto response = co_await std::move(posting);
    EXPECT_EQ(response.status(), 200);
    EXPECT_EQ(response.version(), tls ? http::HttpVersion::kHttp2 : http::HttpVersion::kHttp11);
    const std::string text = co_await response.text();
    EXPECT_EQ(text, "a body");
  }
  {
    auto posting = session.post("echo").body(upload()).send();
    auto response = co_await std::move(posting);
    const std::string text = co_await response.text();
    EXPECT_EQ(text == numbers(50'000), true) << "in chunks there, " << text.size() << " bytes back";
  }
  {
    const std::string text = co_await fetch(session, "pieces");
    EXPECT_EQ(text == numbers(50'000), true) << "in chunks back, " << text.size() << " bytes";
  }
  {
    auto asking = session.head("files/numbers.txt").send();
    auto response = co_await std::move(asking);
    EXPECT_EQ(response.status(), 200);
    EXPECT_EQ(response.content_length(), numbers(20'000).size());
    const std::string none = co_await response.text();
    EXPECT_EQ(none, "");
  }
  {
    auto asking = session.get("files/numbers.txt").header("Range", "bytes=100-199").send();
    auto response = co_await std::move(asking);
    EXPECT_EQ(response.status(), 206);
    const std::string text = co_await response.text();
    EXPECT_EQ(text, numbers(20'000).substr(100, 100));
    const std::string tag(response.headers().get("ETag", ""));
    auto asking_again = session.get("files/numbers.txt").header("If-None-Match", tag).send();
    auto again = co_await std::move(asking_again);
    EXPECT_EQ(again.status(), 304) << tag;
    const std::string none = co_await again.text();
    EXPECT_EQ(none, "");
  }
  {
    auto posting = session.post("redirect").form("a", "1").send();
    auto refused = co_await std::move(posting);
    EXPECT_EQ(refused.status(), 405);
    const std::string why = co_await refused.text();
    EXPECT_NE(why.find("405"), std::string::npos);
    auto asking = session.get("redirect").send();
    auto response = co_await std::move(asking);
    EXPECT_EQ(response.status(), 200);
    EXPECT_EQ(response.url().path(), "/echo");
    EXPECT_EQ(response.history().size(), 1U);
    const std::string none = co_await response.text();
    EXPECT_EQ(none, "");
  }
  {
    auto asking = session.get("missing").send();
    auto response = co_await std::move(asking);
    EXPECT_EQ(response.status(), 410);
    const std::string text = co_await response.text();
    EXPECT_NE(text.find("it is gone"), std::string::npos);
  }
  {
    const std::string first = co_await fetch(session, "cookies");
    EXPECT_EQ(first, "none");
    const std::string second = co_await fetch(session, "cookies");
    EXPECT_EQ(second, "a=1; b=2");
  }
  {
    auto posting = session.post("echo").body("expected").expect_continue().send();
    auto response = co_await std::move(posting);
    const std::string text = co_await response.text();
    EXPECT_EQ(text, "expected");
  }
  // One after the other they took turns on one connection.
  EXPECT_EQ(session.connections_idle(), 1U);
  std::vector<Coro<std::string>> pages;
  for (int i = 0; i < 20; ++i) pages.push_back(fetch(session, "pieces"));
  const auto texts = co_await gather(pages);
  for (const std::string& text : texts) EXPECT_EQ(text == numbers(50'000), true);
}

// The origin's files and the program's own are in directories of their own; the latter has the program's key and certificate.
struct Directories {
  Directories() {
    const std::string chain = authorities().host.pem() + authorities().intermediate.pem();
    write_whole_file(own / "key", authorities().host.key_pem());
    write_whole_file(own / "cert", chain);
    write_whole_file(own / "both", chain + authorities().host.key_pem());
  }
  TemporaryDirectory files;
  TemporaryDirectory own;
};

using Command = std::function<std::vector<std::string>(const std::string& port, const std::string& origin, bool tls)>;

Coro<void> exercise_through(Command command, const Directories& directories) {
  http::AppRunner runner(site(directories.files));
  auto setting_up = runner.setup();
  co_await std::move(setting_up);
  auto starting = runner.start("127.0.0.1", 0);
  co_await std::move(starting);
  const std::string origin = std::to_string(runner.port());
  for (const bool tls : {false, true}) {
    auto starting_peer = start_peer([&](const std::string& port) { return command(port, origin, tls); });
    Peer peer = co_await std::move(starting_peer);
    auto working = exercise((tls ? "https://127.0.0.1:" : "http://127.0.0.1:") + peer.port + "/");
    co_await std::move(working);
    auto stopping = stop_peer(peer);
    co_await std::move(stopping);
  }
  auto cleaning_up = runner.cleanup();
  co_await std::move(cleaning_up);
}

TEST_F(ReverseProxiesTest, Nothing) {
  const Directories directories;
  run_test([&]() -> Coro<void> {
    http::AppRunner runner(site(directories.files));
    auto setting_up = runner.setup();
    co_await std::move(setting_up);
    auto starting = runner.start("127.0.0.1", 0);
    co_await std::move(starting);
    auto working = exercise(runner.url());
    co_await std::move(working);
    auto cleaning_up = runner.cleanup();
    co_await std::move(cleaning_up);
  });
}

TEST_F(ReverseProxiesTest, Nginx) {
  const Directories directories;
  run_test([&]() -> Coro<void> {
    const auto command = [&](const std::string& port, const std::string& origin, bool tls) {
      const std::string own = directories.own / "";
      write_whole_file(
          directories.own / "conf",
          "daemon off; master_process off; pid " + own + "pid; error_log " + own +
              "error.log;\n"
              "events { worker_connections 256; }\n"
              "http { access_log off; client_body_temp_path " +
              own + "body; proxy_temp_path " + own +
              "proxy;\n"
              "fastcgi_temp_path " +
              own + "fastcgi; uwsgi_temp_path " + own + "uwsgi; scgi_temp_path " + own +
              "scgi;\n"
              "server { listen 127.0.0.1:" +
              port + (tls ? " ssl http2; ssl_certificate " + own + "cert; ssl_certificate_key " + own + "key" : "") +
              "; client_max_body_size 8m;\n"
              "location / { proxy_pass http://127.0.0.1:" +
              origin +
              "; proxy_http_version 1.1;\n"
              "proxy_set_header Connection \"\"; proxy_request_buffering off; proxy_force_ranges on; } } }\n");
      return std::vector<std::string>{"/usr/sbin/nginx", "-p", own, "-c", directories.own / "conf"};
    };
    auto working = exercise_through(command, directories);
    co_await std::move(working);
  });
}

TEST_F(ReverseProxiesTest, Haproxy) {
  const Directories directories;
  run_test([&]() -> Coro<void> {
    const auto command = [&](const std::string& port, const std::string& origin, bool tls) {
      write_whole_file(directories.own / "conf",
                       "defaults\n mode http\n timeout connect 10s\n timeout client 30s\n timeout server 30s\n"
                       "frontend f\n bind 127.0.0.1:" +
                           port + (tls ? " ssl crt " + (directories.own / "both") + " alpn h2" : "") +
                           "\n default_backend b\n"
                           "backend b\n server s 127.0.0.1:" +
                           origin + "\n");
      return std::vector<std::string>{"/usr/sbin/haproxy", "-db", "-f", directories.own / "conf"};
    };
    auto working = exercise_through(command, directories);
    co_await std::move(working);
  });
}

TEST_F(ReverseProxiesTest, Caddy) {
  const Directories directories;
  run_test([&]() -> Coro<void> {
    const auto command = [&](const std::string& port, const std::string& origin, bool tls) {
      write_whole_file(directories.own / "Caddyfile",
                       std::string("{\n admin off\n auto_https off\n}\n") + (tls ? "https" : "http") +
                           "://127.0.0.1:" + port + " {\n" +
                           (tls ? " tls " + (directories.own / "cert") + " " + (directories.own / "key") + "\n" : "") +
                           " reverse_proxy 127.0.0.1:" + origin + "\n}\n");
      return std::vector<std::string>{"env",
                                      "XDG_CONFIG_HOME=" + (directories.own / ""),
                                      "XDG_DATA_HOME=" + (directories.own / ""),
                                      "caddy",
                                      "run",
                                      "--config",
                                      directories.own / "Caddyfile",
                                      "--adapter",
                                      "caddyfile"};
    };
    auto working = exercise_through(command, directories);
    co_await std::move(working);
  });
}

TEST_F(ReverseProxiesTest, H2o) {
  const Directories directories;
  run_test([&]() -> Coro<void> {
    const auto command = [&](const std::string& port, const std::string& origin, bool tls) {
      write_whole_file(directories.own / "conf",
                       "listen:\n  host: 127.0.0.1\n  port: " + port +
                           (tls ? "\n  ssl:\n    certificate-file: " + (directories.own / "cert") +
                                      "\n    key-file: " + (directories.own / "key")
                                : "") +
                           "\nnum-threads: 1\nhosts:\n  default:\n    paths:\n"
                           "      \"/\":\n        proxy.reverse.url: \"http://127.0.0.1:" +
                           origin + "/\"\n");
      return std::vector<std::string>{"h2o", "-m", "worker", "-c", directories.own / "conf"};
    };
    auto working = exercise_through(command, directories);
    co_await std::move(working);
  });
}

TEST_F(ReverseProxiesTest, Nghttpx) {
  const Directories directories;
  run_test([&]() -> Coro<void> {
    const auto command = [&](const std::string& port, const std::string& origin, bool tls) {
      std::vector<std::string> argv = {"nghttpx",
                                       "--conf=/dev/null",
                                       "--frontend=127.0.0.1," + port + (tls ? "" : ";no-tls"),
                                       "--backend=127.0.0.1," + origin,
                                       "--workers=1",
                                       "--errorlog-file=/dev/null"};
      if (tls) {
        argv.push_back(directories.own / "key");
        argv.push_back(directories.own / "cert");
      }
      return argv;
    };
    auto working = exercise_through(command, directories);
    co_await std::move(working);
  });
}

}  // namespace
}  // namespace corolla::test

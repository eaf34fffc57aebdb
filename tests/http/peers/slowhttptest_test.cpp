// SPDX-License-Identifier: Apache-2.0
// slowhttptest against the server: heads and bodies that trickle in, ranges by the hundred, responses that are not taken.
// The program ends by itself once it saw the server close all of its connections; else it goes on for a minute.
#include "tests/http/peers/peer.hpp"
#include "tests/support/temporary_directory.hpp"

#include <corolla/http/app_runner.hpp>
#include <corolla/http/static_files.hpp>

#include <map>

namespace corolla::test {
namespace {

class SlowHttpTest : public SessionTest {};

constexpr int kConnections = 40;
constexpr std::size_t kLarge = std::size_t{16} << 20U;

struct Site {
  Site() { corolla_tests::write_whole_file(files / "large", std::string(kLarge, 'l')); }
  [[nodiscard]] http::Application application() {
    http::Application app;
    app.add_post("/", [this](http::ServerRequest& request) -> Coro<http::ServerResponse> {
      ++readers;
      auto reading = request.read();
      const auto read = co_await outcome(std::move(reading));
      --readers;
      if (!read) std::rethrow_exception(read.error());
      co_return http::ServerResponse(200, *read);
    });
    app.add_get(
        "/", [](http::ServerRequest&) -> Coro<http::ServerResponse> { co_return http::ServerResponse(200, "here"); });
    app.add_get("/pieces", [this](http::ServerRequest& request) -> Coro<http::ServerResponse> {
      http::ServerResponse response = request.respond();
      response.set_producer([this](http::BodyWriter& writer) -> Coro<void> {
        const std::string piece(65'536, 'p');
        for (std::size_t sent = 0; sent < kLarge; sent += piece.size()) {
          written += piece.size();
          co_await writer.write(piece);
        }
      });
      co_return response;
    });
    app.add_static("/files", files / "");
    return app;
  }
  [[nodiscard]] http::WebServerOptions limits() {
    http::WebServerOptions options;
    options.header_timeout = options.send_timeout = 1s;
    options.body_timeout = 300ms;
    options.access_log = [this](const http::AccessRecord& record) {
      ++statuses[record.status];
      if (record.method == "GET" && record.target != "/" && record.status == 200 && record.body_bytes < kLarge)
        ++cut_short;
    };
    return options;
  }
  corolla_tests::TemporaryDirectory files;
  std::map<int, int> statuses;
  int readers = 0;
  int cut_short = 0;
  std::size_t written = 0;
};

enum class Attack : std::uint8_t { kNoticed, kUnnoticed };

// Others are served meanwhile; who is slow is cut off. A program that does not notice that is told to end.
Coro<void> suffer(Site& site, std::vector<std::string> attack, std::string path, Attack kind = Attack::kNoticed) {
  http::AppRunner runner(site.application(), site.limits());
  auto setting_up = runner.setup();
  co_await std::move(setting_up);
  auto starting = runner.start("127.0.0.1", 0);
  co_await std::move(starting);
  std::vector<std::string> argv = {"slowhttptest", "-c", std::to_string(kConnections), "-r", "200", "-i", "1", "-l",
                                   "60",           "-u", runner.url() + path};
  argv.insert(argv.begin() + 1, attack.begin(), attack.end());
  {
    Session session;
    SubprocessOptions options;
    options.stdout_to = Stdio::kPipe;
    auto starting_program = create_subprocess_exec(std::move(argv), options);
    Process process = co_await std::move(starting_program);
    auto ending = create_task(process.communicate());
    int served = 0;
    while (!ending.done() && (kind == Attack::kNoticed || site.cut_short < kConnections)) {
      const auto text = co_await fetch(session, runner.url());
      EXPECT_EQ(text, "here");
      ++served;
      co_await sleep(10ms);
    }
    EXPECT_GT(served, 1);
    if (kind == Attack::kUnnoticed) {
      EXPECT_EQ(process.returncode(), std::nullopt) << "all were cut while it went on";
      process.kill();
    }
    const auto said = co_await ending;
    const bool saw_it = said.first.find("No open connections left") != std::string::npos;
    EXPECT_EQ(saw_it, kind == Attack::kNoticed) << said.first;
  }
  auto cleaning_up = runner.cleanup();
  co_await std::move(cleaning_up);
}

TEST_F(SlowHttpTest, Heads) {
  run_test([]() -> Coro<void> {
    Site site;
    auto suffering = suffer(site, {"-H"}, "");
    co_await std::move(suffering);
    EXPECT_EQ(site.statuses[408], kConnections);
  });
}

TEST_F(SlowHttpTest, Bodies) {
  run_test([]() -> Coro<void> {
    Site site;
    auto suffering = suffer(site, {"-B"}, "");
    co_await std::move(suffering);
    EXPECT_EQ(site.statuses[408], kConnections);
    EXPECT_EQ(site.readers, 0) << "nobody waits for a body that does not come";
  });
}

TEST_F(SlowHttpTest, Ranges) {
  run_test([]() -> Coro<void> {
    Site site;
    auto few = suffer(site, {"-R", "-t", "GET", "-a", "1", "-b", "500"}, "files/large");
    co_await std::move(few);
    EXPECT_EQ(site.statuses[206], 0) << "five hundred parts, most of which overlap, are no answer";
    auto many = suffer(site, {"-R", "-t", "GET", "-a", "1", "-b", "3000"}, "files/large");
    co_await std::move(many);
    EXPECT_EQ(site.statuses[431], kConnections);
  });
}

TEST_F(SlowHttpTest, ResponsesFromAFile) {
  run_test([]() -> Coro<void> {
    Site site;
    auto suffering = suffer(site, {"-X", "-z", "10"}, "files/large", Attack::kUnnoticed);
    co_await std::move(suffering);
  });
}

TEST_F(SlowHttpTest, ResponsesInPieces) {
  run_test([]() -> Coro<void> {
    Site site;
    auto suffering = suffer(site, {"-X", "-z", "10"}, "pieces", Attack::kUnnoticed);
    co_await std::move(suffering);
    EXPECT_LT(site.written, kConnections * kLarge / 2) << "what is not taken is not made";
  });
}

TEST_F(SlowHttpTest, TheKernelDropsWhatIsNotTaken) {
  run_test([]() -> Coro<void> {
    Site site;
    http::AppRunner runner(site.application(), site.limits());
    auto setting_up = runner.setup();
    co_await std::move(setting_up);
    auto starting = runner.start("127.0.0.1", 0);
    co_await std::move(starting);
    {
      auto connecting = connect_tcp("127.0.0.1", runner.port());
      ByteStream client = co_await std::move(connecting);
      co_await client.send_all("GET /files/large HTTP/1.1\r\nHost: a\r\n\r\n");
      while (site.cut_short == 0) co_await sleep(10ms);
      bool reset = false;
      try {
        for (;;) {
          const std::string_view bytes = co_await client.receive();
          if (bytes.empty()) break;
          client.consume(bytes.size());
        }
      } catch (const OSError& error) {
        reset = error.code() == std::errc::connection_reset;
      }
      EXPECT_TRUE(reset);
    }
    auto cleaning_up = runner.cleanup();
    co_await std::move(cleaning_up);
  });
}

}  // namespace
}  // namespace corolla::test

// SPDX-License-Identifier: Apache-2.0
// Downloads that break off and are taken up again.
#include "tests/http/client/session_test.hpp"
#include "tests/support/temporary_directory.hpp"

#include <corolla/http/download.hpp>

#include <filesystem>

namespace corolla::test {
namespace {

using corolla_tests::read_whole_file;
using corolla_tests::TemporaryDirectory;
using corolla_tests::write_whole_file;

class DownloadTest : public SessionTest {};

const std::string kBody = "0123456789abcdefghij";

// A file of one version on a server that knows ranges, and breaks off after `at_most` bytes of a body.
struct FileServer {
  std::string body = kBody;
  std::string version = "ETag: \"v1\"\r\n";
  std::string tag = "\"v1\"";
  std::size_t at_most = 1000;

  Reply answer(const std::string& request) const {
    std::size_t from = 0;
    if (const std::size_t at = request.find("Range: bytes=");
        at != std::string::npos && request.find("If-Range: " + tag + "\r\n") != std::string::npos)
      from = std::stoul(request.substr(at + 13));
    const std::string whole = std::to_string(body.size());
    if (from > 0 && from >= body.size())
      return Reply("HTTP/1.1 416 Too far\r\nContent-Length: 0\r\nContent-Range: bytes */" + whole + "\r\n\r\n");
    const std::string part = body.substr(from);
    std::string head = from > 0 ? "HTTP/1.1 206 Part\r\nContent-Range: bytes " + std::to_string(from) + "-" +
                                      std::to_string(body.size() - 1) + "/" + whole + "\r\n"
                                : "HTTP/1.1 200 OK\r\n";
    head += version + "Content-Length: " + std::to_string(part.size()) + "\r\n\r\n";
    return Reply(head + part.substr(0, at_most), part.size() > at_most);
  }
};

bool exists(const std::string& path) { return std::filesystem::exists(path); }

template <class Test>
void with_server(FileServer& file, Test test) {
  const TemporaryDirectory directory;
  const std::string path = directory / "file";
  const auto make = [&]() -> Coro<void> {
    ScriptedServer server([&](const std::string& request) { return file.answer(request); });
    co_await server.start();
    {
      Session session;
      auto testing = test(session, server, path);
      co_await std::move(testing);
    }
    co_await server.finish();
  };
  run(make());
}

TEST_F(DownloadTest, WholeOrFromWhereItBrokeOff) {
  FileServer file;
  with_server(file, [&](Session& session, ScriptedServer& server, std::string path) -> Coro<void> {
    file.at_most = 7;
    for (std::size_t have = 7; have < kBody.size(); have += 7) {
      const auto error = co_await error_of<http::ClientPayloadError>(http::download(session, server.url(), path));
      EXPECT_NE(error, "no error");
      EXPECT_FALSE(exists(path));
      const std::string part = read_whole_file(path + ".part");
      EXPECT_EQ(part, kBody.substr(0, have));
    }
    std::vector<std::string> progress;
    http::DownloadOptions options;
    options.progress = [&](std::uint64_t done, std::optional<std::uint64_t> total) {
      progress.push_back(std::to_string(done) + "/" + std::to_string(total.value_or(0)));
    };
    auto downloading = http::download(session, server.url(), path, options);
    const http::DownloadResult done = co_await std::move(downloading);
    EXPECT_EQ(done.bytes, 20U);
    EXPECT_EQ(done.resumed_from, 14U);
    EXPECT_EQ(done.url->href(), server.url());
    const std::string whole = read_whole_file(path);
    EXPECT_EQ(whole, kBody);
    EXPECT_FALSE(exists(path + ".part"));
    EXPECT_FALSE(exists(path + ".part.from"));
    EXPECT_EQ(progress, (std::vector<std::string>{"20/20"}));
    EXPECT_EQ(server.requests().at(0).find("Range"), std::string::npos);
    EXPECT_NE(server.requests().at(2).find("Range: bytes=14-\r\nIf-Range: \"v1\"\r\n"), std::string::npos);
    EXPECT_NE(server.requests().at(2).find("Accept-Encoding: identity\r\n"), std::string::npos);
  });
}

TEST_F(DownloadTest, AnotherVersionIsFetchedWhole) {
  FileServer file;
  with_server(file, [&](Session& session, ScriptedServer& server, std::string path) -> Coro<void> {
    file.at_most = 7;
    const auto error = co_await error_of<http::ClientPayloadError>(http::download(session, server.url(), path));
    EXPECT_NE(error, "no error");
    file = FileServer{"new words", "ETag: \"v2\"\r\n", "\"v2\"", 1000};
    auto downloading = http::download(session, server.url(), path);
    const http::DownloadResult done = co_await std::move(downloading);
    EXPECT_EQ(done.resumed_from, 0U);
    const std::string whole = read_whole_file(path);
    EXPECT_EQ(whole, "new words");
  });
}

TEST_F(DownloadTest, WhatIsWholeAlreadyAndWhatIsTooLong) {
  FileServer file;
  with_server(file, [&](Session& session, ScriptedServer& server, std::string path) -> Coro<void> {
    const std::string note = server.url() + "\n\"v1\"\n";
    write_whole_file(path + ".part", kBody);
    write_whole_file(path + ".part.from", note);
    auto downloading = http::download(session, server.url(), path);
    const http::DownloadResult done = co_await std::move(downloading);
    EXPECT_EQ(done.resumed_from, 20U);
    EXPECT_EQ(done.bytes, 20U);
    EXPECT_EQ(server.requests().size(), 1U);
    write_whole_file(path + ".part", kBody + "more");
    write_whole_file(path + ".part.from", note);
    auto again = http::download(session, server.url(), path);
    const http::DownloadResult anew = co_await std::move(again);
    EXPECT_EQ(anew.resumed_from, 0U);
    EXPECT_EQ(server.requests().size(), 3U);
    const std::string whole = read_whole_file(path);
    EXPECT_EQ(whole, kBody);
  });
}

TEST_F(DownloadTest, OnlyWhatIsKnownToBeTheSameIsTakenUp) {
  FileServer file;
  with_server(file, [&](Session& session, ScriptedServer& server, std::string path) -> Coro<void> {
    const auto resumed = [&](std::string note) -> Coro<std::uint64_t> {
      write_whole_file(path + ".part", kBody.substr(0, 5));
      write_whole_file(path + ".part.from", note);
      auto downloading = http::download(session, server.url(), path);
      const http::DownloadResult done = co_await std::move(downloading);
      const std::string whole = read_whole_file(path);
      EXPECT_EQ(whole, kBody);
      co_return done.resumed_from;
    };
    const auto right = co_await resumed(server.url() + "\n\"v1\"\n");
    EXPECT_EQ(right, 5U);
    for (const std::string& note : {server.url("/other") + "\n\"v1\"\n", server.url() + "\n\n", server.url() + "\n",
                                    server.url() + "\n\"v1\"", std::string()}) {
      const auto from = co_await resumed(note);
      EXPECT_EQ(from, 0U) << note;
    }
    http::DownloadOptions anew;
    anew.resume = false;
    write_whole_file(path + ".part", "xxxxx");
    write_whole_file(path + ".part.from", server.url() + "\n\"v1\"\n");
    auto downloading = http::download(session, server.url(), path, anew);
    const http::DownloadResult done = co_await std::move(downloading);
    EXPECT_EQ(done.resumed_from, 0U);
  });
}

TEST_F(DownloadTest, ValidatorsThatTellVersionsApart) {
  FileServer file;
  with_server(file, [&](Session& session, ScriptedServer& server, std::string path) -> Coro<void> {
    struct Case {
      const char* fields;
      const char* validator;  // empty: no note
    };
    const std::vector<Case> cases{
        {"ETag: \"x\"\r\n", "\"x\""},
        {"ETag: W/\"x\"\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Sun, 06 Nov 1994 09:49:37 GMT\r\n",
         ""},
        {"Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Sun, 06 Nov 1994 08:49:38 GMT\r\n",
         "Sun, 06 Nov 1994 08:49:37 GMT"},
        {"Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n", ""},
        {"Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n", ""},
        {"", ""},
    };
    file.at_most = 5;
    for (const Case& each : cases) {
      file.version = each.fields;
      const auto error = co_await error_of<http::ClientPayloadError>(http::download(session, server.url(), path));
      EXPECT_NE(error, "no error");
      const std::string note = exists(path + ".part.from") ? read_whole_file(path + ".part.from") : "";
      EXPECT_EQ(note, *each.validator ? server.url() + "\n" + each.validator + "\n" : "") << each.fields;
    }
  });
}

TEST_F(DownloadTest, WhatServersMayNotDo) {
  FileServer file;
  const TemporaryDirectory directory;
  const std::string path = directory / "file";
  run_test([&]() -> Coro<void> {
    std::string reply;
    ScriptedServer server([&](const std::string&) { return Reply(reply, true); });
    co_await server.start();
    {
      Session session;
      for (const char* range : {"bytes 4-19/20", "bytes 6-19/20", "bytes */20", "items 5-19/20", "", "bytes 5-x/20",
                                "bytes 5-19/20 ", "bytes 5-19"}) {
        write_whole_file(path + ".part", kBody.substr(0, 5));
        write_whole_file(path + ".part.from", server.url() + "\n\"v1\"\n");
        reply = "HTTP/1.1 206 Part\r\nContent-Range: " + std::string(range) + "\r\nContent-Length: 15\r\n\r\n" +
                kBody.substr(5);
        const auto error = co_await error_of<http::ClientPayloadError>(http::download(session, server.url(), path));
        const bool trimmed = std::string_view(range) == "bytes 5-19/20 ";
        EXPECT_EQ(error.starts_with("the server sends another part"), !trimmed) << range << ": " << error;
        EXPECT_EQ(exists(path + ".part"), !trimmed) << range;
      }
      write_whole_file(path + ".part", kBody.substr(0, 5));
      write_whole_file(path + ".part.from", server.url() + "\n\"v1\"\n");
      reply = "HTTP/1.1 206 Part\r\nContent-Range: bytes 5-19/20\r\nContent-Length: 3\r\n\r\n567";
      const auto shorter = co_await error_of<http::ClientPayloadError>(http::download(session, server.url(), path));
      EXPECT_EQ(shorter, "the file has 8 of 20 bytes");
      reply = "HTTP/1.1 404 Gone\r\nContent-Length: 0\r\n\r\n";
      const auto gone = co_await error_of<http::ClientResponseError>(http::download(session, server.url(), path));
      EXPECT_EQ(gone, "404 Gone: " + server.url());
      EXPECT_TRUE(exists(path + ".part")) << "perhaps it is back later";
      reply = ok(kBody);
      http::DownloadOptions small;
      small.max_bytes = 19;
      const auto large = co_await error_of<http::ContentTooLarge>(http::download(session, server.url(), path, small));
      EXPECT_NE(large, "no error");
    }
    co_await server.finish();
  });
}

}  // namespace
}  // namespace corolla::test

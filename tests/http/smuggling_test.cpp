// SPDX-License-Identifier: Apache-2.0
// Messages that two parsers in a row might read differently. Each must be refused, however it is cut.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "parser_transcript.hpp"

namespace corolla::inline v0::http {
namespace {

template <typename Parser>
void expect_refused(const std::string& bytes, int status = 400, const ParserLimits& limits = ParserLimits()) {
  for (const auto& cuts : {std::vector<std::size_t>{bytes.size() + 1}, {1}, {2}, {7}, {bytes.size() / 2 + 1}}) {
    const Transcript seen = run_parser<Parser>(bytes, cuts, "GET", 1, limits);
    EXPECT_EQ(seen.error_status, status) << bytes.substr(0, 300) << "\n-> " << seen.text.substr(0, 300) << "\ncut "
                                         << cuts.front();
  }
}

const std::string kGet = "GET / HTTP/1.1\r\nHost: a\r\n";
const std::string kPost = "POST / HTTP/1.1\r\nHost: a\r\n";
const std::string kOk = "HTTP/1.1 200 OK\r\n";

TEST(Smuggling, ContentLength) {
  for (const char* fields :
       {"Content-Length: 5\r\nContent-Length: 6\r\n", "Content-Length: 5\r\nContent-Length: 5\r\n",
        "Content-Length: 5, 6\r\n", "Content-Length: 5,5\r\n", "Content-Length: +5\r\n", "Content-Length: -1\r\n",
        "Content-Length: 0x5\r\n", "Content-Length: 5 5\r\n", "Content-Length: \r\n",
        "Content-Length: 99999999999999999999\r\n", "Content-Length: 5.0\r\n", "Content-Length: 5\x0b\r\n"}) {
    expect_refused<RequestParser>(kPost + fields + "\r\nhello!");
    expect_refused<ResponseParser>(kOk + fields + "\r\nhello!");
  }
}

TEST(Smuggling, ContentLengthWithTransferEncoding) {
  const std::string body = "\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n";
  for (const char* fields :
       {"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n"}) {
    expect_refused<RequestParser>(kPost + fields + body);
    expect_refused<ResponseParser>(kOk + fields + body);
  }
}

TEST(Smuggling, TransferEncodingSpelledOddly) {
  for (const char* value : {"xchunked", "chunked, identity", "identity, chunked", "gzip, chunked", "chunked\x0b",
                            "\x0b"
                            "chunked",
                            "chunked;q=1", "\"chunked\"", "chunked,", ",chunked",
                            "chunked\r\nTransfer-Encoding: chunked", "chunked\r\nTransfer-Encoding: x"}) {
    const std::string bytes = "Transfer-Encoding: " + std::string(value) + "\r\n\r\n0\r\n\r\n";
    const auto refused = [](const Transcript& seen) { return seen.error_status == 400 || seen.error_status == 501; };
    for (const std::size_t cut : {std::size_t{1}, std::size_t{1000}}) {
      EXPECT_TRUE(refused(run_parser<RequestParser>(kPost + bytes, {cut}))) << value;
      EXPECT_TRUE(refused(run_parser<ResponseParser>(kOk + bytes, {cut}))) << value;
    }
  }
  expect_refused<RequestParser>("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  expect_refused<ResponseParser>("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  expect_refused<RequestParser>(kPost + "Transfer-Encoding: identity\r\n\r\n", 400);
}

TEST(Smuggling, LinesAndFolding) {
  const std::vector<std::string> blocks{"A: b\r\n c\r\n\r\n",
                                        "A: b\r\n\tc\r\n\r\n",
                                        " A: b\r\n\r\n",
                                        "A : b\r\n\r\n",
                                        "A\t: b\r\n\r\n",
                                        "A: b\n\r\n",
                                        "A: b\r\n\n",
                                        "A: b\n\n",
                                        "A: b\rC: d\r\n\r\n",
                                        "A: b\r\r\n\r\n",
                                        "A\r\n: b\r\n\r\n",
                                        "A b\r\n\r\n",
                                        ": b\r\n\r\n",
                                        "A\x01: b\r\n\r\n",
                                        std::string("A: b\0c\r\n\r\n", 10),
                                        "A: b\x01\r\n\r\n",
                                        "A: b\x7F\r\n\r\n",
                                        "A(: b\r\n\r\n",
                                        "\xC3\xBC: b\r\n\r\n",
                                        "A: b\r\n\rX\r\n\r\n",
                                        "Transfer-Encoding : chunked\r\n\r\n",
                                        "Content-Length\x0b: 5\r\n\r\n"};
  for (const auto& block : blocks) {
    expect_refused<RequestParser>(kGet + block);
    expect_refused<ResponseParser>(kOk + block);
  }
}

TEST(Smuggling, StartLines) {
  for (const char* line :
       {"GET / HTTP/1.1\n", "GET  / HTTP/1.1\r\n", "GET / HTTP/1.1 \r\n", "GET / HTTP/1.1\rX\r\n",
        "GET / x HTTP/1.1\r\n", "GET /\x01 HTTP/1.1\r\n", "GET /\xFF HTTP/1.1\r\n", "get / HTTP/1.1\r\n",
        "GE T / HTTP/1.1\r\n", "GET / http/1.1\r\n", "GET / HTTP/11\r\n", " GET / HTTP/1.1\r\n",
        "\r\n\r\nGET / HTTP/1.1\r\n", "\nGET / HTTP/1.1\r\n", "GET\t/ HTTP/1.1\r\n", "GET / ICE/1.0\r\n",
        "SOURCE / ICE/1.0\r\n", "OPTIONS / RTSP/1.0\r\n"})
    expect_refused<RequestParser>(std::string(line) + "Host: a\r\n\r\n");
  expect_refused<RequestParser>("GET /\r\nHost: a\r\n\r\n", 505);
  expect_refused<RequestParser>("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505);
  expect_refused<RequestParser>("GET / HTTP/1.9\r\nHost: a\r\n\r\n", 505);
  for (const char* line :
       {"HTTP/1.1 200 OK\n", "HTTP/1.1 20 OK\r\n", "HTTP/1.1 2000 OK\r\n", "HTTP/1.1 099 OK\r\n", "HTTP/1.1 600 OK\r\n",
        "HTTP/1.1  200 OK\r\n", "\r\nHTTP/1.1 200 OK\r\n", "HTTP/1.1 200 O\rK\r\n", "HTTP /1.1 200 OK\r\n",
        "http/1.1 200 OK\r\n", "ICY 200 OK\r\n", "HTTP/1.1 abc\r\n"})
    expect_refused<ResponseParser>(std::string(line) + "Content-Length: 0\r\n\r\n");
}

TEST(Smuggling, Host) {
  expect_refused<RequestParser>("GET / HTTP/1.1\r\n\r\n");
  expect_refused<RequestParser>("GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n");
}

TEST(Smuggling, Chunks) {
  for (const char* body : {"5\nhello\r\n0\r\n\r\n",
                           "5\r\nhello\n0\r\n\r\n",
                           "5\r\nhello0\r\n\r\n",
                           "5\r\nhello!\r\n0\r\n\r\n",
                           "0x5\r\nhello\r\n0\r\n\r\n",
                           "-5\r\nhello\r\n",
                           "+5\r\nhello\r\n",
                           "g\r\n",
                           "\r\n",
                           "5 \r\nhello\r\n0\r\n\r\n",
                           " 5\r\nhello\r\n0\r\n\r\n",
                           "5\rhello\r\n0\r\n\r\n",
                           "5\r\rhello\r\n",
                           "10000000000000000\r\n",
                           "FFFFFFFFFFFFFFFFF\r\n",
                           "5;a\nb\r\nhello\r\n0\r\n\r\n",
                           "5;a\rb\r\nhello\r\n",
                           "5;\x01\r\nhello\r\n",
                           "5;a=\"b\nc\"\r\nhello\r\n0\r\n\r\n",
                           "0\r\nA: b\r\n c\r\n\r\n",
                           "0\r\nA: b\n\r\n",
                           "0\r\n\n",
                           "0\r\nA : b\r\n\r\n",
                           "0\n\n",
                           "0\r\n X: y\r\n\r\n"}) {
    expect_refused<RequestParser>(kPost + "Transfer-Encoding: chunked\r\n\r\n" + body);
    expect_refused<ResponseParser>(kOk + "Transfer-Encoding: chunked\r\n\r\n" + body);
  }
}

TEST(Smuggling, Sizes) {
  const ParserLimits limits;
  const auto fits = [](const std::string& bytes) {
    return run_parser<RequestParser>(bytes, {1000}).error_status == 0 &&
           run_parser<RequestParser>(bytes, {bytes.size()}).error_status == 0;
  };
  const std::string line(limits.start_line - std::string("GET / HTTP/1.1").size(), 'x');
  EXPECT_TRUE(fits("GET /" + line + " HTTP/1.1\r\nHost: a\r\n\r\n"));
  expect_refused<RequestParser>("GET /" + line + "x HTTP/1.1\r\nHost: a\r\n\r\n", 414);
  expect_refused<RequestParser>("GET /" + std::string(1'000'000, 'x'), 414);

  const std::string value(limits.field - 3, 'v');
  EXPECT_TRUE(fits(kGet + "A: " + value + "\r\n\r\n"));
  expect_refused<RequestParser>(kGet + "A: " + value + "v\r\n\r\n", 431);
  expect_refused<ResponseParser>(kOk + std::string(1'000'000, 'n'), 431);
  expect_refused<ResponseParser>(kOk + "A: " + std::string(1'000'000, ' '), 431);

  std::string many;
  for (std::size_t i = 1; i < limits.fields; ++i) many += "A: b\r\n";
  EXPECT_TRUE(fits(kGet + many + "\r\n"));
  expect_refused<RequestParser>(kGet + many + "A: b\r\n\r\n", 431);

  std::string block;
  for (int i = 0; i < 9; ++i) block += "A: " + value + "\r\n";
  expect_refused<ResponseParser>(kOk + block, 431);
  expect_refused<ResponseParser>(kOk + "Transfer-Encoding: chunked\r\n\r\n0\r\n" + block, 431);

  const std::string chunked = kOk + "Transfer-Encoding: chunked\r\n\r\n";
  expect_refused<ResponseParser>(chunked + "1;" + std::string(limits.chunk_overhead + 100, 'e') + "\r\nx\r\n0\r\n\r\n");
  expect_refused<ResponseParser>(chunked + std::string(limits.chunk_overhead + 100, '0') + "1\r\nx\r\n0\r\n\r\n");
  std::string extensions;
  for (int i = 0; i < 400; ++i) extensions += "1;" + std::string(100, 'e') + "\r\nx\r\n";
  expect_refused<ResponseParser>(chunked + extensions);
  std::string tiny;
  for (int i = 0; i < 100'000; ++i) tiny += "1\r\nx\r\n";
  EXPECT_EQ(run_parser<ResponseParser>(chunked + tiny + "0\r\n\r\n", {4096}).bodies,
            std::vector<std::string>{std::string(100'000, 'x')});
}

}  // namespace
}  // namespace corolla::inline v0::http

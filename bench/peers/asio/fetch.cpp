// SPDX-License-Identifier: Apache-2.0
// Keep-alive fetcher on Boost.Beast and Asio's coroutines.      usage: beast_fetch PORT N CONNECTIONS MANIFEST|-
#include <openssl/sha.h>

#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <cstring>
#include <string>
#include <vector>

#include "../common.hpp"

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::awaitable;
using asio::use_awaitable;

namespace {

constexpr int kPages = 500;
constexpr std::size_t kPageBytes = 10240;

struct Work {
  unsigned short port = 0;
  long wanted = 0, asked = 0, finished = 0, bytes = 0;
  std::vector<std::string> digests;  // empty: bodies are not hashed
};

std::vector<std::string> read_manifest(const std::string& path) {
  std::vector<std::string> digests;
  if (path == "-") return digests;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::string digest;
    for (std::size_t i = 0; i < 64; i += 2) digest += char(std::stoi(line.substr(i, 2), nullptr, 16));
    digests.push_back(digest);
  }
  bench::require(digests.size() == kPages, "the manifest has a line for each page");
  return digests;
}

void check_page(const Work& work, long page, const http::response<http::string_body>& response) {
  const std::string& body = response.body();
  bench::require(response.result() == http::status::ok && !body.empty(), "status is 200, the body is not empty");
  if (work.digests.empty()) return;
  unsigned char digest[32];
  SHA256(reinterpret_cast<const unsigned char*>(body.data()), body.size(), digest);
  bench::require(body.size() == kPageBytes && !std::memcmp(digest, work.digests[std::size_t(page % kPages)].data(), 32),
                 "the page's checksum");
}

awaitable<void> fetch_pages(Work& work) {
  beast::tcp_stream stream(co_await asio::this_coro::executor);
  asio::ip::tcp::endpoint server(asio::ip::address_v4::loopback(), work.port);
  co_await stream.async_connect(server, use_awaitable);
  beast::flat_buffer buffer;
  buffer.reserve(16384);  // without it Beast reads in small pieces
  while (work.asked < work.wanted) {
    long page = work.asked++;
    std::string target = "/p/" + std::to_string(page % kPages) + ".html?i=" + std::to_string(page);
    http::request<http::empty_body> request(http::verb::get, target, 11);
    request.set(http::field::host, "127.0.0.1");
    co_await http::async_write(stream, request, use_awaitable);
    http::response<http::string_body> response;
    co_await http::async_read(stream, buffer, response, use_awaitable);
    check_page(work, page, response);
    work.bytes += long(response.body().size());
    work.finished++;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  Work work;
  work.port = static_cast<unsigned short>(std::atoi(argv[1]));
  work.wanted = std::atol(argv[2]);
  long connections = std::min(std::atol(argv[3]), work.wanted);
  work.digests = read_manifest(argv[4]);
  bench::Stopwatch watch;
  asio::io_context context(1);
  for (long i = 0; i < connections; i++)
    asio::co_spawn(context, fetch_pages(work), [](std::exception_ptr error) {
      if (error) std::rethrow_exception(error);
    });
  context.run();
  bench::require(work.finished == work.wanted, "every page was fetched");
  watch.result("crawl", "boost-beast", work.finished, "bytes=" + std::to_string(work.bytes));
}

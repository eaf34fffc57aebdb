// SPDX-License-Identifier: Apache-2.0
// Fetches /p/<i % 500>.html?i=<i> over keep-alive connections with the whole client: pool, limits, redirects, time-outs.
// With a manifest the SHA-256 of each body is compared with it. With h2c as many requests share one connection in HTTP/2.
// usage: bench_crawl PORT N CONNECTIONS MANIFEST|- [h2c]
#include "peers/common.hpp"

#include <corolla/http/session.hpp>
#include <corolla/runtime.hpp>

#include <openssl/evp.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

using corolla::Coro;
namespace http = corolla::http;

constexpr long kPages = 500;

using Digest = std::array<unsigned char, 32>;

// One context for many bodies, the algorithm looked up once.
class Sha256 {
 public:
  Sha256() : algorithm_(EVP_MD_fetch(nullptr, "SHA256", nullptr)), context_(EVP_MD_CTX_new()) {}
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  ~Sha256() {
    EVP_MD_CTX_free(context_);
    EVP_MD_free(algorithm_);
  }
  void begin() { bench::require(EVP_DigestInit_ex(context_, algorithm_, nullptr) == 1, "SHA-256"); }
  void add(std::string_view bytes) { EVP_DigestUpdate(context_, bytes.data(), bytes.size()); }
  Digest end() {
    Digest digest;
    EVP_DigestFinal_ex(context_, digest.data(), nullptr);
    return digest;
  }

 private:
  EVP_MD* algorithm_;
  EVP_MD_CTX* context_;
};

std::vector<Digest> read_manifest(const std::string& path) {
  std::vector<Digest> digests;
  if (path == "-") return digests;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    Digest digest;
    for (std::size_t i = 0; i < digest.size(); ++i)
      digest[i] = static_cast<unsigned char>(std::stoi(line.substr(2 * i, 2), nullptr, 16));
    digests.push_back(digest);
  }
  bench::require(digests.size() == kPages, "a manifest of 500 pages");
  return digests;
}

struct Work {
  http::Session& session;
  const std::string base;
  const long total;
  const std::vector<Digest> digests;
  long issued = 0;
  long fetched = 0;
  std::uint64_t bytes = 0;
};

Coro<void> fetch_some(Work& work) {
  Sha256 hash;
  while (work.issued < work.total) {
    const long i = work.issued++;
    const long page = i % kPages;
    auto response = co_await work.session.get(work.base + std::to_string(page) + ".html?i=" + std::to_string(i));
    bench::require(response.status() == 200, "status 200");
    if (!work.digests.empty()) hash.begin();
    for (;;) {
      const std::string_view piece = co_await response.chunk();
      if (piece.empty()) break;
      work.bytes += piece.size();
      if (!work.digests.empty()) hash.add(piece);
    }
    if (!work.digests.empty()) {
      bench::require(hash.end() == work.digests[static_cast<std::size_t>(page)], "the page's SHA-256");
    }
    ++work.fetched;
  }
}

Coro<void> fetch_all(std::string port, long total, long connections, std::vector<Digest> digests, bool h2c) {
  http::SessionOptions options;
  if (h2c) options.http2 = http::Http2Use::kPriorKnowledge;
  options.limit = static_cast<std::size_t>(connections);
  http::Session session(options);
  Work work{session, "http://127.0.0.1:" + port + "/p/", total, std::move(digests)};
  const bool hashed = !work.digests.empty();
  const bench::Stopwatch watch;
  std::vector<Coro<void>> fetchers;
  for (long i = 0; i < connections; ++i) fetchers.push_back(fetch_some(work));
  co_await corolla::gather(std::move(fetchers));
  bench::require(work.fetched == total, "all pages fetched");
  watch.result("crawl", "corolla", total,
               "bytes=" + std::to_string(work.bytes) + " hashed=" + std::to_string(hashed ? total : 0));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  const bool h2c = argc > 5 && std::string_view(argv[5]) == "h2c";
  return corolla::run_main(fetch_all(argv[1], std::atol(argv[2]), std::atol(argv[3]), read_manifest(argv[4]), h2c));
}

// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the tests of the cache share: a clock of their own, a session with a cache before a server that counts.
#pragma once

#include "tests/http/client/middleware/middleware_test.hpp"

#include <corolla/http/cache.hpp>
#include <corolla/http/date.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace corolla_tests {

using std::chrono::seconds;

inline std::chrono::sys_seconds present{};
inline std::chrono::sys_seconds test_clock() { return present; }

inline std::string date(seconds from_now = seconds(0)) { return http::format_http_date(present + from_now); }

/// Each test begins at the same time of the cache's clock.
class CacheTest : public RuntimeTest {
 protected:
  CacheTest() { present = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1); }
};

/// Names and values in turns: brace lists do not compile beside a co_await on g++ 12.
template <class... Texts>
Fields fields_of(const Texts&... texts) {
  const std::vector<std::string> all{std::string(texts)...};
  Fields fields;
  for (std::size_t i = 0; i + 1 < all.size(); i += 2) fields.add(all[i], all[i + 1]);
  return fields;
}

inline http::CacheOptions options() {
  http::CacheOptions result;
  result.now = test_clock;
  return result;
}

/// A session with a cache before a server that answers with `fields` and its count of requests as the body.
class Cached {
 public:
  explicit Cached(Fields fields, int status = 200, const http::CacheOptions& cache_options = options())
      : fields_(std::make_shared<Fields>(std::move(fields))),
        status_(std::make_shared<int>(status)),
        server_([fields = fields_, status = status_, count = 0](const RequestData& request) mutable {
          ++count;
          if (*status == 0) throw http::ServerDisconnectedError();
          return answer(request, *status, *status == 304 ? "" : std::to_string(count), *fields);
        }),
        cache_(cache_options),
        session_(through({cache_.middleware(), server_.middleware()})) {}

  [[nodiscard]] Fields& fields() const { return *fields_; }
  void set_status(int status) const { *status_ = status; }
  [[nodiscard]] Session& session() { return session_; }
  [[nodiscard]] http::HttpCache& cache() { return cache_; }
  [[nodiscard]] const std::vector<RequestData>& requests() const { return server_.requests(); }

  /// "200 1", with "cached " before it when it is.
  Coro<std::string> get(Fields request_fields = Fields(), std::string url = "http://a.example/") {
    return ask(session_.get(url), std::move(request_fields));
  }
  static Coro<std::string> ask(http::Request request, Fields request_fields = Fields()) {
    for (const auto& [name, value] : request_fields) request = std::move(request).header(name, value);
    auto sending = std::move(request).send();
    auto response = co_await outcome(std::move(sending));
    if (!response) co_return describe(response.error());
    const std::string body = co_await response->read();
    co_return (response->from_cache() ? "cached " : "") + std::to_string(response->status()) + " " + body;
  }

 private:
  std::shared_ptr<Fields> fields_;
  std::shared_ptr<int> status_;
  FakeServer server_;
  http::HttpCache cache_;
  Session session_;
};

}  // namespace corolla_tests

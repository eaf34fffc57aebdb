// SPDX-License-Identifier: Apache-2.0
/// \file
/// HttpCache: responses kept and used again, by the rules of RFC 9111 for a private cache.
///
///     options.cache = std::make_shared<http::HttpCache>();
///     …
///     auto again = co_await session.get(url);      // again.from_cache()
///
/// Kept are responses to GET once their body was read to its end: with max-age, Expires or, from Last-Modified, a tenth of their age
/// as their time. What is older is asked for again with If-None-Match and If-Modified-Since, and a 304 renews it. Vary, no-store,
/// no-cache, must-revalidate, must-understand and stale-if-error are obeyed, in requests also max-age, min-fresh, max-stale and
/// only-if-cached (504). With stale-while-revalidate what is stale is the answer at once, and a task of the session, which its close()
/// waits for, asks the server (RFC 5861). s-maxage and private are for shared caches. HEAD is answered from what a GET brought; where the
/// server answers it, what is kept is renewed or forgotten. A request that another method answered forgets what it changed. What was sent
/// with one Authorization is not used for another. Requests with Range or conditions of their own pass by. Bodies are kept as they came,
/// encoded. Sessions of one loop may share a cache.
#pragma once

#include <corolla/http/client_middleware.hpp>
#include <corolla/http/headers.hpp>
#include <corolla/runtime/api.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace corolla::inline v0::http {

/// A response as it is kept.
struct CachedResponse {
  CachedResponse() {}
  int status = 0;
  std::string reason;
  Headers headers;
  /// The request's fields that chose it: those that Vary names, and Authorization.
  Headers request_fields;
  std::shared_ptr<const std::string> body;
  std::chrono::sys_seconds requested{};
  std::chrono::sys_seconds received{};
};

/// Where an HttpCache keeps what it has.
class COROLLA_API CacheStorage {
 public:
  CacheStorage() = default;
  CacheStorage(const CacheStorage&) = delete;
  CacheStorage& operator=(const CacheStorage&) = delete;
  virtual ~CacheStorage();
  /// The variants under a key, in any order.
  [[nodiscard]] virtual std::vector<CachedResponse> load(const std::string& key) = 0;
  /// Replaces them; none: the key is forgotten. It may keep nothing.
  virtual void store(const std::string& key, std::vector<CachedResponse> variants) = 0;
  virtual void clear() = 0;
};

/// In memory; what was used longest ago makes room.
class COROLLA_API MemoryCacheStorage final : public CacheStorage {
 public:
  explicit MemoryCacheStorage(std::size_t max_bytes = std::size_t{64} << 20U);
  ~MemoryCacheStorage() override;
  [[nodiscard]] std::vector<CachedResponse> load(const std::string& key) override;
  void store(const std::string& key, std::vector<CachedResponse> variants) override;
  void clear() override;
  /// Of bodies, fields and keys.
  [[nodiscard]] std::size_t bytes() const noexcept;

 private:
  class State;
  std::unique_ptr<State> state_;
};

struct CacheOptions {
  CacheOptions() {}
  /// Null: a MemoryCacheStorage.
  std::shared_ptr<CacheStorage> storage;
  /// Larger bodies are not kept.
  std::size_t max_body_bytes = std::size_t{8} << 20U;
  /// Variants of one URL.
  std::size_t max_variants = 16;
  /// Bound of the time that is guessed from Last-Modified; 0: nothing is guessed.
  std::chrono::seconds max_heuristic = std::chrono::hours(24);
  /// The clock; tests have their own.
  using Clock = std::chrono::sys_seconds (*)();
  Clock now = nullptr;
};

/// See the file's comment.
class COROLLA_API HttpCache {
 public:
  explicit HttpCache(const CacheOptions& options = CacheOptions());
  /// What SessionOptions::cache puts behind the session's own middlewares.
  [[nodiscard]] ClientMiddleware middleware() const;
  [[nodiscard]] CacheStorage& storage() const noexcept;

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace corolla::inline v0::http

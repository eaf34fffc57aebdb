// SPDX-License-Identifier: Apache-2.0
/// \file
/// MemoryStorage: sessions in the memory of the server's process; the cookie holds nothing but their identity.
///
///     http::MemoryStorageOptions options;
///     options.idle_timeout = 20min;
///     app.add_middleware(http::sessions(std::make_shared<http::MemoryStorage>(options)));
///
/// They end with the process, and other processes do not see them. Each loop of run_sharded needs one of its own, so a visitor has to come
/// back to the same loop, or the program takes EncryptedCookieStorage.
#pragma once

#include <corolla/http/session_storage.hpp>
#include <corolla/runtime/api.hpp>
#include <corolla/runtime/coro.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace corolla::inline v0::http {

struct MemoryStorageOptions {
  MemoryStorageOptions() {}
  /// Most sessions at a time. One more takes the place of the one that was not used for the longest time; their values are the
  /// handlers' to keep small.
  std::size_t max_sessions = 10'000;
  /// A session that was not asked for in this time, by the loop's clock, is over.
  std::chrono::nanoseconds idle_timeout = std::chrono::hours(1);
};

/// See the file's comment. Within a running loop; none of its functions suspends. Not thread safe.
class COROLLA_API MemoryStorage final : public SessionStorage {
 public:
  /// ValueError for a number or a time that is not positive.
  explicit MemoryStorage(MemoryStorageOptions options = MemoryStorageOptions());
  ~MemoryStorage() override;

  [[nodiscard]] Coro<std::optional<SessionRecord>> load(const SessionCookie& cookie, std::string value) override;
  [[nodiscard]] Coro<std::optional<std::string>> save(const SessionCookie& cookie, SessionRecord record) override;
  [[nodiscard]] Coro<void> remove(std::string identity) override;

  /// Those in memory, idle ones among them until the storage is next used.
  [[nodiscard]] std::size_t size() const noexcept;
  /// Logs everybody out.
  void clear() noexcept;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace corolla::inline v0::http

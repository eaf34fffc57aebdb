// SPDX-License-Identifier: Apache-2.0
/// \file
/// ServerSessionState: the session of one request, from the cookie that came to the one that goes.
#pragma once

#include <corolla/http/server_request.hpp>
#include <corolla/http/server_response.hpp>
#include <corolla/http/session_storage.hpp>
#include <corolla/runtime/coro.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

namespace corolla::inline v0::http {

/// What all sessions of a middleware have in common.
struct SessionSite {
  std::shared_ptr<SessionStorage> storage;
  SessionCookie cookie;
  std::chrono::sys_seconds (*now)();
};

/// Begun with its request; loaded when it is first asked for; kept, and from then on constant, when the handler returned.
class ServerSessionState {
 public:
  explicit ServerSessionState(std::shared_ptr<const SessionSite> site) noexcept : site_(std::move(site)) {}

  /// Finds the session of the request's cookie, or begins one. Does nothing when that was done.
  [[nodiscard]] Coro<void> load(const ServerRequest& request);
  /// Keeps what changed, and tells the client by `response`.
  [[nodiscard]] Coro<void> keep(const ServerRequest& request, ServerResponse& response);
  /// An empty session in the place of this one.
  void replace();
  /// It cannot be changed any more.
  void close() noexcept { closed_ = true; }
  [[nodiscard]] bool closed() const noexcept { return closed_; }

  /// The record, to be changed. RuntimeError when it is kept already.
  [[nodiscard]] SessionRecord& change();
  [[nodiscard]] const SessionRecord& record() const noexcept { return record_; }
  [[nodiscard]] const SessionSite& site() const noexcept { return *site_; }
  [[nodiscard]] bool changed() const noexcept { return changed_; }
  /// record().values, taken apart.
  nlohmann::json values = nlohmann::json::object();

 private:
  void begin();
  /// False for a record whose values are none.
  [[nodiscard]] bool adopt(SessionRecord record);
  void tell(ServerResponse& response, const ServerRequest& request, std::string_view value,
            std::optional<std::chrono::seconds> max_age) const;

  std::shared_ptr<const SessionSite> site_;
  SessionRecord record_;
  std::optional<std::string> replaced_;  // what the storage has to forget
  bool has_cookie_ = false;              // the client sent one, whatever it was worth
  bool loaded_ = false;
  bool changed_ = false;
  bool closed_ = false;
};

}  // namespace corolla::inline v0::http

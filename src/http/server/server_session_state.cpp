// SPDX-License-Identifier: Apache-2.0
#include "http/server/server_session_state.hpp"

#include <corolla/runtime/error.hpp>

#include "http/base64.hpp"
#include "http/random_bytes.hpp"
#include "http/server/session_cookie.hpp"

#include <algorithm>
#include <vector>

namespace corolla::inline v0::http {

namespace {

constexpr std::size_t kIdentityBytes = 24;

}  // namespace

Coro<void> ServerSessionState::load(const ServerRequest& request) {
  if (loaded_) co_return;
  const std::vector<std::string> sent = session_cookie_values(request.headers(), site_->cookie.name);
  has_cookie_ = !sent.empty();
  for (const std::string& value : sent) {
    auto loading = site_->storage->load(site_->cookie, value);
    std::optional<SessionRecord> found = co_await std::move(loading);
    if (loaded_) co_return;  // another task of the handler's was faster
    if (!found) continue;
    const auto end = found->expires(site_->cookie);
    if (end && *end <= site_->now()) {
      auto removing = site_->storage->remove(found->identity);
      co_await std::move(removing);
      if (loaded_) co_return;
      continue;
    }
    if (adopt(std::move(*found))) co_return;
  }
  begin();
}

bool ServerSessionState::adopt(SessionRecord record) {
  auto parsed = nlohmann::json::parse(record.values, nullptr, false);
  if (!parsed.is_object()) return false;
  values = std::move(parsed);
  record_ = std::move(record);
  record_.is_new = false;
  loaded_ = true;
  return true;
}

void ServerSessionState::begin() {
  SessionRecord fresh;
  fresh.identity = base64url_encode(random_bytes(kIdentityBytes));
  fresh.created = site_->now();
  record_ = std::move(fresh);
  values = nlohmann::json::object();
  loaded_ = true;
}

SessionRecord& ServerSessionState::change() {
  if (closed_) throw RuntimeError("the session was kept already: the response is on its way");
  changed_ = true;
  return record_;
}

void ServerSessionState::replace() {
  const SessionRecord& record = change();
  if (!record.is_new) replaced_ = record.identity;
  begin();
}

Coro<void> ServerSessionState::keep(const ServerRequest& request, ServerResponse& response) {
  close();
  if (!loaded_) co_return;
  Headers& headers = response.headers();
  if (!headers.has_token("Vary", "Cookie") && !headers.has_token("Vary", "*")) headers.add("Vary", "Cookie");
  if (!changed_) co_return;
  // The old one goes first: should keeping the new one fail, the visitor is logged out, and nobody is in by the old cookie.
  if (values.empty() && !record_.is_new) replaced_ = record_.identity;
  if (replaced_) {
    auto removing = site_->storage->remove(*replaced_);
    co_await std::move(removing);
  }
  if (values.empty()) {
    if (has_cookie_) tell(response, request, {}, std::chrono::seconds(0));
    co_return;
  }
  record_.values = values.dump();
  auto saving = site_->storage->save(site_->cookie, record_);
  const std::optional<std::string> value = co_await std::move(saving);
  if (!value) co_return;
  std::optional<std::chrono::seconds> left;
  if (const auto end = record_.expires(site_->cookie)) left = std::max(*end - site_->now(), std::chrono::seconds(0));
  tell(response, request, *value, left);
}

void ServerSessionState::tell(ServerResponse& response, const ServerRequest& request, std::string_view value,
                              std::optional<std::chrono::seconds> max_age) const {
  const std::string field = set_session_cookie(site_->cookie, value, max_age, request.scheme() == "https");
  response.headers().add("Set-Cookie", field);
}

}  // namespace corolla::inline v0::http

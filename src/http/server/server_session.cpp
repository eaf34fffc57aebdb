// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/server_session.hpp>

#include <corolla/runtime/error.hpp>

#include "http/server/server_session_state.hpp"

namespace corolla::inline v0::http {

const nlohmann::json* ServerSession::find(std::string_view key) const {
  const auto found = state_->values.find(key);
  return found == state_->values.end() ? nullptr : &*found;
}

const nlohmann::json& ServerSession::get(std::string_view key) const {
  const nlohmann::json* value = find(key);
  if (value == nullptr) throw LookupError("the session has no \"" + std::string(key) + "\"");
  return *value;
}

const nlohmann::json& ServerSession::values() const noexcept { return state_->values; }

bool ServerSession::empty() const noexcept { return state_->values.empty(); }

void ServerSession::set(std::string_view key, nlohmann::json value) {
  const std::string name(key);
  // Said here, where the handler's line is known, and not when the session is kept.
  try {
    if (value.is_discarded()) throw ValueError("a value of the session is none");
    static_cast<void>(nlohmann::json(name).dump());
    static_cast<void>(value.dump());
  } catch (const nlohmann::json::type_error&) {
    throw ValueError("a value of the session is not UTF-8");
  }
  static_cast<void>(state_->change());
  state_->values[name] = std::move(value);
}

bool ServerSession::erase(std::string_view key) {
  const auto found = state_->values.find(key);
  if (found == state_->values.end()) return false;
  static_cast<void>(state_->change());
  state_->values.erase(found);
  return true;
}

void ServerSession::clear() {
  static_cast<void>(state_->change());
  state_->values.clear();
}

void ServerSession::invalidate() { state_->replace(); }

const std::string& ServerSession::identity() const noexcept { return state_->record().identity; }

bool ServerSession::is_new() const noexcept { return state_->record().is_new; }

bool ServerSession::changed() const noexcept { return state_->changed(); }

std::chrono::sys_seconds ServerSession::created() const noexcept { return state_->record().created; }

std::optional<std::chrono::seconds> ServerSession::max_age() const noexcept {
  const auto& own = state_->record().max_age;
  return own ? own : state_->site().cookie.max_age;
}

void ServerSession::set_max_age(std::optional<std::chrono::seconds> age) {
  if (age && age->count() <= 0) throw ValueError("the age of a session has to be positive");
  state_->change().max_age = age;
}

}  // namespace corolla::inline v0::http

// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/session_storage.hpp>

namespace corolla::inline v0::http {

SessionStorage::~SessionStorage() = default;

std::optional<SessionRecord::time_point> SessionRecord::expires(const SessionCookie& cookie) const noexcept {
  const auto age = max_age ? max_age : cookie.max_age;
  if (!age || (created > time_point() && *age > time_point::max() - created)) return std::nullopt;
  return created + *age;
}

}  // namespace corolla::inline v0::http

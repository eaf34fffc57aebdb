// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a CookieJar consists of: the cookies by the domain they are for.
#pragma once

#include <corolla/http/cookie_jar.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace corolla::inline v0::http {

struct JarEntry {
  Cookie cookie;
  std::uint64_t created;
  std::uint64_t used;
  [[nodiscard]] bool expired(Cookie::time_point time) const noexcept {
    return cookie.expires && *cookie.expires <= time;
  }
};

struct CookieJar::State {
  explicit State(Clock clock) : now(clock) {}

  /// Adds, replaces or, when it is expired, removes; false when it removes.
  bool put(Cookie cookie);
  [[nodiscard]] bool hides_secure_one(const Cookie& cookie, std::string_view host);
  template <class Condition>
  void remove_if(const Condition& condition);
  template <class Visit>
  void visit_domains(std::string_view host, const Visit& visit);
  void make_room(Cookie::time_point time);

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
  };
  const Clock now;
  std::unordered_map<std::string, std::vector<JarEntry>, Hash, std::equal_to<>> domains;
  std::size_t size = 0;
  std::uint64_t sequence = 0;  // of creations and uses
};

}  // namespace corolla::inline v0::http

// SPDX-License-Identifier: Apache-2.0
/// \file
/// Header fields between Headers and nghttp2.
#pragma once

#include <corolla/http/headers.hpp>

#include <cstdint>
#include <string_view>

#include <nghttp2/nghttp2.h>

namespace corolla::inline v0::http {

/// A field to submit; nghttp2 copies it, the name in lower case.
[[nodiscard]] inline nghttp2_nv http2_field(std::string_view name, std::string_view value) noexcept {
  const auto bytes = [](std::string_view text) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

/// A field that HTTP/1.1 says about its connection, and HTTP/2 must not send (RFC 9113, section 8.2.2).
[[nodiscard]] bool is_connection_field(std::string_view name) noexcept;

/// The one of them that may be sent: the client takes trailers.
[[nodiscard]] inline bool is_te_trailers(std::string_view name, std::string_view value) noexcept {
  return iequals(name, "TE") && iequals(value, "trailers");
}

/// Cookies come in crumbs; they become one field again (section 8.2.3).
void join_cookies(Headers& headers);

}  // namespace corolla::inline v0::http

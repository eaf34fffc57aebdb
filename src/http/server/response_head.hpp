// SPDX-License-Identifier: Apache-2.0
/// \file
/// The head of a response on the wire.
#pragma once

#include <corolla/http/headers.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace corolla::inline v0::http {

/// How the client learns where the body ends.
enum class BodyFraming : std::uint8_t {
  kNone,        ///< there is none and no length either: 204, 304
  kLength,      ///< Content-Length
  kChunked,     ///< Transfer-Encoding: chunked
  kUntilClose,  ///< the connection closes: to HTTP/1.0, where the length is not known
};

struct ResponseFraming {
  BodyFraming body = BodyFraming::kLength;
  std::uint64_t length = 0;
  bool close = false;           ///< "Connection: close"
  bool say_keep_alive = false;  ///< "Connection: keep-alive", which HTTP/1.0 has to be told
};

/// Whether a field is one that the server writes itself; "Trailer" is the handler's where trailers may follow, "Upgrade" in a 426.
[[nodiscard]] bool is_framing_field(std::string_view name, bool trailers_may_follow) noexcept;

/// Appends the status line, the server's own fields (`common`, unless the handler set one of them), the response's and
/// those of the framing, and the empty line.
void append_response_head(std::string& out, int status, const Headers& headers, std::string_view common,
                          const ResponseFraming& framing);

}  // namespace corolla::inline v0::http

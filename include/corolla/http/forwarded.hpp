// SPDX-License-Identifier: Apache-2.0
/// \file
/// forwarded: a middleware that believes proxies, those it is told of, who the client is.
///
///     http::ForwardedOptions options;
///     options.trusted = {"127.0.0.1", "10.0.0.0/8"};
///     app.add_middleware(http::forwarded(options));                // first of all
///
/// Source: RFC 7239; X-Forwarded-For, -Proto and -Host as proxies write them; the aiohttp-remotes package. Anybody can send these
/// fields. So they count only as far as trusted proxies wrote them: from the right, each entry is believed when the hop that
/// added it is trusted, beginning with the connection's other end; the first address that is not is the client.
/// ServerRequest::remote(), scheme() and host() follow; peername() and the headers stay what they are.
#pragma once

#include <corolla/http/middleware.hpp>
#include <corolla/runtime/api.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace corolla::inline v0::http {

/// Which proxies are believed, and in what.
struct ForwardedOptions {
  ForwardedOptions() {}
  enum class Field : std::uint8_t {
    kXForwarded,  ///< X-Forwarded-For, -Proto, -Host
    kForwarded,   ///< RFC 7239's Forwarded
  };
  /// Addresses and networks. A connection over a Unix socket is trusted by "unix".
  std::vector<std::string> trusted;
  /// One of the two alone: a proxy that writes one of them lets the other one pass from whoever sent it.
  Field field = Field::kXForwarded;
  /// Whether the proxies set or drop X-Forwarded-Proto, and X-Forwarded-Host. One that does neither lets the client's pass.
  bool proto = true;
  bool host = false;
};

/// See the file's comment. Domains (Application::add_domain) are chosen before, by the Host field. ValueError for what is neither an
/// address nor a network.
[[nodiscard]] COROLLA_API Middleware forwarded(ForwardedOptions options);

}  // namespace corolla::inline v0::http

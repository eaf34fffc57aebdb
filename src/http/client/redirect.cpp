// SPDX-License-Identifier: Apache-2.0
#include "http/client/redirect.hpp"

#include <corolla/http/error.hpp>

#include "http/client/upload.hpp"

namespace corolla::inline v0::http {

namespace {

constexpr std::uint64_t kWorthReading = std::uint64_t{64} << 10U;

// Not shared with the hop before.
RequestExtras& own_extras(RequestData& request) {
  request.extras = std::make_shared<RequestExtras>(*request.extras);
  return *request.extras;
}

}  // namespace

std::optional<Url> redirect_target(const ResponseHead& head, const Url& from) {
  switch (head.status) {
    case 301:
    case 302:
    case 303:
    case 307:
    case 308: break;
    default: return std::nullopt;
  }
  const auto location = head.headers.get("Location");
  if (!location) return std::nullopt;
  try {
    Url target = Url::parse(*location, from);
    if (!target.has_fragment() && from.has_fragment()) target = Url::parse("#" + std::string(from.fragment()), target);
    return target;
  } catch (const InvalidUrl& error) {
    throw ClientResponseError(head.status, "redirect from " + from.href() + " to an invalid URL: " + error.what());
  }
}

void prepare_redirect(RequestData& request, int status, Url target) {
  if (target.scheme() != "http" && target.scheme() != "https")
    throw ClientError("redirect to " + target.href() + ": only http and https URLs can be fetched");
  const bool becomes_get =
      (status == 303 && request.method != "HEAD") || ((status == 301 || status == 302) && request.method == "POST");
  if (becomes_get) {
    request.method = "GET";
    request.body.clear();
    request.source.reset();
    if (request.extras) {
      RequestExtras& extras = own_extras(request);
      extras.trailers = nullptr;
      extras.compress.reset();
    }
    for (const char* field : {"Content-Length", "Content-Type", "Content-Encoding", "Transfer-Encoding", "Trailer"})
      request.headers.remove(field);
  }
  if (!request.repeatable())
    throw ClientError("redirect to " + target.href() + ": the body was a stream and cannot be sent again");
  if (!target.same_origin(request.url)) {
    request.crossed_origins = true;
    if (!request.server_hostname().empty()) own_extras(request).server_hostname.clear();
    for (const char* field : {"Authorization", "Cookie", "Proxy-Authorization", "Host"}) request.headers.remove(field);
  }
  request.url = std::move(target);
}

Coro<void> discard_body(ResponseState& state) {
  if (state.head.content_length.value_or(kWorthReading) < kWorthReading) {
    state.decoder.reset();
    for (;;) {
      const std::string_view piece = co_await state.chunk();
      if (piece.empty()) co_return;
    }
  }
  state.drop_connection();
}

}  // namespace corolla::inline v0::http

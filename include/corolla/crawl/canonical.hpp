// SPDX-License-Identifier: Apache-2.0
/// \file
/// The one text under which a crawl knows a URL.
#pragma once

#include <corolla/http/url.hpp>
#include <corolla/runtime/api.hpp>

#include <string>

namespace corolla::inline v0::crawl {

/// `url` without fragment and credentials, with percent-encoding normalised: %41 is A, %c3 is %C3. What http::Url does
/// while parsing (case of scheme and host, default port, dot segments, "/" for an empty path) is done already.
///
/// Nothing is changed that a server may tell apart: order and repetition in the query, empty queries, trailing slashes,
/// case of the path. Credentials go, because the text is stored, printed and compared; a session has them.
/// Pure, thread safe. Source: RFC 3986, section 6.2.2.
[[nodiscard]] COROLLA_API std::string canonical_url(const http::Url& url);

}  // namespace corolla::inline v0::crawl

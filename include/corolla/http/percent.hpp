// SPDX-License-Identifier: Apache-2.0
/// \file
/// Percent-encoding of text that stands in a URL, and escaping of text that stands in HTML.
///
/// Pure functions, safe from any thread. Source: URL Standard, section 1.3; HTML Standard, section 13.3.
#pragma once

#include <corolla/runtime/api.hpp>

#include <string>
#include <string_view>

namespace corolla::inline v0::http {

/// Replaces each %XX by its byte; anything else, a lone '%' too, stays. The result may hold any byte, NUL included.
[[nodiscard]] COROLLA_API std::string percent_decode(std::string_view text);

/// Encodes every byte but letters, digits and "-._~" (RFC 3986, unreserved): safe in every component.
/// Python's urllib.parse.quote(text, safe="").
[[nodiscard]] COROLLA_API std::string percent_encode(std::string_view text);

/// `text` with & < > " ' replaced by references: inert as an element's content and inside a quoted attribute.
[[nodiscard]] COROLLA_API std::string html_escape(std::string_view text);

}  // namespace corolla::inline v0::http

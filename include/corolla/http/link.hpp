// SPDX-License-Identifier: Apache-2.0
/// \file
/// Link: where a Link field leads: the next page, the first one, a style sheet …
///
///     while (auto next = response.link("next")) response = co_await session.get(next->url);
///
/// Source: RFC 8288; aiohttp's ClientResponse.links.
#pragma once

#include <corolla/http/field_parameters.hpp>
#include <corolla/http/url.hpp>
#include <corolla/runtime/api.hpp>

#include <cstddef>
#include <string_view>
#include <vector>

namespace corolla::inline v0::http {

/// See the file's comment.
struct COROLLA_API Link {
  Url url;
  /// "rel", "type", "title", "anchor" …
  FieldParameters parameters;

  /// The relation is among those of "rel", in any case.
  [[nodiscard]] bool has_rel(std::string_view relation) const noexcept;

  /// The links of one field, in order, `most` at most, relative to `base`. One whose URL is none is left out; the rest of a field
  /// that is malformed, too.
  [[nodiscard]] static std::vector<Link> parse(std::string_view field, const Url& base, std::size_t most = 256);
};

}  // namespace corolla::inline v0::http

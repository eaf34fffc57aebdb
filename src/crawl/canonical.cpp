// SPDX-License-Identifier: Apache-2.0
#include <corolla/crawl/canonical.hpp>

#include "crawl/percent_normal.hpp"

namespace corolla::inline v0::crawl {

// Decoding cannot make a new dot segment: a segment of dots, encoded or not, was resolved when the URL was parsed, and
// %2F stays as it is.
std::string canonical_url(const http::Url& url) {
  if (url.has_credentials()) return canonical_url(url.without_credentials());
  std::string_view text = url.href();
  if (url.has_fragment()) text.remove_suffix(url.fragment().size() + 1);
  if (text.find('%') == std::string_view::npos) return std::string(text);
  std::string canonical;
  canonical.reserve(text.size());
  append_percent_normal(canonical, text);
  return canonical;
}

}  // namespace corolla::inline v0::crawl

// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/headers.hpp>
#include <corolla/http/link.hpp>

#include "http/field_parameters.hpp"

#include <algorithm>
#include <utility>

namespace corolla::inline v0::http {

bool Link::has_rel(std::string_view relation) const noexcept {
  std::string_view relations = parameters.get("rel").value_or("");
  while (!relations.empty()) {
    const std::size_t end = std::min(relations.find_first_of(" \t"), relations.size());
    if (end > 0 && iequals(relations.substr(0, end), relation)) return true;
    relations.remove_prefix(std::min(end + 1, relations.size()));
  }
  return false;
}

// RFC 8288, appendix B.2.
std::vector<Link> Link::parse(std::string_view field, const Url& base, std::size_t most) {
  std::vector<Link> links;
  while (links.size() < most) {
    field.remove_prefix(std::min(field.find_first_not_of(" \t,"), field.size()));
    const std::size_t end = field.find('>');
    if (!field.starts_with('<') || end == std::string_view::npos) break;
    auto url = Url::try_parse(field.substr(1, end - 1), base);
    field.remove_prefix(end + 1);
    FieldParameters parameters = take_parameters(field, ParameterStyle::kInList);
    if (url) links.push_back({std::move(*url), std::move(parameters)});
  }
  return links;
}

}  // namespace corolla::inline v0::http

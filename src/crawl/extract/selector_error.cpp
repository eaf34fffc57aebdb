// SPDX-License-Identifier: Apache-2.0
#include "crawl/extract/selector_error.hpp"

#include <corolla/crawl/fields.hpp>

#include <string>

namespace corolla::inline v0::crawl {

SelectorError::~SelectorError() = default;

void throw_selector_error(std::string_view what, std::string_view text, std::string_view problem,
                          std::size_t position) {
  constexpr std::size_t kShown = 120;
  std::string shown;
  for (const char c : text.substr(0, kShown)) shown += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  if (text.size() > kShown) shown += "...";
  throw SelectorError("bad " + std::string(what) + " '" + shown + "': " + std::string(problem) + " at position " +
                          std::to_string(position),
                      position);
}

}  // namespace corolla::inline v0::crawl

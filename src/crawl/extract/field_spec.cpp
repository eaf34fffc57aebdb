// SPDX-License-Identifier: Apache-2.0
#include <corolla/crawl/fields.hpp>

#include "crawl/extract/ascii.hpp"
#include "crawl/extract/selector_error.hpp"

namespace corolla::inline v0::crawl {

namespace {

struct Kind {
  std::string_view prefix;
  FieldKind kind;
};
constexpr Kind kKinds[] = {{"css:", FieldKind::kCss}, {"xpath:", FieldKind::kXPath}, {"re:", FieldKind::kRegex}};

}  // namespace

FieldSpec FieldSpec::parse(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size() && (is_alnum(text[i]) || text[i] == '_' || text[i] == '-' || text[i] == '.')) ++i;
  if (i == 0) throw_selector_error("field", text, "expected a name of letters, digits, '_', '-', '.'", 0);
  FieldSpec spec;
  spec.name = text.substr(0, i);
  if (text.substr(i, 2) == "[]") {
    spec.all = true;
    i += 2;
  }
  if (i == text.size() || text[i] != '=') throw_selector_error("field", text, "expected '='", i);
  ++i;
  for (const Kind& kind : kKinds) {
    if (!text.substr(i).starts_with(kind.prefix)) continue;
    i += kind.prefix.size();
    spec.kind = kind.kind;
    spec.expression = text.substr(i);
    if (trim(spec.expression).empty()) throw_selector_error("field", text, "expected an expression", i);
    return spec;
  }
  throw_selector_error("field", text, "expected css:, xpath: or re:", i);
}

}  // namespace corolla::inline v0::crawl

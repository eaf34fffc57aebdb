// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace corolla::inline v0::crawl {

enum class Width { kSingle, kMulti, kUtf8, kUtf16, kReplacement, kUserDefined };

struct Encoding {
  std::string_view name;   // WHATWG's
  const char* iconv_name;  // the converter of iconv that covers it; null where none is needed
  Width width;
  std::string_view labels;  // separated by spaces, lower case
};

/// The encoding a label stands for, or null.
const Encoding* encoding_of_label(std::string_view label) noexcept;

/// The encoding of that WHATWG name, which must be one.
const Encoding& encoding_of_name(std::string_view name) noexcept;

}  // namespace corolla::inline v0::crawl

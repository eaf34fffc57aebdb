// SPDX-License-Identifier: Apache-2.0
/// \file
/// Content-Disposition, as parts of forms have it. Source: RFC 6266, 7578 and 8187.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace corolla::inline v0::http {

struct ContentDisposition {
  std::string type;  // in lower case: "form-data"
  std::string name;
  std::optional<std::string> filename;

  /// Reads what can be read. filename* counts before filename where its charset is UTF-8 or ISO-8859-1.
  [[nodiscard]] static ContentDisposition parse(std::string_view field);
};

}  // namespace corolla::inline v0::http

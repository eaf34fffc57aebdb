// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace corolla::inline v0::crawl {

/// Decodes the character references of an attribute's value (HTML standard, 13.2.5.72 to 13.2.5.80, "as part of an
/// attribute": "&copy=1" stays). Returns `raw` itself where there is none, otherwise a view of `buffer`.
std::string_view decode_references(std::string_view raw, std::string& buffer);

}  // namespace corolla::inline v0::crawl

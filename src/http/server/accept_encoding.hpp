// SPDX-License-Identifier: Apache-2.0
/// \file
/// The Accept-Encoding field. Source: RFC 9110, section 12.5.3.
#pragma once

#include <string_view>

namespace corolla::inline v0::http {

/// Whether a client that sent `field` takes the content coding: it lists it, or "*", with a weight above zero. What names
/// the coding counts before "*". gzip is x-gzip.
[[nodiscard]] bool accepts_coding(std::string_view field, std::string_view coding) noexcept;

}  // namespace corolla::inline v0::http

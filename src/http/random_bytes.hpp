// SPDX-License-Identifier: Apache-2.0
/// \file
/// Bytes that nobody can foresee: OpenSSL's generator. Safe from any thread.
#pragma once

#include <cstddef>
#include <string>

namespace corolla::inline v0::http {

/// RuntimeError when there are none.
[[nodiscard]] std::string random_bytes(std::size_t count);

}  // namespace corolla::inline v0::http

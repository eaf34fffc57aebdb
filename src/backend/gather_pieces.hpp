// SPDX-License-Identifier: Apache-2.0
/// \file
/// Pieces of bytes as the kernel's vector of them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include <sys/uio.h>

namespace corolla {
inline namespace v0 {

/// Results are ints, as io_uring's are.
inline constexpr std::size_t kMostBytes = std::size_t{1} << 30;

/// Fills `vector` with the first pieces, at most `most` of them and kMostBytes bytes; how many it took.
inline std::size_t gather_pieces(const std::string_view* pieces, std::size_t count, iovec* vector,
                                 std::size_t most) noexcept {
  std::size_t used = 0;
  std::size_t total = 0;
  for (; used < count && used < most && total < kMostBytes; ++used) {
    const std::size_t size = std::min(pieces[used].size(), kMostBytes - total);
    vector[used].iov_base = const_cast<char*>(pieces[used].data());
    vector[used].iov_len = size;
    total += size;
  }
  return used;
}

}  // namespace v0
}  // namespace corolla

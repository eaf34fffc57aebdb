// SPDX-License-Identifier: Apache-2.0
/// \file
/// A part of a file, for sending it where the kernel cannot copy.
#pragma once

#include <cstdint>
#include <string>

namespace corolla {
inline namespace v0 {

/// At most `count` bytes from `offset` on; empty at the file's end. Blocks: meant for a thread of the executor. OSError.
[[nodiscard]] std::string read_file_part(int file, std::uint64_t offset, std::uint64_t count);

}  // namespace v0
}  // namespace corolla

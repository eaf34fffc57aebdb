// SPDX-License-Identifier: Apache-2.0
/// \file
/// A part of a file, read by a thread of the executor: it may have to come from a disk.
#pragma once

#include <corolla/http/open_file.hpp>
#include <corolla/runtime/coro.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace corolla::inline v0::http {

/// `co_await read_file_part(file, offset, count)`: exactly so many bytes. The file is needed during the call alone. OSError;
/// RuntimeError when the file became shorter.
[[nodiscard]] Coro<std::string> read_file_part(const OpenFile& file, std::uint64_t offset, std::size_t count);

[[noreturn]] void throw_file_became_shorter();

}  // namespace corolla::inline v0::http

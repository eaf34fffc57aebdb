// SPDX-License-Identifier: Apache-2.0
#include "net/file/read_file_part.hpp"

#include <corolla/runtime/error.hpp>

#include <cerrno>

#include <unistd.h>

namespace corolla {
inline namespace v0 {

std::string read_file_part(int file, std::uint64_t offset, std::uint64_t count) {
  std::string bytes(static_cast<std::size_t>(count), '\0');
  for (;;) {
    const ssize_t got = ::pread(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw OSError(errno, "read of the file to send");
    bytes.resize(static_cast<std::size_t>(got));
    return bytes;
  }
}

}  // namespace v0
}  // namespace corolla

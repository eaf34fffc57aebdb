// SPDX-License-Identifier: Apache-2.0
#include "http/server/file_part.hpp"

#include <corolla/runtime/error.hpp>
#include <corolla/runtime/executor.hpp>

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace corolla::inline v0::http {

namespace {

std::string read_part(const OpenFile& file, std::uint64_t offset, std::size_t count) {
  std::string bytes(count, '\0');
  std::size_t have = 0;
  while (have < count) {
    const ssize_t got =
        ::pread(file.descriptor(), bytes.data() + have, count - have, static_cast<off_t>(offset + have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw OSError(errno, "read of the file to send");
    if (got == 0) throw_file_became_shorter();
    have += static_cast<std::size_t>(got);
  }
  return bytes;
}

// The thread has a descriptor of its own, because the task may be gone before it is done.
OpenFile duplicate(const OpenFile& file) {
  const int copy = ::fcntl(file.descriptor(), F_DUPFD_CLOEXEC, 0);
  if (copy < 0) throw OSError(errno, "dup of the file to send");
  return OpenFile(copy);
}

}  // namespace

void throw_file_became_shorter() { throw RuntimeError("the file became shorter while it was sent"); }

Coro<std::string> read_file_part(const OpenFile& file, std::uint64_t offset, std::size_t count) {
  auto reading = to_thread(read_part, duplicate(file), offset, count);
  co_return co_await std::move(reading);
}

}  // namespace corolla::inline v0::http

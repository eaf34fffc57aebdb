// SPDX-License-Identifier: Apache-2.0
#include "backend/file_operation.hpp"

#include <algorithm>
#include <cerrno>

#include <liburing.h>

namespace corolla {
inline namespace v0 {

namespace {

constexpr std::size_t kMost = std::size_t{1} << 30;  // results are ints

}  // namespace

int FileOperation::attempt() noexcept { return -EPERM; }

void FileOperation::prepare(io_uring_sqe& entry) noexcept {
  const auto size = static_cast<unsigned>(std::min(bytes_.size() - begin_, kMost));
  switch (call_) {
    case Call::kRead: ::io_uring_prep_read(&entry, descriptor_, bytes_.data() + begin_, size, offset_); break;
    case Call::kWrite: ::io_uring_prep_write(&entry, descriptor_, bytes_.data() + begin_, size, offset_); break;
    case Call::kSync: ::io_uring_prep_fsync(&entry, descriptor_, 0); break;
  }
}

}  // namespace v0
}  // namespace corolla

// SPDX-License-Identifier: Apache-2.0
/// \file
/// O_NONBLOCK on a descriptor that others may share: standard input and output, a pipe to another process.
#pragma once

#include <fcntl.h>

namespace corolla {
inline namespace v0 {

/// The flag belongs to the open file, not to the descriptor. So somebody else may clear it at any time, a second stream on
/// the same terminal that was closed for one, and it is looked at before each call; and it is put back at the end.
class Nonblocking {
 public:
  explicit Nonblocking(int descriptor) noexcept : descriptor_(descriptor) {}
  Nonblocking(const Nonblocking&) = delete;
  Nonblocking& operator=(const Nonblocking&) = delete;

  void ensure() noexcept {
    const int flags = ::fcntl(descriptor_, F_GETFL);
    if (flags < 0 || (flags & O_NONBLOCK)) return;
    restore_ = ::fcntl(descriptor_, F_SETFL, flags | O_NONBLOCK) == 0;
  }
  void restore() noexcept {
    if (!restore_) return;
    restore_ = false;
    const int flags = ::fcntl(descriptor_, F_GETFL);
    if (flags >= 0) ::fcntl(descriptor_, F_SETFL, flags & ~O_NONBLOCK);
  }

 private:
  int descriptor_;
  bool restore_ = false;
};

}  // namespace v0
}  // namespace corolla

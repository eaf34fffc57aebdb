// SPDX-License-Identifier: Apache-2.0
/// \file
/// A thread that stays on one processor for a while.
#pragma once

#include <cstddef>
#include <vector>

namespace corolla {
inline namespace v0 {

/// The calling thread, on the `index`th of the processors it may use (counted around), from here to the end of the scope. Where
/// that is not possible it stays as it is, and the log says so at the debug level.
class PinnedThread {
 public:
  explicit PinnedThread(std::size_t index) noexcept;
  PinnedThread(const PinnedThread&) = delete;
  PinnedThread& operator=(const PinnedThread&) = delete;
  ~PinnedThread();

 private:
  std::vector<unsigned char> before_;  // the kernel's set; empty: nothing to restore
};

}  // namespace v0
}  // namespace corolla

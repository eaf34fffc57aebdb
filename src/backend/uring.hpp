// SPDX-License-Identifier: Apache-2.0
/// \file
/// Uring: an io_uring with the blocks it receives into, and a way to learn that the kernel is done with it.
///
/// Closing an io_uring says nothing about that. So it holds the writing end of a pipe as a registered file, which it lets go
/// of only after its last operation; whoever has the reading end sees the pipe's end then.
#pragma once

#include "backend/receive_ring.hpp"

#include <liburing.h>

namespace corolla {
inline namespace v0 {

/// Belongs to the thread that made it.
struct Uring {
  Uring() noexcept;
  Uring(const Uring&) = delete;
  Uring& operator=(const Uring&) = delete;
  /// No operation is in flight.
  ~Uring();
  /// From any thread; no operation is left afterwards, and no block is the kernel's.
  void end() noexcept;

  ReceiveRing received;
  io_uring ring{};
  int error;  ///< 0, or the -errno that says why there is no ring

 private:
  int gone_ = -1;
};

}  // namespace v0
}  // namespace corolla

// SPDX-License-Identifier: Apache-2.0
/// \file
/// ReceiveRing: the blocks that io_uring fills with what connections send, shared by all of them.
///
/// The kernel takes a block when bytes are there and says which, so that a connection that waits holds no memory. The
/// filled block goes to its stream, without a copy, and another one takes its place in the ring.
#pragma once

#include "backend/receive_blocks.hpp"

#include <memory>

struct io_uring;
struct io_uring_buf_ring;

namespace corolla {
inline namespace v0 {

class ReceiveRing {
 public:
  /// The group that receives name.
  static constexpr unsigned short kGroup = 0;
  // The ring is a queue: a longer one walks through more memory than the processor's cache holds, a shorter one runs
  // empty within one batch of answers.
  static constexpr unsigned kBlocks = 64;

  ReceiveRing() noexcept = default;
  ReceiveRing(const ReceiveRing&) = delete;
  ReceiveRing& operator=(const ReceiveRing&) = delete;
  /// The kernel is done with the ring it belongs to.
  ~ReceiveRing();

  /// 0, or -errno: the kernel is older than 5.19, or out of memory. It holds no block yet: the first receive that finds
  /// none makes them, so that a loop without sockets costs no more than a page.
  [[nodiscard]] int set_up(io_uring& ring) noexcept;
  /// The block that an answer with these flags says was filled, null if it says none. The caller owns it.
  [[nodiscard]] char* filled(unsigned flags) noexcept;
  /// Makes a block for each place that has none; false when there is no memory for a single one.
  bool refill() noexcept;

 private:
  struct FreeMemory {
    void operator()(io_uring_buf_ring* memory) const noexcept;
  };
  void offer(unsigned index) noexcept;

  std::unique_ptr<io_uring_buf_ring, FreeMemory> offered_;
  char* blocks_[kBlocks] = {};
  unsigned missing_ = kBlocks;
};

}  // namespace v0
}  // namespace corolla

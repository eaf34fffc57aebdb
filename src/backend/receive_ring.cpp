// SPDX-License-Identifier: Apache-2.0
#include "backend/receive_ring.hpp"

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>

#include <liburing.h>

namespace corolla {
inline namespace v0 {

namespace {

constexpr std::size_t kPage = 4096;

}  // namespace

void ReceiveRing::FreeMemory::operator()(io_uring_buf_ring* memory) const noexcept { std::free(memory); }

ReceiveRing::~ReceiveRing() {
  for (char* block : blocks_) {
    if (block) give_receive_block(block);
  }
}

int ReceiveRing::set_up(io_uring& ring) noexcept {
  offered_.reset(static_cast<io_uring_buf_ring*>(std::aligned_alloc(kPage, kPage)));
  static_assert(kBlocks * sizeof(io_uring_buf) <= kPage && (kBlocks & (kBlocks - 1)) == 0);
  if (!offered_) return -ENOMEM;
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<std::uintptr_t>(offered_.get());
  registration.ring_entries = kBlocks;
  registration.bgid = kGroup;
  const int result = ::io_uring_register_buf_ring(&ring, &registration, 0);
  if (result != 0) return result;
  ::io_uring_buf_ring_init(offered_.get());
  return 0;
}

void ReceiveRing::offer(unsigned index) noexcept {
  try {
    blocks_[index] = take_receive_block();
  } catch (const std::bad_alloc&) {
    return;
  }
  --missing_;
  ::io_uring_buf_ring_add(offered_.get(), blocks_[index], kReceiveBlock, static_cast<unsigned short>(index),
                          ::io_uring_buf_ring_mask(kBlocks), 0);
  ::io_uring_buf_ring_advance(offered_.get(), 1);
}

bool ReceiveRing::refill() noexcept {
  for (unsigned i = 0; i < kBlocks && missing_ > 0; ++i) {
    if (!blocks_[i]) offer(i);
  }
  return missing_ < kBlocks;
}

char* ReceiveRing::filled(unsigned flags) noexcept {
  if (!(flags & IORING_CQE_F_BUFFER)) return nullptr;
  const unsigned index = flags >> IORING_CQE_BUFFER_SHIFT;
  char* const block = std::exchange(blocks_[index], nullptr);
  ++missing_;
  offer(index);
  if (missing_ > 0) [[unlikely]]
    refill();
  return block;
}

}  // namespace v0
}  // namespace corolla

// SPDX-License-Identifier: Apache-2.0
/// \file
/// The memory that received bytes land in: blocks of one size, from a stack of each thread.
///
/// Last in, first out: streams that take turns share memory that is still in the processor's cache. Under io_uring the
/// kernel holds some of them, to fill; builds with a sanitizer, which does not see the kernel write, therefore overwrite
/// each freed block with a canary, keep it for a while, and abort when somebody has written to it meanwhile.
#pragma once

#include <corolla/runtime/api.hpp>

#include <cstddef>

namespace corolla {
inline namespace v0 {

inline constexpr std::size_t kReceiveBlock = std::size_t{32} * 1024;

/// kReceiveBlock bytes. std::bad_alloc.
[[nodiscard]] COROLLA_API char* take_receive_block();
/// In any thread.
COROLLA_API void give_receive_block(char* block) noexcept;

}  // namespace v0
}  // namespace corolla

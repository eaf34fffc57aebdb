// SPDX-License-Identifier: Apache-2.0
/// \file
/// Sending memory of the library to a connected socket.
#pragma once

#include "backend/operation.hpp"

#include <cstddef>
#include <string_view>

namespace corolla {
inline namespace v0 {

/// Result: bytes sent. Raises no SIGPIPE.
class COROLLA_API SendOperation : public Operation {
 public:
  int attempt() noexcept final;
  [[nodiscard]] bool tries_first() const noexcept final { return true; }
  void prepare(io_uring_sqe& entry) noexcept final;

  static constexpr std::size_t kMaxPieces = 64;
  /// Sends many pieces with one call, now: bytes sent, or -errno.
  static int send_now(int descriptor, const std::string_view* pieces, std::size_t count) noexcept;

 protected:
  explicit SendOperation(int descriptor) noexcept : Operation(descriptor, Direction::kWrite) {}
  ~SendOperation() = default;

  /// What to send; it stays valid and where it is until finished().
  [[nodiscard]] virtual std::string_view bytes() const noexcept = 0;
};

}  // namespace v0
}  // namespace corolla

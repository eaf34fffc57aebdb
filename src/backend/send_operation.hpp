// SPDX-License-Identifier: Apache-2.0
/// \file
/// Sending memory of the library to a connected socket.
#pragma once

#include "backend/operation.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace corolla {
inline namespace v0 {

/// Result: bytes sent. Raises no SIGPIPE.
class COROLLA_API SendOperation : public Operation {
 public:
  int attempt() noexcept final;
  [[nodiscard]] bool tries_first() const noexcept final { return true; }
  void prepare(io_uring_sqe& entry) noexcept final;
  int completed(int result) noexcept final;

  /// Bytes that are sent as they are.
  static constexpr std::uint8_t kPlain = 0;
  /// Bytes of TLS's type application_data.
  static constexpr std::uint8_t kData = 23;

  static constexpr std::size_t kMaxPieces = 64;
  /// Sends many pieces with one call, now: bytes sent, or -errno.
  static int send_now(int descriptor, const std::string_view* pieces, std::size_t count) noexcept;
  /// Sends bytes as a TLS record of a type of its own on a socket for which the kernel encrypts: as send_now().
  static int send_record_now(int descriptor, std::uint8_t type, std::string_view record) noexcept;

 protected:
  explicit SendOperation(int descriptor) noexcept : Operation(descriptor, Direction::kWrite) {}
  ~SendOperation() = default;

  /// What to send; it stays valid and where it is until finished().
  [[nodiscard]] virtual std::string_view bytes() const noexcept = 0;
  /// What bytes() is: kPlain, or for a kernel that encrypts a TLS record of that type, kData mostly. Constant while in flight.
  [[nodiscard]] virtual std::uint8_t record_type() const noexcept { return kPlain; }
};

}  // namespace v0
}  // namespace corolla

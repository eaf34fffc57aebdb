// SPDX-License-Identifier: Apache-2.0
/// \file
/// Reading, writing and flushing a regular file by io_uring.
#pragma once

#include "backend/operation.hpp"

#include <cstdint>
#include <string>
#include <utility>

namespace corolla {
inline namespace v0 {

/// Result: bytes read or written, 0 for a flush. For io_uring alone: epoll cannot wait for files, it answers -EPERM.
class COROLLA_API FileOperation : public Operation {
 public:
  enum class Call : std::uint8_t { kRead, kWrite, kSync };
  int attempt() noexcept final;
  void prepare(io_uring_sqe& entry) noexcept final;

 protected:
  FileOperation(int descriptor, Call call, std::string bytes, std::size_t begin, std::uint64_t offset) noexcept
      : Operation(descriptor, Direction::kRead),
        call_(call),
        begin_(begin),
        bytes_(std::move(bytes)),
        offset_(offset) {}
  ~FileOperation() = default;

  Call call_;
  std::size_t begin_;  ///< of what is read or written in bytes_
  std::string bytes_;  ///< the kernel's until finished()
  std::uint64_t offset_;
};

}  // namespace v0
}  // namespace corolla

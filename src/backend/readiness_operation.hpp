// SPDX-License-Identifier: Apache-2.0
/// \file
/// A system call that is made, without waiting, once its descriptor is ready: the same under epoll and io_uring.
#pragma once

#include "backend/operation.hpp"

namespace corolla {
inline namespace v0 {

/// For calls into memory that the kernel may not keep, such as a user's. epoll works that way in any case; io_uring polls
/// the descriptor, and attempt() is called when the operation has its turn, right before done().
class COROLLA_API ReadinessOperation : public Operation {
 public:
  void prepare(io_uring_sqe& entry) noexcept final;
  void finished(int result) noexcept final;

 protected:
  ReadinessOperation(Backend& io, int descriptor, Direction direction) noexcept
      : Operation(descriptor, direction), io_(io) {}
  ~ReadinessOperation() = default;

  /// The result of attempt(), or -errno. As finished().
  virtual void done(int result) noexcept = 0;

 private:
  Backend& io_;
  bool polls_ = false;
};

}  // namespace v0
}  // namespace corolla

// SPDX-License-Identifier: Apache-2.0
/// \file
/// WouldBlock: what a call that must not wait throws when it would have to.
///
/// Source: trio's and anyio's exception of that name. Channel and CapacityLimiter throw it; a Queue has QueueFull and
/// QueueEmpty.
#pragma once

#include <corolla/runtime/error.hpp>

#include <string>
#include <utility>

namespace corolla {
inline namespace v0 {

/// See the file's comment.
class COROLLA_API WouldBlock : public Error {
 public:
  explicit WouldBlock(std::string message = "the operation would block") : Error(std::move(message)) {}
};

}  // namespace v0
}  // namespace corolla

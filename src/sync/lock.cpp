// SPDX-License-Identifier: Apache-2.0
#include <corolla/sync/lock.hpp>

#include <corolla/runtime/error.hpp>

namespace corolla {
inline namespace v0 {

void Lock::release() {
  if (!locked_) throw RuntimeError("the lock is not acquired");
  release_quietly();
}

}  // namespace v0
}  // namespace corolla

// SPDX-License-Identifier: Apache-2.0
#include <corolla/testkit/virtual_clock.hpp>

#include <corolla/runtime/error.hpp>

#include <algorithm>

namespace corolla {
inline namespace v0 {
namespace testkit {

VirtualClock::~VirtualClock() = default;

void VirtualClock::advance(std::chrono::nanoseconds by) {
  if (by.count() < 0) throw ValueError("a virtual clock does not go back");
  now_ += by;
}

bool VirtualClock::idle(std::optional<time_point> next) {
  if (next) {
    now_ = std::max(now_, *next);
    return true;
  }
  return hook_ && hook_();
}

}  // namespace testkit
}  // namespace v0
}  // namespace corolla

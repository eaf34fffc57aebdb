// SPDX-License-Identifier: Apache-2.0
/// \file
/// Backend: what an event loop asks of the kernel, the same for epoll and io_uring.
#pragma once

#include <corolla/runtime/schedulable.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

namespace corolla {
inline namespace v0 {

class LoopCore;

/// Not thread safe; used by the loop's thread alone.
class Backend {
 public:
  Backend() = default;
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;
  virtual ~Backend() = default;

  /// "epoll" or "io_uring".
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
  /// Operations that the kernel has not answered yet; the wake-up's own is not counted.
  [[nodiscard]] virtual std::size_t in_flight() const noexcept = 0;
  /// Waits until something completes, the wake-up descriptor is written, or `timeout` passes (nullopt: no limit), and
  /// queues what that wakes. Returns early on signals.
  virtual void poll(std::optional<std::chrono::nanoseconds> timeout) = 0;
  /// Cancels all operations and returns when none is in flight.
  virtual void shut_down() noexcept = 0;
};

/// Makes the backend `name` asks for ("epoll", "io_uring"; empty: COROLLA_BACKEND, else epoll). ValueError for another
/// name. `wake_up` is an eventfd that ends poll() when it is written; the backend resets it.
std::unique_ptr<Backend> make_backend(std::string_view name, LoopCore& core, int wake_up);

}  // namespace v0
}  // namespace corolla

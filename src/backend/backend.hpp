// SPDX-License-Identifier: Apache-2.0
/// \file
/// Backend: what an event loop asks of the kernel, the same for epoll and io_uring.
#pragma once

#include "backend/operation.hpp"
#include "backend/resident.hpp"

#include <corolla/runtime/api.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace corolla {
inline namespace v0 {

class ReadyQueue;

/// Not thread safe; used by the loop's thread alone.
class COROLLA_API Backend {
 public:
  Backend() = default;
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;
  virtual ~Backend() {
    for (const auto& [place, watch] : watches_) watch->release_owner();
    residents_.close();
  }

  /// "epoll" or "io_uring".
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
  /// Operations that somebody waits for; the wake-up's own is not counted.
  [[nodiscard]] virtual std::size_t in_flight() const noexcept = 0;
  /// Waits until something completes, the wake-up descriptor is written, or `timeout` passes (nullopt: no limit), and
  /// queues what that wakes. Returns early on signals.
  virtual void poll(std::optional<std::chrono::nanoseconds> timeout) = 0;
  /// Cancels all operations and returns when none is in flight. They count as cancelled: finished() is not called.
  virtual void shut_down() noexcept = 0;

  /// Starts an operation: its result, or -errno, or Operation::kPending when finished() will be called, which is so too
  /// for one that is not idle. -EBUSY when another operation waits for the same descriptor and direction.
  [[nodiscard]] virtual int perform(Operation& operation) noexcept = 0;
  /// See operation.hpp. Nothing happens to an idle one.
  virtual void cancel(Operation& operation) noexcept = 0;
  /// Nobody waits for a receive any more. epoll withdraws it, for nothing has happened yet; io_uring leaves it in flight,
  /// and what it brings is the owner's to keep.
  virtual void unwant(Operation& operation) noexcept = 0;
  /// io_uring: a multishot operation is to bring no more; what is on its way still comes.
  virtual void stop(Operation& operation) noexcept = 0;
  /// The operation's turn in the ready queue.
  virtual void run(Operation& operation) noexcept = 0;
  /// The operation left the ready queue because the loop dies.
  virtual void drop(Operation& operation) noexcept = 0;

  /// Sockets must not block: epoll's. io_uring would hand EAGAIN out instead of waiting, so its sockets do block.
  [[nodiscard]] virtual bool nonblocking_sockets() noexcept = 0;
  /// A descriptor was just opened, or is about to be closed: what was known of its number is void.
  virtual void forget(int descriptor) noexcept {
    if (const auto at = static_cast<std::size_t>(descriptor); at < claimed_.size()) claimed_[at] = false;
  }
  /// A stream, a transport or a server has the descriptor, until it is forgotten.
  void claim(int descriptor) noexcept {
    const auto at = static_cast<std::size_t>(descriptor);
    try {
      if (at >= claimed_.size()) claimed_.resize(at + at / 2 + 64);
      claimed_[at] = true;
    } catch (...) {  // out of memory: nobody else is warned off, and all else works
    }
  }
  [[nodiscard]] bool claimed(int descriptor) const noexcept {
    const auto at = static_cast<std::size_t>(descriptor);
    return at < claimed_.size() && claimed_[at];
  }
  /// From now on readable() knows about an idle descriptor. False: it will not, an operation has to be started.
  [[nodiscard]] virtual bool watch(int descriptor) noexcept = 0;
  /// The last poll() left something to read there, as far as is known without asking the kernel.
  [[nodiscard]] virtual bool readable(int descriptor) const noexcept = 0;

  /// The callbacks of add_reader and add_writer, by descriptor and direction; kept here because they live as long.
  using Watches = std::map<std::pair<int, Operation::Direction>, Operation*>;
  [[nodiscard]] Watches& watches() noexcept { return watches_; }
  /// Transports: nobody else need hold one.
  [[nodiscard]] Residents& residents() noexcept { return residents_; }

 private:
  std::vector<bool> claimed_;  // by descriptor
  Watches watches_;
  Residents residents_;
};

/// Makes the backend `name` asks for ("epoll", "io_uring"; empty: COROLLA_BACKEND, else epoll). ValueError for another
/// name. `wake_up` is an eventfd that ends poll() when it is written; the backend resets it.
std::unique_ptr<Backend> make_backend(std::string_view name, ReadyQueue& ready, int wake_up);

/// Logs, at the debug level, that epoll serves in io_uring's place, and why: the errno of setting a ring up.
void log_fallback(int error) noexcept;

}  // namespace v0
}  // namespace corolla

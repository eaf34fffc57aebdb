// SPDX-License-Identifier: Apache-2.0
#include <corolla/net/fd_watch.hpp>

#include "backend/backend.hpp"
#include "backend/poll_operation.hpp"

#include <corolla/runtime/error.hpp>
#include <corolla/runtime/event_loop.hpp>

#include <cerrno>
#include <string>
#include <utility>

namespace corolla {
inline namespace v0 {

namespace {

// A callback and its poll, which is started anew after each call. The registry holds one reference while the callback is
// registered, the operation in flight another one.
class Watch final : public PollOperation {
 public:
  Watch(EventLoop& loop, int descriptor, Direction direction, std::function<void()> callback)
      : PollOperation(descriptor, direction), core_(loop.core()), callback_(std::move(callback)) {
    core_.retain();
  }
  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete this;
  }
  int start() noexcept { return core_.loop()->io().perform(*this); }
  void stop() noexcept {
    registered_ = false;
    if (core_.loop()) core_.loop()->io().cancel(*this);
    release();
  }

  void finished(int result) noexcept override {
    if (result >= 0) {
      try {
        callback_();
      } catch (...) {
        report_current_exception(core_, "Exception in a callback of add_reader or add_writer");
      }
      if (!registered_ || !core_.loop()) return;
      result = start();
      if (result == kPending) return;
    }
    if (!registered_ || !core_.loop()) return;
    const int descriptor = descriptor_;
    core_.loop()->call_exception_handler(
        ErrorContext("add_reader or add_writer ended",
                     std::make_exception_ptr(OSError(-result, "poll of descriptor " + std::to_string(descriptor)))));
    core_.loop()->io().watches().erase({descriptor_, direction()});
    stop();
  }
  void retain_owner() noexcept override { retain(); }
  void release_owner() noexcept override { release(); }

 private:
  ~Watch() { core_.release(); }

  LoopCore& core_;
  std::function<void()> callback_;
  bool registered_ = true;
  unsigned references_ = 1;
};

bool remove(int descriptor, Operation::Direction direction) noexcept {
  EventLoop* loop = running_loop_or_null();
  if (!loop || descriptor < 0) return false;
  auto& watches = loop->io().watches();
  const auto found = watches.find({descriptor, direction});
  if (found == watches.end()) return false;
  auto* const watch = static_cast<Watch*>(found->second);
  watches.erase(found);
  watch->stop();
  return true;
}

void add(int descriptor, Operation::Direction direction, std::function<void()> callback) {
  EventLoop& loop = get_running_loop();
  if (descriptor < 0) throw ValueError("invalid file descriptor: " + std::to_string(descriptor));
  const auto refuse = [descriptor](const char* by_whom) {
    throw RuntimeError("file descriptor " + std::to_string(descriptor) + " is used by " + by_whom);
  };
  if (loop.io().claimed(descriptor)) refuse("a stream, a transport or a server");
  remove(descriptor, direction);
  auto* const watch = new Watch(loop, descriptor, direction, std::move(callback));
  int result = Operation::kPending;
  try {
    loop.io().watches().emplace(std::make_pair(descriptor, direction), watch);
    result = watch->start();
  } catch (...) {
    watch->release();
    throw;
  }
  if (result == Operation::kPending) return;
  remove(descriptor, direction);
  if (result == -EBUSY) refuse("a task that waits for its socket");
  throw OSError(-result, "cannot wait for file descriptor " + std::to_string(descriptor));
}

}  // namespace

void add_reader(int descriptor, std::function<void()> callback) {
  add(descriptor, Operation::Direction::kRead, std::move(callback));
}
void add_writer(int descriptor, std::function<void()> callback) {
  add(descriptor, Operation::Direction::kWrite, std::move(callback));
}
bool remove_reader(int descriptor) noexcept { return remove(descriptor, Operation::Direction::kRead); }
bool remove_writer(int descriptor) noexcept { return remove(descriptor, Operation::Direction::kWrite); }

}  // namespace v0
}  // namespace corolla

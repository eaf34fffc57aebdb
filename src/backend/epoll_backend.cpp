// SPDX-License-Identifier: Apache-2.0
#include "backend/epoll_backend.hpp"

#include <corolla/runtime/error.hpp>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <new>

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace corolla {
inline namespace v0 {

namespace {

// What a batch touches stays in the processor's cache until its turn.
constexpr int kEventsAtOnce = 64;
constexpr std::uint64_t kWakeUpTag = ~std::uint64_t{0};

std::uint64_t tag_of(int descriptor, std::uint32_t generation) noexcept {
  return std::uint64_t{generation} << 32 | static_cast<std::uint32_t>(descriptor);
}

static_assert(EPOLLIN == POLLIN && EPOLLOUT == POLLOUT && EPOLLERR == POLLERR && EPOLLHUP == POLLHUP &&
              EPOLLRDHUP == 0x2000);

}  // namespace

EpollBackend::EpollBackend(ReadyQueue& ready, int wake_up)
    : ready_(ready), descriptor_(::epoll_create1(EPOLL_CLOEXEC)), wake_up_(wake_up) {
  if (descriptor_ < 0) throw OSError(errno, "epoll_create1");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kWakeUpTag;
  if (::epoll_ctl(descriptor_, EPOLL_CTL_ADD, wake_up_, &event) != 0) {
    const int error = errno;
    ::close(descriptor_);
    throw OSError(error, "epoll_ctl");
  }
}

EpollBackend::~EpollBackend() { ::close(descriptor_); }

EpollBackend::Slot& EpollBackend::slot(int descriptor) {
  const auto at = static_cast<std::size_t>(descriptor);
  if (at >= slots_.size()) slots_.resize(std::max<std::size_t>({64, at + 1, slots_.size() * 3 / 2}));
  return slots_[at];
}

void EpollBackend::become_idle(Operation& operation) noexcept {
  operation.state_ = Operation::State::kIdle;
  operation.cancelled_ = false;
  operation.result_ = Operation::kPending;
  --in_flight_;
}

void EpollBackend::queue(Operation& operation) noexcept {
  operation.state_ = Operation::State::kQueued;
  ready_.push(operation);
}

void EpollBackend::note_used_up(Slot& slot, const Operation& operation) noexcept {
  if (operation.direction() == Operation::Direction::kWrite) slot.ready &= static_cast<std::uint8_t>(~kWritable);
  else if (!(slot.ready & kPeerGone)) slot.ready &= static_cast<std::uint8_t>(~kReadable);
}

int EpollBackend::perform(Operation& operation) noexcept {
  if (!operation.idle()) return Operation::kPending;
  try {
    Slot& own = slot(operation.descriptor());
    operation.exhausted_ = false;
    if (operation.tries_first() && (own.ready & ready_bit(operation))) {
      const int result = operation.attempt();
      if (result == -EAGAIN || operation.exhausted_) note_used_up(own, operation);
      if (result != -EAGAIN) return result;
    }
    return start_waiting(operation);
  } catch (const std::bad_alloc&) {
    return -ENOMEM;
  }
}

int EpollBackend::start_waiting(Operation& operation) {
  Slot& own = slot(operation.descriptor());
  Operation*& place = own.waiting[index(operation)];
  const bool polls = operation.only_polls();
  const bool registered_otherwise =
      own.registered != Registered::kNo && polls != (own.registered == Registered::kOneShot);
  if (place || (registered_otherwise && own.waited_for())) return -EBUSY;
  place = &operation;
  int error = 0;
  if (polls) error = arm_one_shot(operation.descriptor(), own);
  else if (own.registered != Registered::kEdge) error = register_edge(operation.descriptor(), own);
  if (error != 0) {
    place = nullptr;
    return error;
  }
  operation.backend_ = this;
  operation.state_ = Operation::State::kWaiting;
  operation.retain_owner();
  ++in_flight_;
  if (!polls && (own.ready & ready_bit(operation))) queue(operation);
  return Operation::kPending;
}

int EpollBackend::register_edge(int descriptor, Slot& slot) noexcept {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = tag_of(descriptor, slot.generation);
  if (::epoll_ctl(descriptor_, EPOLL_CTL_ADD, descriptor, &event) != 0) {
    if (errno != EEXIST || ::epoll_ctl(descriptor_, EPOLL_CTL_MOD, descriptor, &event) != 0) return -errno;
  }
  slot.registered = Registered::kEdge;
  return 0;
}

int EpollBackend::arm_one_shot(int descriptor, Slot& slot) noexcept {
  epoll_event event{};
  event.events = EPOLLONESHOT;
  const auto armed = [&](Operation::Direction direction) {
    const Operation* operation = slot.waiting[static_cast<std::size_t>(direction)];
    return operation && operation->state_ != Operation::State::kQueued;
  };
  if (armed(Operation::Direction::kRead)) event.events |= EPOLLIN | EPOLLRDHUP;
  if (armed(Operation::Direction::kWrite)) event.events |= EPOLLOUT;
  event.data.u64 = tag_of(descriptor, slot.generation);
  // The number may have been closed and opened again by its owner, who does not tell us.
  const bool known = slot.registered == Registered::kOneShot;
  if (::epoll_ctl(descriptor_, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, descriptor, &event) != 0) {
    if (errno != (known ? ENOENT : EEXIST)) return -errno;
    if (::epoll_ctl(descriptor_, known ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, descriptor, &event) != 0) return -errno;
  }
  slot.registered = Registered::kOneShot;
  return 0;
}

void EpollBackend::cancel(Operation& operation) noexcept {
  if (operation.state_ == Operation::State::kWaiting) {
    slots_[static_cast<std::size_t>(operation.descriptor())].waiting[index(operation)] = nullptr;
    become_idle(operation);
    operation.release_owner();
  } else if (operation.state_ == Operation::State::kQueued) {
    operation.cancelled_ = true;
    Operation*& place = slots_[static_cast<std::size_t>(operation.descriptor())].waiting[index(operation)];
    if (place == &operation) place = nullptr;
  }
}

// A queued operation keeps its place in the slot, so that no second one slips in between, until it is cancelled.
void EpollBackend::run(Operation& operation) noexcept {
  Slot& own = slots_[static_cast<std::size_t>(operation.descriptor())];
  int result = operation.result_;
  if (!operation.cancelled_ && result == Operation::kPending) {
    operation.exhausted_ = false;
    result = operation.attempt();
    if (result == -EAGAIN || operation.exhausted_) note_used_up(own, operation);
    if (result == -EAGAIN) {
      operation.state_ = Operation::State::kWaiting;
      return;
    }
  }
  if (own.waiting[index(operation)] == &operation) own.waiting[index(operation)] = nullptr;
  const bool cancelled = operation.cancelled_;
  become_idle(operation);
  if (!cancelled) operation.finished(result);
  operation.release_owner();
}

void EpollBackend::drop(Operation& operation) noexcept {
  Slot& own = slots_[static_cast<std::size_t>(operation.descriptor())];
  if (own.waiting[index(operation)] == &operation) own.waiting[index(operation)] = nullptr;
  become_idle(operation);
  operation.release_owner();
}

void EpollBackend::handle(int descriptor, Slot& slot, std::uint32_t events) noexcept {
  if (events & (EPOLLHUP | EPOLLERR | EPOLLRDHUP)) slot.ready |= kReadable | kPeerGone;
  if (events & EPOLLIN) slot.ready |= kReadable;
  if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) slot.ready |= kWritable;
  const bool one_shot = slot.registered == Registered::kOneShot;
  bool still_armed = false;
  for (Operation* operation : slot.waiting) {
    if (!operation || operation->state_ != Operation::State::kWaiting) continue;
    if (one_shot) {
      const bool reads = operation->direction() == Operation::Direction::kRead;
      const std::uint32_t wanted = (reads ? EPOLLIN | EPOLLRDHUP : EPOLLOUT) | EPOLLHUP | EPOLLERR;
      if (!(events & wanted)) {
        still_armed = true;
        continue;
      }
      operation->result_ = static_cast<int>(events & wanted);
      queue(*operation);
    } else if (slot.ready & ready_bit(*operation)) {
      queue(*operation);
    }
  }
  if (still_armed) static_cast<void>(arm_one_shot(descriptor, slot));
}

int EpollBackend::wait(void* events, int capacity, std::optional<std::chrono::nanoseconds> timeout) noexcept {
  auto* const list = static_cast<epoll_event*>(events);
  if (timeout && timeout->count() > 0 && precise_) {
    timespec limit{};
    limit.tv_sec = static_cast<time_t>(timeout->count() / 1'000'000'000);
    limit.tv_nsec = static_cast<long>(timeout->count() % 1'000'000'000);
    const int count = ::epoll_pwait2(descriptor_, list, capacity, &limit, nullptr);
    if (count >= 0 || errno != ENOSYS) return count;
    precise_ = false;
  }
  int milliseconds = -1;
  if (timeout) {
    const auto rounded = std::chrono::ceil<std::chrono::milliseconds>(*timeout).count();
    milliseconds = static_cast<int>(std::clamp<std::int64_t>(rounded, 0, std::numeric_limits<int>::max()));
  }
  return ::epoll_wait(descriptor_, list, capacity, milliseconds);
}

void EpollBackend::poll(std::optional<std::chrono::nanoseconds> timeout) {
  epoll_event events[kEventsAtOnce];
  const int count = wait(events, kEventsAtOnce, timeout);
  if (count < 0 && errno != EINTR) throw OSError(errno, "epoll_wait");
  for (int i = 0; i < count; ++i) {
    const std::uint64_t tag = events[i].data.u64;
    if (tag == kWakeUpTag) {
      std::uint64_t value = 0;
      [[maybe_unused]] const auto got = ::read(wake_up_, &value, sizeof value);
      continue;
    }
    const auto descriptor = static_cast<int>(tag & 0xffffffffU);
    Slot& own = slots_[static_cast<std::size_t>(descriptor)];
    if (own.generation == static_cast<std::uint32_t>(tag >> 32) && own.registered != Registered::kNo)
      handle(descriptor, own, events[i].events);
  }
  for (unsigned depth = 0; depth < Operation::kPrefetchDepth; ++depth) {
    for (int i = 0; i < count; ++i) {
      const std::uint64_t tag = events[i].data.u64;
      if (tag == kWakeUpTag) continue;
      const Operation* const reading = slots_[static_cast<std::uint32_t>(tag)].waiting[0];
      if (reading && reading->state_ == Operation::State::kQueued) reading->prefetch(depth);
    }
  }
}

void EpollBackend::shut_down() noexcept {
  for (std::size_t at = 0; at < slots_.size(); ++at) {
    for (std::size_t direction = 0; direction < 2; ++direction) {
      if (Operation* operation = slots_[at].waiting[direction]) cancel(*operation);
    }
  }
}

void EpollBackend::forget(int descriptor) noexcept {
  Backend::forget(descriptor);
  if (static_cast<std::size_t>(descriptor) >= slots_.size()) return;
  Slot& own = slots_[static_cast<std::size_t>(descriptor)];
  own.waiting[0] = own.waiting[1] = nullptr;
  ++own.generation;
  own.ready = kWritable;
  own.registered = Registered::kNo;
}

bool EpollBackend::watch(int descriptor) noexcept {
  try {
    Slot& own = slot(descriptor);
    if (own.registered == Registered::kNo && register_edge(descriptor, own) != 0) return false;
    // A receive that filled its room to the last byte leaves it open whether there is more.
    if ((own.ready & kReadable) && !(own.ready & kPeerGone)) {
      char byte = 0;
      if (::recv(descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN)
        own.ready &= static_cast<std::uint8_t>(~kReadable);
    }
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

bool EpollBackend::readable(int descriptor) const noexcept {
  const auto at = static_cast<std::size_t>(descriptor);
  return at < slots_.size() && (slots_[at].ready & (kReadable | kPeerGone)) != 0;
}

}  // namespace v0
}  // namespace corolla

// SPDX-License-Identifier: Apache-2.0
#include "net/process/signal_dispatcher.hpp"

#include <corolla/runtime/error.hpp>

#include <array>
#include <cerrno>
#include <csignal>
#include <mutex>
#include <string>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

namespace corolla {
inline namespace v0 {

namespace {

constexpr int kSignals = 64;
static_assert(NSIG == kSignals + 1);

constexpr std::uint64_t bit_of(int signal) noexcept { return std::uint64_t{1} << (signal - 1); }

struct Place {
  std::atomic<bool> taken{false};
  std::atomic<std::uint64_t> wanted{0};
  std::atomic<std::uint64_t> overflow{0};
  std::atomic<int> pipe{-1};
};

// Constant initialization: the handler may run before and after main().
constinit std::array<Place, SignalPlace::kMostLoops> places;
constinit std::atomic<std::size_t> places_used{0};  // one beyond the last that was ever taken
constinit std::atomic<int> handlers_running{0};
constinit std::atomic<int> owner{0};  // the process that installed the handlers
static_assert(std::atomic<std::uint64_t>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

std::mutex mutex;  // of what follows
std::array<struct sigaction, kSignals + 1> former;
std::array<unsigned, kSignals + 1> places_wanting;

extern "C" void on_signal(int signal) {
  const int error = errno;
  handlers_running.fetch_add(1);
  if (::getpid() != owner.load()) {
    ::signal(signal, SIG_DFL);
    ::raise(signal);  // delivered when this handler returns
  } else {
    const std::size_t end = places_used.load();
    for (std::size_t i = 0; i < end; ++i) {
      Place& place = places[i];
      if (!(place.wanted.load() & bit_of(signal))) continue;
      const auto number = static_cast<unsigned char>(signal);
      if (::write(place.pipe.load(), &number, 1) != 1) place.overflow.fetch_or(bit_of(signal));
    }
  }
  handlers_running.fetch_sub(1);
  errno = error;
}

}  // namespace

void require_signal(int signal) {
  struct sigaction present{};
  if (signal < 1 || signal > kSignals || ::sigaction(signal, nullptr, &present) != 0)
    throw ValueError("invalid signal number " + std::to_string(signal));
}

SignalPlace::SignalPlace() {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) throw OSError(errno, "pipe2");
  const std::lock_guard lock(mutex);
  while (index_ < places.size() && places[index_].taken.load()) ++index_;
  if (index_ == places.size()) {
    ::close(ends[0]);
    ::close(ends[1]);
    throw RuntimeError("too many event loops handle signals");
  }
  Place& place = places[index_];
  place.taken = true;
  place.overflow = 0;
  place.pipe = ends[1];
  if (places_used.load() <= index_) places_used = index_ + 1;
  reading_ = ends[0];
}

SignalPlace::~SignalPlace() {
  const std::lock_guard lock(mutex);
  Place& place = places[index_];
  place.wanted = 0;
  // One that interrupted this thread has returned.
  while (handlers_running.load() != 0) std::this_thread::yield();
  ::close(place.pipe.exchange(-1));
  ::close(reading_);
  place.taken = false;
}

void SignalPlace::want(int signal) {
  require_signal(signal);
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
    if (signal == fault) throw RuntimeError("sig " + std::to_string(signal) + " cannot be handled by an event loop");
  }
  const std::lock_guard lock(mutex);
  Place& place = places[index_];
  if (place.wanted.load() & bit_of(signal)) return;
  const auto at = static_cast<std::size_t>(signal);
  place.wanted.fetch_or(bit_of(signal));
  if (places_wanting[at] == 0) {
    owner = ::getpid();
    struct sigaction action{};
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART | SA_ONSTACK;
    ::sigfillset(&action.sa_mask);
    if (::sigaction(signal, &action, &former[at]) != 0) {
      place.wanted.fetch_and(~bit_of(signal));
      throw RuntimeError("sig " + std::to_string(signal) + " cannot be caught");
    }
  }
  ++places_wanting[at];
}

// An action that somebody else has set meanwhile is left alone.
void SignalPlace::unwant(int signal) noexcept {
  const std::lock_guard lock(mutex);
  Place& place = places[index_];
  if (!(place.wanted.load() & bit_of(signal))) return;
  const auto at = static_cast<std::size_t>(signal);
  if (--places_wanting[at] == 0) {
    struct sigaction present{};
    if (::sigaction(signal, nullptr, &present) == 0 && present.sa_handler == on_signal)
      ::sigaction(signal, &former[at], nullptr);
  }
  place.wanted.fetch_and(~bit_of(signal));
}

int SignalPlace::take() noexcept {
  unsigned char number = 0;
  ssize_t got = 0;
  do {
    got = ::read(reading_, &number, 1);
  } while (got < 0 && errno == EINTR);
  if (got == 1) return number;
  Place& place = places[index_];
  const std::uint64_t overflow = place.overflow.load();
  if (overflow == 0) return 0;
  const int signal = __builtin_ctzll(overflow) + 1;
  place.overflow.fetch_and(~bit_of(signal));
  return signal;
}

}  // namespace v0
}  // namespace corolla

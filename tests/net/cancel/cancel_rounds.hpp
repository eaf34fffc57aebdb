// SPDX-License-Identifier: Apache-2.0
/// \file
/// One wait, cancelled a thousand times: before it starts, in flight, after it completed but before it resumed, and at
/// seeded moments around what it waits for.
#pragma once

#include "tests/net/net_test.hpp"

#include <functional>

#include <sys/eventfd.h>

namespace corolla_tests {

/// What a round does to its task; made once, in the running loop.
class CancelRounds {
 public:
  static constexpr int kRounds = 1000;

  explicit CancelRounds(std::uint64_t seed) : random_(seed), trigger_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (trigger_ < 0) throw OSError(errno, "eventfd");
    get_running_loop().io().forget(trigger_);
    add_reader(trigger_, [this] { pull(); });
  }
  CancelRounds(const CancelRounds&) = delete;
  CancelRounds& operator=(const CancelRounds&) = delete;
  ~CancelRounds() {
    remove_reader(trigger_);
    ::close(trigger_);
  }

  /// An iteration in which the kernel is asked, since nothing but a timer is ready then.
  static auto step() { return sleep(1ns); }

  [[nodiscard]] Random& random() noexcept { return random_; }
  /// The rounds whose task ended as cancelled.
  [[nodiscard]] int cancelled() const noexcept { return cancelled_; }

  /// Cancels `task`, which was just made, and lets `event` happen, once each; which comes first and how far the task is by
  /// then depends on the round. Returns when it is done.
  template <class T, class Event>
  Coro<void> disturb(Task<T>& task, Event& event) {
    switch (round_++ % 4) {
      case 0:  // before it starts
        task.cancel();
        event();
        break;
      case 1:  // in flight
        for (std::size_t steps = 1 + below(3); steps > 0; --steps) co_await step();
        task.cancel();
        event();
        break;
      case 2:  // The kernel reports the trigger first: the task's own completion is behind it in the ready queue.
        for (std::size_t steps = 1 + below(3); steps > 0; --steps) co_await step();
        cancel_ = [&task] { task.cancel(); };
        fire();
        event();
        while (cancel_) co_await step();
        break;
      default: {  // anywhere, in any order
        constexpr std::size_t kSteps = 6;
        const std::size_t cancel_at = below(kSteps);
        const std::size_t event_at = below(kSteps);
        const bool event_first = below(2) == 0;
        for (std::size_t now = 0; now < kSteps; ++now) {
          if (now == event_at && event_first) event();
          if (now == cancel_at) task.cancel();
          if (now == event_at && !event_first) event();
          co_await step();
        }
      }
    }
    while (!task.done()) co_await step();
    if (task.cancelled()) ++cancelled_;
  }

 private:
  // The low digits are not random enough.
  std::size_t below(std::size_t end) { return random_.below(end * 1009) / 1009; }
  void fire() const {
    const std::uint64_t one = 1;
    EXPECT_EQ(::write(trigger_, &one, sizeof one), static_cast<ssize_t>(sizeof one));
  }
  void pull() {
    std::uint64_t count = 0;
    static_cast<void>(::read(trigger_, &count, sizeof count));
    if (const auto cancel = std::exchange(cancel_, nullptr)) cancel();
  }

  Random random_;
  int trigger_;
  std::function<void()> cancel_;
  int round_ = 0;
  int cancelled_ = 0;
};

/// Calls `round(rounds)`, which returns a Coro<void>, a thousand times or until an expectation fails; then nothing may be left
/// in flight.
template <class Round>
Coro<void> a_thousand_rounds(std::uint64_t seed, Round& round) {
  CancelRounds rounds(seed);
  co_await CancelRounds::step();
  const std::size_t in_flight = get_running_loop().io().in_flight();
  constexpr auto kDeadline = 60s;  // for a round that waits for what was lost
  for (int i = 0; i < CancelRounds::kRounds; ++i) {
    auto one = round(rounds);
    const auto ended = co_await outcome(wait_for(std::move(one), kDeadline));
    EXPECT_TRUE(ended) << ended.error_message();
    if (testing::Test::HasFailure()) {
      ADD_FAILURE() << "in round " << i;
      co_return;
    }
  }
  EXPECT_GT(rounds.cancelled(), CancelRounds::kRounds / 4);  // those that never started, at the very least
  // A stream that lives on may have a receive armed; a wait left behind in each round would be a thousand.
  constexpr std::size_t kLasting = 4;
  for (int i = 0; i < 20'000 && get_running_loop().io().in_flight() > in_flight + kLasting; ++i) co_await sleep(1ns);
  EXPECT_LE(get_running_loop().io().in_flight(), in_flight + kLasting);
}

/// stream.receive(), cancelled a thousand times while `send(bytes)` has the other end send: each byte arrives once, in order.
template <class Send>
Coro<void> receive_rounds(std::uint64_t seed, ByteStream& stream, Send& send) {
  std::size_t sent = 0;
  std::size_t received = 0;
  int completed_unseen = 0;
  auto round = [&](CancelRounds& rounds) -> Coro<void> {
    auto task = create_task([](ByteStream& s) -> Coro<void> { co_await s.receive(); }, std::ref(stream));
    const std::size_t size = 1 + rounds.random().below(2000);
    auto send_more = [&] {
      send(pattern(size, sent));
      sent += size;
    };
    co_await rounds.disturb(task, send_more);
    const auto result = co_await outcome(task);
    EXPECT_TRUE(result || result.cancelled()) << result.error_message();
    if (!result && !stream.buffered().empty()) ++completed_unseen;
    while (!testing::Test::HasFailure()) {
      const std::string_view bytes = stream.buffered();
      EXPECT_TRUE(bytes == pattern(bytes.size(), received));
      received += bytes.size();
      stream.consume(bytes.size());
      if (received >= sent) break;
      const auto more = co_await stream.receive();
      EXPECT_FALSE(more.empty());
    }
    EXPECT_EQ(received, sent);
  };
  co_await a_thousand_rounds(seed, round);
  // What came for a task that was cancelled before it had its turn is in the buffer: that moment was tried.
  EXPECT_GT(completed_unseen, 100);
}

}  // namespace corolla_tests

// SPDX-License-Identifier: Apache-2.0
// Every awaiter of the runtime is a class with constructors of its own (g++ 12 destroys aggregate temporaries of an await
// twice) and at most 24 bytes (g++ 12 never overlaps them in a frame).
#include <corolla/runtime.hpp>

#include <memory>
#include <string>
#include <type_traits>

#include <gtest/gtest.h>

namespace {

using namespace corolla;

template <class A>
constexpr bool safe_awaiter = !std::is_aggregate_v<A> && sizeof(A) <= 24 && alignof(A) <= 16;
/// What stands beside an await as a temporary: a class with constructors, or nothing to destroy.
template <class A>
constexpr bool safe_temporary = !std::is_aggregate_v<A> || std::is_trivially_destructible_v<A>;

static_assert(safe_awaiter<CoroAwaiter<void>> && safe_awaiter<CoroAwaiter<std::string>>);
static_assert(safe_awaiter<CoroOutcomeAwaiter<void>> && safe_awaiter<CoroOutcomeAwaiter<std::string>>);
static_assert(safe_awaiter<FutureAwaiter<void, false>> && safe_awaiter<FutureAwaiter<std::string, true>>);
static_assert(safe_awaiter<FutureOutcomeAwaiter<void, false>> && safe_awaiter<FutureOutcomeAwaiter<std::string, true>>);
static_assert(safe_awaiter<Sleep> && safe_awaiter<ChildrenDone> && safe_awaiter<FinalAwaiter>);

static_assert(safe_temporary<Coro<std::string>> && safe_temporary<Task<std::string>> && safe_temporary<Future<int>>);
static_assert(safe_temporary<Outcome<std::string>> && safe_temporary<Outcome<void>>);
static_assert(safe_temporary<OutcomeOf<FutureOutcomeAwaiter<int, false>, Future<int>>>);
static_assert(safe_temporary<EventLoopOptions> && safe_temporary<ErrorContext>);
static_assert(safe_temporary<Handle> && safe_temporary<TimerHandle> && safe_temporary<FutureRef<FutureBase>>);
static_assert(safe_temporary<ReturnExceptions> && safe_temporary<CancelledError> && safe_temporary<OSError>);

/// Counts how often what it stands for is built and destroyed.
struct Balance {
  static inline int alive = 0;
  Balance() { ++alive; }
  Balance(const Balance& /*other*/) { ++alive; }
  Balance& operator=(const Balance&) = default;
  ~Balance() { --alive; }
};

Coro<int> takes(Balance /*balance*/, int value) {
  co_await sleep(std::chrono::nanoseconds(0));
  co_return value;
}
Coro<Balance> gives() {
  co_await sleep(std::chrono::nanoseconds(0));
  co_return Balance();
}

TEST(Gcc12Awaiters, TemporariesOfOurOwnTypesBesideAnAwaitAreDestroyedOnce) {
  Balance::alive = 0;
  auto body = []() -> Coro<void> {
    const int taken = co_await takes(Balance(), 3);
    EXPECT_EQ(taken, 3);
    static_cast<void>(co_await gives());
    static_cast<void>(co_await create_task(gives()));
    static_cast<void>(co_await outcome(gives()));
    static_cast<void>(co_await outcome(create_task(gives())));
    static_cast<void>(co_await wait_for(gives(), std::chrono::hours(1)));
    static_cast<void>(co_await gather(gives(), create_task(gives())));
    static_cast<void>(co_await gather(return_exceptions, gives(), gives()));
    static_cast<void>(co_await timeout(std::chrono::hours(1), [] { return gives(); }));
    static_cast<void>(co_await task_group([](TaskGroup& group) -> Coro<Balance> {
      group.create_task(takes, Balance(), 1);
      co_return Balance();
    }));
    static_cast<void>(co_await create_task(takes, Balance(), 4));
  };
  run(body());
  EXPECT_EQ(Balance::alive, 0);
}

}  // namespace

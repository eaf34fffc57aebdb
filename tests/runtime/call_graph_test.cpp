// SPDX-License-Identifier: Apache-2.0
#include "tests/support/runtime_test.hpp"

#include <string_view>

namespace corolla_tests {
namespace {

using CallGraphTest = RuntimeTest;

Coro<void> innermost_wait() { co_await sleep(1h); }
Coro<void> middle_wait() { co_await innermost_wait(); }
Coro<void> await_task(Task<> task) { co_await task; }

bool stands_in(const FrameCallGraphEntry& frame, std::string_view function) {
  return std::string_view(frame.where.function_name()).find(function) != std::string_view::npos &&
         std::string_view(frame.where.file_name()).ends_with("call_graph_test.cpp") && frame.where.line() > 0;
}

TEST_F(CallGraphTest, HoldsTheChainOfCoroutinesAndWhoAwaits) {
  run_and_destroy([]() -> Coro<void> {
    auto sleeper = create_task(middle_wait(), TaskOptions().name("sleeper"));
    auto first = create_task(await_task(sleeper), TaskOptions().name("first"));
    auto second = create_task(await_task(sleeper), TaskOptions().name("second"));
    auto last = create_task(await_task(second), TaskOptions().name("last"));
    co_await sleep(1ms);
    const CallGraph graph = capture_call_graph(sleeper);
    EXPECT_EQ(graph.futures.size(), 4U);
    const FutureCallGraph& root = graph.futures[0];
    EXPECT_EQ(root.name, "sleeper");
    EXPECT_EQ(root.call_stack.size(), 2U);
    EXPECT_TRUE(stands_in(root.call_stack[0], "innermost_wait"));
    EXPECT_TRUE(stands_in(root.call_stack[1], "middle_wait"));
    EXPECT_EQ(root.awaited_by, (std::vector<std::size_t>{1, 2}));
    EXPECT_EQ(graph.futures[1].name, "first");
    EXPECT_EQ(graph.futures[2].name, "second");
    EXPECT_TRUE(graph.futures[1].awaited_by.empty());
    EXPECT_EQ(graph.futures[2].awaited_by, (std::vector<std::size_t>{3}));
    EXPECT_EQ(graph.futures[3].name, "last");
    const CallGraph limited = capture_call_graph(sleeper, 1);
    EXPECT_EQ(limited.futures[0].call_stack.size(), 1U);
    sleeper.cancel();
    const std::vector<Task<>> both{first, last};
    co_await wait(both);
  });
}

TEST_F(CallGraphTest, GoesThroughGatherShieldWaitAndGroups) {
  run_and_destroy([]() -> Coro<void> {
    auto leaf = create_task(forever(), TaskOptions().name("leaf"));
    auto gatherer = create_task([](Task<> task) -> Coro<void> { co_await gather(task, sleep(1h)); }, leaf);
    auto shielder = create_task([](Task<> task) -> Coro<void> { co_await shield(task); }, leaf);
    auto wait_for_one = [](Task<> task) -> Coro<void> {
      const std::vector<Task<>> one(1, task);
      co_await wait(one);
    };
    auto waiter = create_task(wait_for_one, leaf);
    gatherer.set_name("gatherer");
    shielder.set_name("shielder");
    waiter.set_name("waiter");
    co_await sleep(1ms);
    const CallGraph graph = capture_call_graph(leaf);
    Log names;
    for (const FutureCallGraph& entry : graph.futures) names.push_back(entry.name);
    EXPECT_EQ(names, (Log{"leaf", "gather", "Future", "waiter", "gatherer", "shielder"}));
    gatherer.cancel();
    shielder.cancel();
    waiter.cancel();
    leaf.cancel();
    co_await sleep(1ms);
  });
}

TEST_F(CallGraphTest, AChildOfAGroupIsAwaitedByTheTaskOfTheGroup) {
  run_and_destroy([]() -> Coro<void> {
    current_task().set_name("parent");
    co_await task_group([](TaskGroup& group) -> Coro<void> {
      auto child = group.create_task(forever());
      co_await sleep(1ms);
      const CallGraph graph = capture_call_graph(child);
      EXPECT_EQ(graph.futures.size(), 2U);
      EXPECT_EQ(graph.futures.back().name, "parent");
      child.cancel();
    });
  });
}

TEST_F(CallGraphTest, TheCurrentTaskStandsWhereItAsks) {
  run_and_destroy([]() -> Coro<void> {
    const auto graph = capture_call_graph();
    const unsigned line = std::source_location::current().line() - 1;
    EXPECT_TRUE(graph.has_value());
    EXPECT_EQ(graph->futures[0].call_stack[0].where.line(), line);
    bool none = false;
    get_running_loop().call_soon([&none] { none = !capture_call_graph().has_value(); });
    co_await sleep(0ns);
    EXPECT_TRUE(none);
  });
  EXPECT_THROW(static_cast<void>(capture_call_graph()), RuntimeError);
}

TEST_F(CallGraphTest, ADoneTaskHasNoChainAndATaskThatHasNotBegunItsBeginning) {
  run_and_destroy([]() -> Coro<void> {
    auto task = create_task(innermost_wait());
    const CallGraph before = capture_call_graph(task);
    EXPECT_EQ(before.futures[0].call_stack.size(), 1U);
    EXPECT_TRUE(stands_in(before.futures[0].call_stack[0], "innermost_wait"));
    task.cancel();
    co_await sleep(1ms);
    EXPECT_TRUE(capture_call_graph(task).futures[0].call_stack.empty());
  });
}

TEST_F(CallGraphTest, AFutureIsShownWithItsWaiters) {
  run_and_destroy([]() -> Coro<void> {
    auto future = get_running_loop().create_future<>();
    auto task = create_task([](Future<> f) -> Coro<void> { co_await f; }, future);
    co_await sleep(1ms);
    const CallGraph graph = capture_call_graph(future);
    EXPECT_EQ(graph.futures[0].name, "Future");
    EXPECT_TRUE(graph.futures[0].call_stack.empty());
    EXPECT_TRUE(graph.futures[1].future.get() == task.state().get());
    future.set_result();
    co_await task;
  });
}

TEST_F(CallGraphTest, TextShowsEachEntryOnce) {
  run([]() -> Coro<void> {
    auto leaf = create_task(innermost_wait(), TaskOptions().name("leaf"));
    auto both = create_task([](Task<> t) -> Coro<void> { co_await gather(gather(t), gather(t)); }, leaf);
    both.set_name("both");
    co_await sleep(1ms);
    const std::string text = format_call_graph(capture_call_graph(leaf));
    EXPECT_EQ(text.rfind("* leaf\n  + Call stack:\n  |   ", 0), 0U) << text;
    EXPECT_NE(text.find("innermost_wait"), std::string::npos) << text;
    EXPECT_NE(text.find("  + Awaited by:\n    * gather\n"), std::string::npos) << text;
    EXPECT_NE(text.find("(see above)"), std::string::npos) << text;
    EXPECT_EQ(text.find("* both\n"), text.rfind("* both\n")) << text;
    leaf.cancel();
    co_await outcome(both);
  }());
}

TEST_F(CallGraphTest, AllTasksInOneText) {
  run([]() -> Coro<void> {
    current_task().set_name("main");
    auto sleeper = create_task(middle_wait(), TaskOptions().name("sleeper"));
    auto waiter = create_task(await_task(sleeper), TaskOptions().name("waiter"));
    co_await sleep(1ms);
    const std::string text = format_all_tasks(get_running_loop());
    EXPECT_LT(text.find("* main\n"), text.find("* sleeper\n"));
    EXPECT_LT(text.find("  + Awaited by: waiter\n"), text.find("* waiter\n"));
    sleeper.cancel();
    co_await outcome(waiter);
  }());
}

Coro<void> await_chain(Task<>* task) { co_await *task; }

TEST_F(CallGraphTest, AChainOfAnyLengthIsCaptured) {
  run([]() -> Coro<void> {
    constexpr int kLength = 100'000;
    std::vector<Task<>> chain;
    chain.reserve(kLength + 1);
    chain.emplace_back(create_task(forever()));
    for (int i = 0; i < kLength; ++i) chain.emplace_back(create_task(await_chain(&chain.back())));
    co_await sleep(0ns);
    co_await sleep(0ns);
    {
      const CallGraph graph = capture_call_graph(chain.front());
      EXPECT_EQ(graph.futures.size(), static_cast<std::size_t>(kLength) + 1);
      EXPECT_LT(format_call_graph(graph).size(), 100'000'000U);
    }
    chain.front().cancel();
    co_await outcome(chain.back());
  }());
}

}  // namespace
}  // namespace corolla_tests

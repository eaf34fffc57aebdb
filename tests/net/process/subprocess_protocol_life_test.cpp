// SPDX-License-Identifier: Apache-2.0
//
// A child with a protocol: what cannot be started, what is cancelled, what outlives its handles or its loop.
#include "tests/net/process/subprocess_protocol_test.hpp"

#include <csignal>
#include <string>
#include <vector>

namespace corolla_tests {
namespace {

class SubprocessProtocolLifeTest : public SubprocessTest {};

TEST_F(SubprocessProtocolLifeTest, WhatCannotBeStartedIsThrown) {
  run([]() -> Coro<void> {
    auto protocol = child_recorder();
    const auto factory = [protocol] { return protocol; };
    auto unknown = subprocess_exec(factory, std::vector<std::string>{"/does/not/exist"});
    const auto missing = co_await outcome(std::move(unknown));
    EXPECT_EQ(os_error_of(missing.error()), std::errc::no_such_file_or_directory);
    auto without_name = subprocess_exec(factory, std::vector<std::string>());
    const auto nameless = co_await outcome(std::move(without_name));
    EXPECT_TRUE(failed_with<ValueError>(nameless));
    auto without_protocol =
        subprocess_exec([] { return std::shared_ptr<ChildRecorder>(); }, std::vector<std::string>{"cat"});
    const auto lonely = co_await outcome(std::move(without_protocol));
    EXPECT_TRUE(failed_with<ValueError>(lonely));
    auto throwing = subprocess_exec([]() -> std::shared_ptr<ChildRecorder> { throw ValueError("of the factory"); },
                                    std::vector<std::string>{"cat"});
    const auto thrown = co_await outcome(std::move(throwing));
    EXPECT_EQ(thrown.error_message(), "of the factory");
    EXPECT_EQ(count_children(), 0U);
    co_await sleep(0s);
    EXPECT_TRUE(protocol->events.empty());
  }());
}

TEST_F(SubprocessProtocolLifeTest, CancelledItKillsTheChild) {
  run([]() -> Coro<void> {
    for (int steps = 0; steps < 4; ++steps) {
      auto protocol = child_recorder();
      auto start = [](std::shared_ptr<ChildRecorder> made) -> Coro<void> {
        const auto factory = [made] { return made; };
        auto [transport, same] = co_await subprocess_shell(factory, "cat");
        transport.close();
      };
      auto starting = create_task(start, protocol);
      for (int i = 0; i < steps; ++i) co_await sleep(0s);
      starting.cancel();
      static_cast<void>(co_await outcome(std::move(starting)));
      while (count_children() > 0) co_await sleep(1ms);
      const auto over = [&] { return protocol->events.empty() || protocol->events.back() == "lost"; };
      auto ending = eventually(over);
      const bool told = co_await std::move(ending);
      EXPECT_TRUE(told) << steps;
      EXPECT_EQ(protocol->events.empty(), steps == 0);
    }
  }());
}

TEST_F(SubprocessProtocolLifeTest, WaitingForTheEndIsCancelledWithoutHarm) {
  run([]() -> Coro<void> {
    auto [transport, protocol] = co_await subprocess_exec(child_recorder, piped(), "cat");
    auto waiting = create_task(transport.wait_closed());
    auto other = create_task(transport.wait_closed());
    co_await sleep(0s);
    waiting.cancel();
    static_cast<void>(co_await outcome(waiting));
    EXPECT_TRUE(waiting.cancelled());
    EXPECT_FALSE(other.done());
    transport.get_pipe_transport(0).close();
    co_await other;
    EXPECT_TRUE(protocol->saw("exited 0"));
  }());
}

TEST_F(SubprocessProtocolLifeTest, TheLoopKeepsTheChildWithoutAHandle) {
  run([]() -> Coro<void> {
    std::weak_ptr<ChildRecorder> watched;
    Transport input;
    {
      auto [transport, protocol] = co_await subprocess_exec(child_recorder, piped(), "cat");
      input = transport.get_pipe_transport(0);
      watched = protocol;
      protocol->transport = SubprocessTransport();
    }
    co_await sleep(1ms);
    EXPECT_FALSE(watched.expired());
    EXPECT_EQ(count_children(), 1U);
    input.close();
    const auto released = [&] { return watched.expired(); };
    auto releasing = eventually(released);
    const bool gone = co_await std::move(releasing);
    EXPECT_TRUE(gone);
    EXPECT_EQ(count_children(), 0U);
  }());
}

TEST_F(SubprocessProtocolLifeTest, ALoopThatIsClosedEndsTheChildAndLetsGoOfTheProtocol) {
  LoggedLines logged;
  for (const bool debug : {false, true}) {
    std::weak_ptr<ChildRecorder> watched;
    SubprocessTransport kept;
    {
      EventLoop loop;
      loop.set_debug(debug);
      auto main = [](std::weak_ptr<ChildRecorder>& seen, SubprocessTransport& out) -> Coro<void> {
        auto [transport, protocol] = co_await subprocess_exec(child_recorder, SubprocessOptions::piped(), "cat");
        protocol->on_event = [](std::string_view event) { ADD_FAILURE() << event << " by a loop that is closed"; };
        seen = protocol;
        out = transport;
      };
      loop.run_until_complete(main(watched, kept));
      EXPECT_FALSE(watched.expired());
      EXPECT_EQ(count_children(), 1U);
    }
    EXPECT_TRUE(watched.expired());
    EXPECT_EQ(kept.get_protocol(), nullptr);
    EXPECT_THROW(kept.kill(), OSError);
    kept.close();
    kept = SubprocessTransport();
    EXPECT_EQ(count_children(), 0U);
    EXPECT_EQ(count_of(logged.lines, "unclosed transport of a child"), debug ? 1U : 0U);
  }
}

TEST_F(SubprocessProtocolLifeTest, ACodeThatNobodyCanHaveIsUnknown) {
  LoggedLines logged;  // swallows the warnings
  const auto before = std::signal(SIGCHLD, SIG_IGN);
  run([]() -> Coro<void> {
    for (int i = 0; i < 20; ++i) {
      auto [transport, protocol] = co_await subprocess_exec(child_recorder, without_pipes(), "true");
      auto waiting = transport.wait_closed();
      co_await std::move(waiting);
      EXPECT_EQ(protocol->events, (Events{"made", "exited 255", "lost"}));
    }
  }());
  std::signal(SIGCHLD, before);
}

TEST_F(SubprocessProtocolLifeTest, ManyAtOnce) {
  run([]() -> Coro<void> {
    std::vector<std::shared_ptr<ChildRecorder>> protocols;
    for (int i = 0; i < 50; ++i) {
      auto [transport, protocol] = co_await subprocess_exec(child_recorder, piped(), "cat");
      transport.get_pipe_transport(0).write(std::to_string(i));
      transport.get_pipe_transport(0).write_eof();
      protocols.push_back(protocol);
    }
    for (std::size_t i = 0; i < protocols.size(); ++i) {
      auto waiting = protocols[i]->transport.wait_closed();
      co_await std::move(waiting);
      EXPECT_TRUE(protocols[i]->saw("data 1 " + std::to_string(i)));
      EXPECT_TRUE(protocols[i]->saw("exited 0"));
    }
    EXPECT_EQ(count_children(), 0U);
  }());
}

Coro<void> a_child_with_a_protocol() {
  auto [transport, protocol] = co_await subprocess_shell(child_recorder, "cat; echo done >&2");
  transport.get_pipe_transport(0).write(pattern(100'000));
  transport.get_pipe_transport(0).write_eof();
  auto waiting = transport.wait_closed();
  co_await std::move(waiting);
  EXPECT_EQ(protocol->received, 100'005U);
}

TEST_F(SubprocessProtocolLifeTest, ALoopThatDiesAtAnyStep) {
  run(a_child_with_a_protocol());
  destroy_at_every_step<RealLoop>(a_child_with_a_protocol);
}

}  // namespace
}  // namespace corolla_tests

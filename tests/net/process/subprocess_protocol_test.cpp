// SPDX-License-Identifier: Apache-2.0
#include "tests/net/process/subprocess_protocol_test.hpp"

#include <csignal>
#include <string>
#include <vector>

namespace corolla_tests {
namespace {

class SubprocessProtocolTest : public SubprocessTest {};

TEST_F(SubprocessProtocolTest, EachCallComesInTheOrderOfItsPipe) {
  run([]() -> Coro<void> {
    SubprocessOptions options = SubprocessOptions::piped();
    options.stdin_from = Stdio::kInherit;
    auto [transport, protocol] =
        co_await subprocess_shell(child_recorder, "printf output; printf errors >&2; exit 6", options);
    EXPECT_GT(transport.get_pid(), 0);
    EXPECT_FALSE(transport.get_pipe_transport(0));
    EXPECT_TRUE(transport.get_pipe_transport(1));
    EXPECT_TRUE(transport.get_pipe_transport(2));
    EXPECT_FALSE(transport.get_pipe_transport(3));
    EXPECT_FALSE(transport.get_pipe_transport(-1));
    EXPECT_EQ(transport.get_protocol(), protocol);
    auto waiting = transport.wait_closed();
    co_await std::move(waiting);
    EXPECT_EQ(protocol->events.size(), 7U);
    EXPECT_EQ(protocol->place_of("made"), 0U);
    for (const char* event : {"data 1 output", "data 2 errors", "pipe 1 lost", "pipe 2 lost", "exited 6"})
      EXPECT_TRUE(protocol->saw(event)) << event;
    EXPECT_LT(protocol->place_of("data 1 output"), protocol->place_of("pipe 1 lost"));
    EXPECT_LT(protocol->place_of("data 2 errors"), protocol->place_of("pipe 2 lost"));
    EXPECT_EQ(protocol->events.back(), "lost");
    EXPECT_EQ(transport.get_returncode(), 6);
    EXPECT_EQ(transport.get_protocol(), nullptr);
    EXPECT_FALSE(transport.is_closing());
    // It is over: waiting returns, closing does nothing, signals have nobody to go to.
    auto again = transport.wait_closed();
    co_await std::move(again);
    EXPECT_THROW(transport.terminate(), OSError);
    EXPECT_THROW(transport.kill(), OSError);
    transport.close();
    EXPECT_TRUE(transport.is_closing());
    co_await sleep(0s);
    EXPECT_EQ(protocol->events.size(), 7U);
  }());
}

TEST_F(SubprocessProtocolTest, ConnectionMadeComesBeforeTheEndOfAChildThatHasEnded) {
  run([]() -> Coro<void> {
    auto protocol = child_recorder();
    Events order;
    protocol->on_event = [&order](std::string_view event) { order.emplace_back(event); };
    auto start = [](std::shared_ptr<ChildRecorder> made, Events& noted) -> Coro<void> {
      const auto factory = [made] { return made; };
      auto [transport, same] = co_await subprocess_shell(factory, "echo text; exit 3");
      noted.emplace_back("started");
      siginfo_t info{};
      EXPECT_EQ(::waitid(P_PID, static_cast<id_t>(transport.get_pid()), &info, WEXITED | WNOWAIT), 0);
    };
    auto starting = create_task(start, protocol, std::ref(order));
    co_await starting;
    // Its end and its bytes are there, and nobody asked the kernel yet.
    EXPECT_EQ(order, (Events{"made", "started"}));
    EXPECT_EQ(protocol->transport.get_returncode(), std::nullopt);
    auto waiting = protocol->transport.wait_closed();
    co_await std::move(waiting);
    EXPECT_TRUE(protocol->saw("data 1 text\n"));
    EXPECT_TRUE(protocol->saw("exited 3"));
    EXPECT_EQ(protocol->events.back(), "lost");
  }());
}

TEST_F(SubprocessProtocolTest, StdinIsATransport) {
  run([]() -> Coro<void> {
    auto [transport, protocol] = co_await subprocess_exec(child_recorder, piped(), "cat");
    const Transport input = transport.get_pipe_transport(0);
    const std::string bytes = pattern(300'000);
    input.write(bytes);
    EXPECT_TRUE(protocol->saw("pause"));
    EXPECT_TRUE(input.can_write_eof());
    input.write_eof();
    auto waiting = transport.wait_closed();
    co_await std::move(waiting);
    EXPECT_TRUE(protocol->saw("resume"));
    EXPECT_EQ(protocol->received, bytes.size());
    std::string echoed;
    for (const std::string& event : protocol->events) {
      if (event.starts_with("data 1 ")) echoed += event.substr(7);
    }
    EXPECT_TRUE(echoed == bytes);
    EXPECT_TRUE(protocol->saw("pipe 0 lost"));
    EXPECT_TRUE(protocol->saw("pipe 1 lost"));
    EXPECT_TRUE(protocol->saw("exited 0"));
    EXPECT_EQ(protocol->events.back(), "lost");
  }());
}

TEST_F(SubprocessProtocolTest, AConversation) {
  run([]() -> Coro<void> {
    auto [transport, protocol] = co_await subprocess_exec(child_recorder, SubprocessOptions::piped(), "cat");
    const Transport input = transport.get_pipe_transport(0);
    for (const char* line : {"Python ", "The Winner"}) {
      const std::size_t expected = protocol->received + std::string_view(line).size();
      input.write(line);
      const auto answered = [&] { return protocol->received == expected; };
      auto answering = eventually(answered);
      const bool came = co_await std::move(answering);
      EXPECT_TRUE(came);
    }
    input.close();
    auto waiting = transport.wait_closed();
    co_await std::move(waiting);
    EXPECT_TRUE(protocol->saw("data 1 Python The Winner"));
    EXPECT_TRUE(protocol->saw("exited 0"));
  }());
}

TEST_F(SubprocessProtocolTest, PipesMayOutliveTheChild) {
  run([]() -> Coro<void> {
    // What the shell leaves behind has its pipes.
    auto [transport, protocol] =
        co_await subprocess_shell(child_recorder, "exec 3<&0; cat <&3 2>/dev/null & exit 7", piped());
    const auto exited = [&] { return protocol->saw("exited 7"); };
    auto exiting = eventually(exited);
    const bool ended = co_await std::move(exiting);
    EXPECT_TRUE(ended);
    EXPECT_EQ(protocol->events, (Events{"made", "exited 7"}));
    EXPECT_EQ(transport.get_returncode(), 7);
    transport.kill();  // to nobody, and no error before connection_lost
    transport.get_pipe_transport(0).write("late");
    transport.get_pipe_transport(0).write_eof();
    auto waiting = transport.wait_closed();
    co_await std::move(waiting);
    EXPECT_TRUE(protocol->saw("data 1 late"));
    EXPECT_EQ(protocol->events.back(), "lost");
    EXPECT_TRUE(protocol->saw("pipe 0 lost"));
    EXPECT_TRUE(protocol->saw("pipe 1 lost"));
  }());
}

TEST_F(SubprocessProtocolTest, TheChildMayOutliveItsPipes) {
  run([]() -> Coro<void> {
    auto [transport, protocol] =
        co_await subprocess_shell(child_recorder, "exec <&- >&- 2>&-; while :; do sleep 1000; done");
    const auto gone = [&] {
      return protocol->saw("pipe 0 lost") && protocol->saw("pipe 1 lost") && protocol->saw("pipe 2 lost");
    };
    auto going = eventually(gone);
    const bool closed = co_await std::move(going);
    EXPECT_TRUE(closed);
    EXPECT_EQ(protocol->events.size(), 4U);
    EXPECT_EQ(transport.get_returncode(), std::nullopt);
    transport.close();
    auto waiting = transport.wait_closed();
    co_await std::move(waiting);
    EXPECT_EQ(protocol->events.size(), 6U);
    EXPECT_EQ(protocol->place_of("exited -9"), 4U);
    EXPECT_EQ(protocol->place_of("lost"), 5U);
  }());
}

TEST_F(SubprocessProtocolTest, Signals) {
  run([]() -> Coro<void> {
    for (const int signal : {SIGTERM, SIGKILL, SIGHUP}) {
      auto [transport, protocol] = co_await subprocess_exec(child_recorder, without_pipes(), "sleep", "1000");
      EXPECT_THROW(transport.send_signal(12345), OSError);
      if (signal == SIGTERM) transport.terminate();
      else if (signal == SIGKILL) transport.kill();
      else transport.send_signal(signal);
      auto waiting = transport.wait_closed();
      co_await std::move(waiting);
      EXPECT_EQ(protocol->events, (Events{"made", "exited -" + std::to_string(signal), "lost"}));
      EXPECT_THROW(transport.send_signal(signal), OSError);
    }
  }());
}

TEST_F(SubprocessProtocolTest, CloseKillsAndTellsOfTheEnd) {
  run([]() -> Coro<void> {
    auto [transport, protocol] = co_await subprocess_exec(child_recorder, SubprocessOptions::piped(), "cat");
    transport.close();
    transport.close();
    EXPECT_TRUE(transport.is_closing());
    EXPECT_TRUE(transport.get_pipe_transport(0).is_closing());
    auto waiting = transport.wait_closed();
    co_await std::move(waiting);
    EXPECT_EQ(transport.get_returncode(), -SIGKILL);
    EXPECT_EQ(protocol->events.size(), 6U);
    for (const char* event : {"made", "pipe 0 lost", "pipe 1 lost", "pipe 2 lost", "exited -9", "lost"})
      EXPECT_TRUE(protocol->saw(event)) << event;
    EXPECT_EQ(protocol->events.back(), "lost");
  }());
}

TEST_F(SubprocessProtocolTest, ItMayBeClosedInAnyCall) {
  run([]() -> Coro<void> {
    for (const std::string_view when : {"made", "data", "pipe 1 lost", "exited 0", "lost"}) {
      auto protocol = child_recorder();
      const auto factory = [protocol] { return protocol; };
      protocol->on_event = [&](std::string_view event) {
        if (event == when) protocol->transport.close();
      };
      auto [transport, same] = co_await subprocess_shell(factory, "echo text");
      auto waiting = transport.wait_closed();
      co_await std::move(waiting);
      EXPECT_EQ(protocol->place_of("made"), 0U) << when;
      EXPECT_TRUE(protocol->saw("lost")) << when;
      EXPECT_EQ(protocol->events.back(), "lost") << when;
      EXPECT_TRUE(transport.get_returncode().has_value()) << when;
      protocol->on_event = nullptr;
    }
  }());
}

TEST_F(SubprocessProtocolTest, APipeMayBePausedAndClosed) {
  run([]() -> Coro<void> {
    auto [transport, protocol] = co_await subprocess_shell(child_recorder, "echo text; cat; yes");
    const Transport output = transport.get_pipe_transport(1);
    output.pause_reading();
    EXPECT_FALSE(output.is_reading());
    co_await sleep(5ms);
    EXPECT_EQ(protocol->events, (Events{"made"}));
    output.resume_reading();
    const auto answered = [&] { return protocol->received == 5; };
    auto answering = eventually(answered);
    const bool came = co_await std::move(answering);
    EXPECT_TRUE(came);
    // Nobody reads what `yes` writes: it is killed for that, or told.
    output.close();
    transport.get_pipe_transport(0).write_eof();
    auto waiting = transport.wait_closed();
    co_await std::move(waiting);
    EXPECT_TRUE(protocol->saw("pipe 1 lost"));
    EXPECT_EQ(protocol->events.back(), "lost");
    EXPECT_NE(transport.get_returncode(), 0);
  }());
}

TEST_F(SubprocessProtocolTest, ErrorsMayGoWhereOutputGoes) {
  run([]() -> Coro<void> {
    SubprocessOptions options = piped();
    options.stderr_to = Stdio::kStdout;
    auto [transport, protocol] = co_await subprocess_shell(child_recorder, "cat; echo err >&2", options);
    EXPECT_FALSE(transport.get_pipe_transport(2));
    transport.get_pipe_transport(0).write("out ");
    transport.get_pipe_transport(0).close();
    auto waiting = transport.wait_closed();
    co_await std::move(waiting);
    EXPECT_TRUE(protocol->saw("data 1 out err\n"));
    EXPECT_FALSE(protocol->saw("pipe 2 lost"));
  }());
}

TEST_F(SubprocessProtocolTest, WhatACallbackThrowsIsReportedAndItGoesOn) {
  run([]() -> Coro<void> {
    HandlerLog handler;
    auto protocol = child_recorder();
    const auto factory = [protocol] { return protocol; };
    protocol->on_event = [](std::string_view event) { throw ValueError(std::string(event)); };
    auto [transport, same] = co_await subprocess_shell(factory, "echo text", piped());
    auto waiting = transport.wait_closed();
    co_await std::move(waiting);
    EXPECT_EQ(protocol->events.size(), 6U);
    std::sort(handler.told.begin(), handler.told.end());
    EXPECT_EQ(handler.told,
              (Events{"protocol.connection_lost() failed: lost", "protocol.connection_made() failed: made",
                      "protocol.pipe_connection_lost() failed: pipe 0 lost",
                      "protocol.pipe_connection_lost() failed: pipe 1 lost",
                      "protocol.pipe_data_received() failed: data", "protocol.process_exited() failed: exited 0"}));
  }());
}

TEST_F(SubprocessProtocolTest, AnotherProtocolMayTakeOver) {
  run([]() -> Coro<void> {
    auto [transport, first] = co_await subprocess_exec(child_recorder, piped(), "cat");
    auto second = child_recorder();
    second->transport = transport;
    EXPECT_THROW(transport.set_protocol(nullptr), ValueError);
    transport.set_protocol(second);
    EXPECT_EQ(transport.get_protocol(), second);
    transport.get_pipe_transport(0).write("text");
    transport.get_pipe_transport(0).write_eof();
    auto waiting = transport.wait_closed();
    co_await std::move(waiting);
    EXPECT_EQ(first->events, (Events{"made"}));
    EXPECT_TRUE(second->saw("data 1 text"));
    EXPECT_EQ(second->events.back(), "lost");
  }());
}

}  // namespace
}  // namespace corolla_tests

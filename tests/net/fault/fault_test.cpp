// SPDX-License-Identifier: Apache-2.0
//
// Peers that refuse, reset, half close or vanish; a system that is out of descriptors.
#include "tests/net/net_test.hpp"
#include "tests/support/no_descriptors.hpp"

#include <optional>

namespace corolla_tests {
namespace {

class FaultTest : public NetTest {};

TEST_F(FaultTest, RefusedConnectionsSayWhere) {
  run([]() -> Coro<void> {
    std::uint16_t closed_port = 0;
    {
      auto server = co_await start_server([](ByteStream) -> Coro<void> { co_return; }, "127.0.0.1", 0);
      closed_port = server.port();
    }
    co_await sleep(0s);
    auto connecting = connect_tcp("127.0.0.1", closed_port);
    const auto result = co_await outcome(std::move(connecting));
    try {
      std::rethrow_exception(result.error());
    } catch (const OSError& error) {
      EXPECT_EQ(error.code(), std::errc::connection_refused);
      EXPECT_NE(std::string(error.what()).find("127.0.0.1:" + std::to_string(closed_port)), std::string::npos);
    }
    auto by_path = open_unix_connection("/no/such/socket");
    const auto by_path_outcome = co_await outcome(std::move(by_path));
    EXPECT_TRUE(failed_with<OSError>(by_path_outcome));
  }());
}

TEST_F(FaultTest, AResetIsAnErrorForReaderAndWriterAndNoSignal) {
  run([]() -> Coro<void> {
    auto pair = co_await tcp_pair();
    pair.peer.send("unread");
    pair.peer.reset();
    std::string error;
    try {
      for (;;) {
        const std::string_view bytes = co_await pair.stream.receive();
        if (bytes.empty()) break;
      }
      ADD_FAILURE() << "a reset is not an end";
    } catch (const OSError& failure) {
      EXPECT_EQ(failure.code(), std::errc::connection_reset);
    }
    // Sending fails for good, by error.
    for (int i = 0; i < 2; ++i) {
      bool failed = false;
      try {
        co_await pair.stream.send_all("x");
        co_await pair.stream.send_all("y");
      } catch (const OSError&) {
        failed = true;
      }
      EXPECT_TRUE(failed);
    }
    EXPECT_FALSE(pair.stream.quiet());
  }());
}

TEST_F(FaultTest, WritingToAPeerThatIsGoneRaisesNoSignal) {
  run([]() -> Coro<void> {
    auto pair = stream_pair();
    pair.peer.close();
    bool failed = false;
    for (int i = 0; i < 3 && !failed; ++i) {
      try {
        co_await pair.stream.send_all("x", "y");
      } catch (const OSError& error) {
        EXPECT_EQ(error.code(), std::errc::broken_pipe);
        failed = true;
      }
    }
    EXPECT_TRUE(failed);
  }());
}

TEST_F(FaultTest, AHalfClosedPeerStillGetsTheAnswer) {
  run([]() -> Coro<void> {
    auto server = co_await start_server(
        [](StreamReader reader, StreamWriter writer) -> Coro<void> {
          const std::string request = co_await reader.read();
          co_await sleep(0s);
          co_await writer.write("got " + std::to_string(request.size()));
          writer.close();
          co_await writer.wait_closed();
        },
        "127.0.0.1", 0);
    auto connection = co_await open_connection("127.0.0.1", server.port());
    co_await connection.writer.write(std::string(1000, 'x'));
    EXPECT_TRUE(connection.writer.can_write_eof());
    connection.writer.write_eof();
    EXPECT_THROW(connection.writer.write_nowait("late"), RuntimeError);
    const auto text = co_await connection.reader.read();
    EXPECT_EQ(text, "got 1000");
    server.close();
    co_await server.wait_closed();
  }());
}

TEST_F(FaultTest, OutOfDescriptorsTheServerPausesAndGoesOn) {
  if (!kDescriptorsMayRunOut) GTEST_SKIP() << kSanitizersNeedDescriptors;
  run([]() -> Coro<void> {
    int reports = 0;
    get_running_loop().set_exception_handler([&](EventLoop&, const ErrorContext& context) {
      EXPECT_NE(context.message.find("pauses"), std::string::npos) << context.message;
      ++reports;
    });
    ServerOptions options;
    options.accept_retry_delay = 1ms;
    auto server = co_await start_server([](ByteStream stream) -> Coro<void> { co_await stream.send_all("served"); },
                                        "127.0.0.1", 0, options);
    auto connecting = connect_tcp("127.0.0.1", server.port());  // its socket is opened before descriptors run out
    auto client = create_task(std::move(connecting));
    std::optional<NoDescriptors> none;
    get_running_loop().call_soon([&] { none.emplace(); });
    ByteStream stream = co_await std::move(client);
    while (reports == 0) co_await sleep(1ms);
    none.reset();
    const auto received = co_await stream.receive();
    EXPECT_EQ(received, "served");
    server.close();
    co_await server.wait_closed();
  }());
}

TEST_F(FaultTest, AHandlersErrorIsReportedAndTheConnectionClosed) {
  run([]() -> Coro<void> {
    std::string report;
    get_running_loop().set_exception_handler(
        [&](EventLoop&, const ErrorContext& context) { report += describe(context.exception); });
    auto server = co_await start_server(
        [](StreamReader reader, StreamWriter) -> Coro<void> {
          const std::string line = co_await reader.readline();
          throw ValueError("no such command: " + line);
        },
        "127.0.0.1", 0);
    auto connection = co_await open_connection("127.0.0.1", server.port());
    co_await connection.writer.write("nonsense\n");
    const auto text = co_await connection.reader.read();
    EXPECT_EQ(text, "");
    co_await sleep(0s);
    EXPECT_EQ(report, "no such command: nonsense\n");
    server.close();
    co_await server.wait_closed();
  }());
}

TEST_F(FaultTest, AnAddressInUseIsNamed) {
  run([]() -> Coro<void> {
    const auto ignore = [](ByteStream) -> Coro<void> { co_return; };
    auto first = co_await start_server(ignore, "127.0.0.1", 0);
    auto starting = start_server(ignore, "127.0.0.1", first.port());
    const auto second = co_await outcome(std::move(starting));
    EXPECT_NE(second.error_message().find("127.0.0.1:" + std::to_string(first.port())), std::string::npos);
    EXPECT_EQ(os_error_of(second.error()), std::errc::address_in_use);
  }());
}

}  // namespace
}  // namespace corolla_tests

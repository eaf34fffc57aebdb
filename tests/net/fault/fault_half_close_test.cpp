// SPDX-License-Identifier: Apache-2.0
//
// Half-closed connections: which end stops sending first, with bytes on their way, and what a reset does then.
#include "tests/net/net_test.hpp"

#include <corolla/sync/event.hpp>

#include <string>

namespace corolla_tests {
namespace {

class FaultHalfCloseTest : public NetTest {};

constexpr std::size_t kMuch = std::size_t{3} << 20;  // more than the kernel holds

TEST_F(FaultHalfCloseTest, ThePeerFirst) {
  run([]() -> Coro<void> {
    auto pair = co_await tcp_pair();
    pair.peer.send("question");
    pair.peer.shut_down_sending();
    auto receiving = receive_all(pair.stream);
    const std::string got = co_await std::move(receiving);
    EXPECT_EQ(got, "question");
    EXPECT_TRUE(pair.stream.at_eof());
    const auto again = co_await pair.stream.receive();
    EXPECT_EQ(again, "") << "the end is for ever";
    pair.stream.send_nowait(pattern(kMuch));
    pair.stream.send_eof();
    auto taking = take_all(pair.peer);
    const std::string answer = co_await std::move(taking);
    EXPECT_TRUE(answer == pattern(kMuch)) << answer.size();
    pair.stream.close();
    co_await pair.stream.wait_closed();
  }());
}

TEST_F(FaultHalfCloseTest, OurselvesFirst) {
  run([]() -> Coro<void> {
    auto pair = co_await tcp_pair();
    pair.stream.send_nowait(pattern(kMuch));
    pair.stream.send_eof();  // behind what is not sent yet
    pair.stream.send_eof();
    EXPECT_THROW(pair.stream.send_nowait("late"), RuntimeError);
    auto taking = take_all(pair.peer);
    const std::string question = co_await std::move(taking);
    EXPECT_TRUE(question == pattern(kMuch)) << question.size();
    EXPECT_FALSE(pair.stream.at_eof());
    pair.peer.send("answer");
    pair.peer.close();
    auto receiving = receive_all(pair.stream);
    const std::string got = co_await std::move(receiving);
    EXPECT_EQ(got, "answer");
  }());
}

TEST_F(FaultHalfCloseTest, BothAtOnceWithBytesOnTheirWay) {
  run([]() -> Coro<void> {
    Event served;
    std::string question;
    auto server = co_await start_server(
        [&](ByteStream stream) -> Coro<void> {
          stream.send_nowait(pattern(kMuch, 1));
          stream.send_eof();
          auto receiving = receive_all(stream);
          question = co_await std::move(receiving);
          stream.close();
          co_await stream.wait_closed();
          served.set();
        },
        "127.0.0.1", 0);
    auto connecting = connect_tcp("127.0.0.1", server.port());
    ByteStream client = co_await std::move(connecting);
    client.send_nowait(pattern(kMuch, 2));
    client.send_eof();
    auto receiving = receive_all(client);
    const std::string answer = co_await std::move(receiving);
    co_await served.wait();
    EXPECT_TRUE(answer == pattern(kMuch, 1)) << answer.size();
    EXPECT_TRUE(question == pattern(kMuch, 2)) << question.size();
    server.close();
    co_await server.wait_closed();
  }());
}

TEST_F(FaultHalfCloseTest, AResetBehindOurEndIsNoEnd) {
  run([]() -> Coro<void> {
    auto pair = co_await tcp_pair();
    co_await pair.stream.send_all("question");
    pair.stream.send_eof();
    auto receiving = receive_all(pair.stream);
    auto task = create_task(std::move(receiving));
    co_await sleep(0s);
    pair.peer.send("half an ans");
    pair.peer.reset();
    const auto result = co_await outcome(std::move(task));
    EXPECT_EQ(os_error_of(result.error()), std::errc::connection_reset) << result.error_message();
  }());
}

TEST_F(FaultHalfCloseTest, AResetBehindThePeersEndIsAnErrorOfWriting) {
  run([]() -> Coro<void> {
    auto pair = co_await tcp_pair();
    pair.peer.send("question");
    pair.peer.shut_down_sending();
    auto receiving = receive_all(pair.stream);
    const std::string got = co_await std::move(receiving);
    EXPECT_EQ(got, "question");
    pair.stream.send_nowait(pattern(kMuch));
    pair.peer.reset();
    const auto drained = co_await outcome(pair.stream.send_all("more"));
    const std::error_code failure = os_error_of(drained.error());
    EXPECT_TRUE(failure == std::errc::connection_reset || failure == std::errc::broken_pipe) << failure.message();
    const auto received = co_await pair.stream.receive();
    EXPECT_EQ(received, "") << "the end came before";
  }());
}

}  // namespace
}  // namespace corolla_tests

// SPDX-License-Identifier: Apache-2.0
#include "tests/net/net_test.hpp"

#include <vector>

namespace corolla_tests {
namespace {

class StreamWriterTest : public NetTest {};

TEST_F(StreamWriterTest, ClosingWaitsForNobodyWhoHasNotRead) {
  run([]() -> Coro<void> {
    auto pair = stream_pair();
    StreamConnection connection(std::move(pair.stream));
    pair.peer.send("line\nrest");
    const std::string line = co_await connection.reader.readline();
    EXPECT_EQ(line, "line\n");
    EXPECT_FALSE(connection.writer.is_closing());
    connection.writer.close();
    EXPECT_TRUE(connection.writer.is_closing());
    co_await connection.writer.wait_closed();
    const std::string rest = co_await connection.reader.read();
    EXPECT_EQ(rest, "rest");
    EXPECT_TRUE(connection.reader.at_eof());
  }());
}

TEST_F(StreamWriterTest, ClosedItTakesNothingAndItsReaderIsAtTheEnd) {
  run([]() -> Coro<void> {
    auto pair = stream_pair();
    StreamConnection connection(std::move(pair.stream));
    connection.writer.close();
    co_await connection.writer.wait_closed();
    EXPECT_TRUE(connection.reader.at_eof());
    const std::string nothing = co_await connection.reader.read();
    EXPECT_EQ(nothing, "");
    EXPECT_THROW(static_cast<void>(connection.writer.write("x")), RuntimeError);
    EXPECT_THROW(connection.writer.write_nowait("x"), RuntimeError);
  }());
}

TEST_F(StreamWriterTest, AnyNumberOfTasksMayWaitForTheLowMark) {
  run([]() -> Coro<void> {
    auto pair = stream_pair();
    StreamWriter writer(std::move(pair.stream));
    writer.write_nowait(pattern(2'000'000));
    std::vector<Task<void>> draining;
    for (int i = 0; i < 10; ++i)
      draining.push_back(create_task([](StreamWriter& to) -> Coro<void> { co_await to.drain(); }, std::ref(writer)));
    co_await sleep(0s);
    for (const Task<void>& task : draining) EXPECT_FALSE(task.done());
    std::size_t got = 0;
    while (got < 2'000'000) {
      got += pair.peer.take().size();
      co_await sleep(0s);
    }
    for (const Task<void>& task : draining) co_await task;
    writer.abort();
  }());
}

}  // namespace
}  // namespace corolla_tests

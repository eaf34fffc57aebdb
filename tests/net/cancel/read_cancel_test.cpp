// SPDX-License-Identifier: Apache-2.0
//
// What a StreamReader reads, cancelled: each byte is returned exactly once, in order, whichever read asked for it.
#include "tests/net/cancel/cancel_rounds.hpp"

namespace corolla_tests {
namespace {

class ReadCancelTest : public NetTest {};

// Reads what is left of what was sent.
Coro<void> catch_up(StreamReader& reader, std::string& got, std::size_t sent) {
  while (got.size() < sent) {
    auto reading = reader.read(700);
    const std::string bytes = co_await std::move(reading);
    if (bytes.empty()) co_return;
    got += bytes;
  }
}

// A record for each round, which each kind of read can be waiting for.
Coro<void> read_records(std::uint64_t seed, StreamReader& reader, const Peer& peer,
                        Coro<std::string> (*read)(StreamReader&, std::size_t)) {
  int number = 0;
  auto round = [&](CancelRounds& rounds) -> Coro<void> {
    const std::string record = std::to_string(number++) + std::string(rounds.random().below(800), 'x') + "\r\n";
    std::string got;
    auto task = create_task(read, std::ref(reader), record.size());
    // In two parts at times: what is there of a record when its read is cancelled must stay.
    const std::size_t first = rounds.random().below(record.size());
    auto send = [&] { peer.send(std::string_view(record).substr(first)); };
    peer.send(std::string_view(record).substr(0, first));
    co_await rounds.disturb(task, send);
    const auto result = co_await outcome(task);
    if (result) got = *result;
    co_await catch_up(reader, got, record.size());
    EXPECT_EQ(got, record);
  };
  co_await a_thousand_rounds(seed, round);
}

Coro<std::string> read_some(StreamReader& reader, std::size_t size) { return reader.read(std::ptrdiff_t(size)); }
Coro<std::string> read_exactly(StreamReader& reader, std::size_t size) { return reader.readexactly(size); }
Coro<std::string> read_line(StreamReader& reader, std::size_t /*size*/) { return reader.readline(); }
Coro<std::string> read_until(StreamReader& reader, std::size_t /*size*/) { return reader.readuntil("\r\n"); }

Coro<void> each_kind_over_tcp() {
  for (const auto read : {read_some, read_exactly, read_line, read_until}) {
    auto pair = co_await tcp_pair();
    StreamReader reader(pair.stream.state());
    co_await read_records(101, reader, pair.peer, read);
  }
}

TEST_F(ReadCancelTest, ReadsOfEachKindLoseNoByte) { run(each_kind_over_tcp()); }

TEST_F(ReadCancelTest, LinesOfAPipe) {
  run([]() -> Coro<void> {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    ByteStream stream = connect_read_pipe(ends[0]);
    StreamReader reader(stream.state());
    int number = 0;
    auto round = [&](CancelRounds& rounds) -> Coro<void> {
      const std::string line = std::to_string(number++) + "\n";
      auto task = create_task(read_line, std::ref(reader), std::size_t{0});
      auto send = [&] { EXPECT_EQ(::write(ends[1], line.data(), line.size()), static_cast<ssize_t>(line.size())); };
      co_await rounds.disturb(task, send);
      const auto result = co_await outcome(task);
      std::string got;
      if (result) got = *result;
      co_await catch_up(reader, got, line.size());
      EXPECT_EQ(got, line);
    };
    co_await a_thousand_rounds(102, round);
    ::close(ends[1]);
  }());
}

}  // namespace
}  // namespace corolla_tests

// SPDX-License-Identifier: Apache-2.0
#include "tests/net/net_test.hpp"

#include <vector>

namespace corolla_tests {
namespace {

class StreamReaderTest : public NetTest {};

Coro<void> feed_later(StreamReader& reader, std::vector<std::string> pieces) {
  for (const std::string& piece : pieces) {
    co_await sleep(0s);
    reader.feed_data(piece);
  }
  co_await sleep(0s);
  reader.feed_eof();
}

TEST_F(StreamReaderTest, ReadTakesWhatIsThereAndNoMore) {
  run([]() -> Coro<void> {
    StreamReader reader;
    const auto text = co_await reader.read(0);
    EXPECT_EQ(text, "");
    reader.feed_data("abcdef");
    const auto text2 = co_await reader.read(4);
    EXPECT_EQ(text2, "abcd");
    const auto text3 = co_await reader.read(4);
    EXPECT_EQ(text3, "ef");
    EXPECT_FALSE(reader.at_eof());
    reader.feed_data("x");
    reader.feed_eof();
    EXPECT_FALSE(reader.at_eof());
    const auto text4 = co_await reader.read(100);
    EXPECT_EQ(text4, "x");
    EXPECT_TRUE(reader.at_eof());
    const auto text5 = co_await reader.read(100);
    EXPECT_EQ(text5, "");
    const auto text6 = co_await reader.read();
    EXPECT_EQ(text6, "");
    EXPECT_THROW(reader.feed_data("y"), RuntimeError);
  }());
}

TEST_F(StreamReaderTest, AWaitingReadTakesOneHop) {
  run([]() -> Coro<void> {
    StreamReader reader;
    std::string order;
    auto task = create_task([](StreamReader& r, std::string& log) -> Coro<void> { log += co_await r.read(10); },
                            std::ref(reader), std::ref(order));
    co_await sleep(0s);
    reader.feed_data("a");
    order += "1";
    get_running_loop().call_soon([&] { order += "2"; });
    reader.feed_data("b");
    co_await task;
    EXPECT_EQ(order, "1ab2");
  }());
}

TEST_F(StreamReaderTest, ReadAllJoinsPiecesOfTheLimit) {
  run([]() -> Coro<void> {
    StreamReader reader(3);
    auto feeding = create_task(feed_later(reader, {"ab", "cdefgh", "ij"}));
    const auto text = co_await reader.read(-1);
    EXPECT_EQ(text, "abcdefghij");
    co_await feeding;
  }());
}

TEST_F(StreamReaderTest, ReadexactlyLeavesTheRestAndReportsShortStreams) {
  run([]() -> Coro<void> {
    StreamReader reader;
    auto feeding = create_task(feed_later(reader, {"ab", "cd", "ef"}));
    const auto record = co_await reader.readexactly(3);
    EXPECT_EQ(record, "abc");
    const auto record2 = co_await reader.readexactly(0);
    EXPECT_EQ(record2, "");
    auto reading = reader.readexactly(10);
    const auto result = co_await outcome(std::move(reading));
    try {
      static_cast<void>(result.value());
      ADD_FAILURE();
    } catch (const IncompleteReadError& error) {
      EXPECT_EQ(error.partial(), "def");
      EXPECT_EQ(error.expected(), 10U);
    }
    EXPECT_TRUE(reader.at_eof());
    co_await feeding;
  }());
}

TEST_F(StreamReaderTest, ReadlineKeepsWithinTheLimit) {
  run([]() -> Coro<void> {
    StreamReader reader(4);
    reader.feed_data("one\nfour\nfiver\nsix\nlonglonglong");
    const auto line = co_await reader.readline();
    EXPECT_EQ(line, "one\n");
    const auto line2 = co_await reader.readline();
    EXPECT_EQ(line2, "four\n");
    auto too_long = reader.readline();
    const auto first = co_await outcome(std::move(too_long));
    EXPECT_EQ(first.error_message(), "Separator is found, but chunk is longer than limit");
    EXPECT_TRUE(failed_with<ValueError>(first));
    const auto line3 = co_await reader.readline();
    EXPECT_EQ(line3, "six\n");
    auto endless = reader.readline();
    const auto second = co_await outcome(std::move(endless));
    EXPECT_EQ(second.error_message(), "Separator is not found, and chunk exceed the limit");
    reader.feed_data("rest");
    reader.feed_eof();
    const auto line4 = co_await reader.readline();
    EXPECT_EQ(line4, "rest");
    const auto line5 = co_await reader.readline();
    EXPECT_EQ(line5, "");
  }());
}

TEST_F(StreamReaderTest, ReaduntilKeepsALongRecord) {
  run([]() -> Coro<void> {
    StreamReader reader(4);
    reader.feed_data("abcdef||rest");
    auto reading = reader.readuntil("||");
    const auto result = co_await outcome(std::move(reading));
    try {
      static_cast<void>(result.value());
      ADD_FAILURE();
    } catch (const LimitOverrunError& error) {
      EXPECT_EQ(error.consumed(), 6U);
    }
    const auto record = co_await reader.readexactly(8);
    EXPECT_EQ(record, "abcdef||");
    const auto text = co_await reader.read(10);
    EXPECT_EQ(text, "rest");
    auto empty = reader.readuntil("");
    const auto refused = co_await outcome(std::move(empty));
    EXPECT_TRUE(failed_with<ValueError>(refused));
  }());
}

TEST_F(StreamReaderTest, ASeparatorMayArriveInPieces) {
  run([]() -> Coro<void> {
    StreamReader reader;
    auto feeding = create_task(feed_later(reader, {"a\r", "b\r", "\nc", "\r\n"}));
    const auto record = co_await reader.readuntil("\r\n");
    EXPECT_EQ(record, "a\rb\r\n");
    const auto record2 = co_await reader.readuntil("\r\n");
    EXPECT_EQ(record2, "c\r\n");
    auto reading = reader.readuntil("\r\n");
    const auto result = co_await outcome(std::move(reading));
    EXPECT_TRUE(failed_with<IncompleteReadError>(result));
    co_await feeding;
  }());
}

TEST_F(StreamReaderTest, TheSeparatorThatEndsFirstCounts) {
  run([]() -> Coro<void> {
    StreamReader reader;
    reader.feed_data("line 1\nline 2\rABCDEFG");
    const auto record = co_await reader.readuntil("\r", "\n");
    EXPECT_EQ(record, "line 1\n");
    const auto record2 = co_await reader.readuntil("\r", "\n");
    EXPECT_EQ(record2, "line 2\r");
    // The longer one begins first and ends first.
    const auto record3 = co_await reader.readuntil("DEF", "BCDE");
    EXPECT_EQ(record3, "ABCDE");
    const auto record4 = co_await reader.readuntil("X", "G", "FGH");
    EXPECT_EQ(record4, "FG");
    auto none = reader.readuntil(std::vector<std::string>());
    const auto refused = co_await outcome(std::move(none));
    EXPECT_EQ(refused.error_message(), "Separator should contain at least one element");
    auto empty = reader.readuntil("\n", "");
    const auto refused2 = co_await outcome(std::move(empty));
    EXPECT_EQ(refused2.error_message(), "Separator should be at least one-byte string");
  }());
}

TEST_F(StreamReaderTest, OfSeparatorsThatEndTogetherTheShortestIsHeldAgainstTheLimit) {
  run([]() -> Coro<void> {
    StreamReader reader(3);
    reader.feed_data("some dataA");
    for (const bool longer_first : {false, true}) {
      auto reading = longer_first ? reader.readuntil("ome dataA", "A") : reader.readuntil("A", "ome dataA");
      const auto result = co_await outcome(std::move(reading));
      try {
        static_cast<void>(result.value());
        ADD_FAILURE();
      } catch (const LimitOverrunError& error) {
        EXPECT_STREQ(error.what(), "Separator is found, but chunk is longer than limit");
        EXPECT_EQ(error.consumed(), 9U);
      }
    }
    // Not found: the last bytes may be the beginning of the longest one.
    auto missing = reader.readuntil("XYZ", "!");
    const auto result = co_await outcome(std::move(missing));
    try {
      static_cast<void>(result.value());
      ADD_FAILURE();
    } catch (const LimitOverrunError& error) {
      EXPECT_STREQ(error.what(), "Separator is not found, and chunk exceed the limit");
      EXPECT_EQ(error.consumed(), 8U);
    }
    const auto record = co_await reader.readexactly(10);
    EXPECT_EQ(record, "some dataA");
  }());
}

TEST_F(StreamReaderTest, SeveralSeparatorsMayArriveInPieces) {
  run([]() -> Coro<void> {
    StreamReader reader;
    reader.feed_data("data");
    auto feeding = create_task(feed_later(reader, {"Z", "Aaaa", "long se", "p-en", "d"}));
    const auto record = co_await reader.readuntil("A", "long sep");
    EXPECT_EQ(record, "dataZA");
    const auto record2 = co_await reader.readuntil("?", "long sep");
    EXPECT_EQ(record2, "aaalong sep");
    auto reading = reader.readuntil("?", "long sep");
    const auto result = co_await outcome(std::move(reading));
    try {
      static_cast<void>(result.value());
      ADD_FAILURE();
    } catch (const IncompleteReadError& error) {
      EXPECT_EQ(error.partial(), "-end");
    }
    co_await feeding;
  }());
}

TEST_F(StreamReaderTest, ACancelledReadLosesNothing) {
  run([]() -> Coro<void> {
    StreamReader reader;
    auto task = create_task(reader.readexactly(4));
    co_await sleep(0s);
    reader.feed_data("ab");
    co_await sleep(0s);
    reader.feed_data("cd");  // now it is woken and has not run
    task.cancel();
    const auto result = co_await outcome(task);
    EXPECT_TRUE(result.cancelled());
    const auto record = co_await reader.readexactly(4);
    EXPECT_EQ(record, "abcd");
  }());
}

TEST_F(StreamReaderTest, AnExceptionIsRaisedByEveryRead) {
  run([]() -> Coro<void> {
    StreamReader reader;
    auto task = create_task(reader.readline());
    co_await sleep(0s);
    reader.set_exception(std::make_exception_ptr(ValueError("broken")));
    const auto waiting = co_await outcome(task);
    EXPECT_EQ(waiting.error_message(), "broken");
    reader.feed_data("line\n");
    auto reading = reader.readline();
    const auto later = co_await outcome(std::move(reading));
    EXPECT_EQ(later.error_message(), "broken");
    EXPECT_NE(reader.exception(), nullptr);
    EXPECT_FALSE(reader.at_eof());
  }());
}

TEST_F(StreamReaderTest, AWaitEndsWithWhatEndedIt) {
  run([]() -> Coro<void> {
    // An exception wakes the read; bytes that come behind it do not save it.
    StreamReader failing;
    auto first = create_task(failing.readline());
    co_await sleep(0s);
    failing.set_exception(std::make_exception_ptr(ValueError("broken")));
    failing.feed_data("line\n");
    auto failed = co_await outcome(std::move(first));
    EXPECT_FALSE(failed);
    // Bytes wake it, or the end; an exception that comes behind is for the next read.
    for (const bool end : {false, true}) {
      StreamReader reader;
      auto second = create_task(reader.read(10));
      co_await sleep(0s);
      if (end) reader.feed_eof();
      else reader.feed_data("bytes");
      reader.set_exception(std::make_exception_ptr(ValueError("broken")));
      const std::string bytes = co_await second;
      EXPECT_EQ(bytes, end ? "" : "bytes");
      auto next = co_await outcome(reader.read(10));
      EXPECT_FALSE(next);
    }
  }());
}

TEST_F(StreamReaderTest, ASecondReaderIsRefusedForTheWholeRead) {
  run([]() -> Coro<void> {
    StreamReader reader;
    auto first = create_task(reader.readexactly(4));
    co_await sleep(0s);
    reader.feed_data("ab");  // the first is woken, and will wait again
    auto reading = reader.read(1);
    const auto second = co_await outcome(std::move(reading));
    EXPECT_TRUE(failed_with<RuntimeError>(second));
    reader.feed_data("cd");
    const auto first_value = co_await first;
    EXPECT_EQ(first_value, "abcd");
    EXPECT_THROW(StreamReader(0), ValueError);
  }());
}

TEST_F(StreamReaderTest, FeedingNothingWakesNobody) {
  run([]() -> Coro<void> {
    StreamReader reader;
    auto task = create_task(reader.read(10));
    co_await sleep(0s);
    reader.feed_data("");
    for (int i = 0; i < 3; ++i) co_await sleep(0s);
    EXPECT_FALSE(task.done());
    EXPECT_FALSE(reader.at_eof());
    reader.feed_data("x");
    const std::string bytes = co_await task;
    EXPECT_EQ(bytes, "x");
  }());
}

TEST_F(StreamReaderTest, LinesAndCountsShareABuffer) {
  run([]() -> Coro<void> {
    StreamReader reader(4);
    reader.feed_data("one\ntwo\nthree");
    const auto line = co_await reader.readline();
    EXPECT_EQ(line, "one\n");
    const auto two = co_await reader.read(2);
    EXPECT_EQ(two, "tw");
    const auto rest = co_await reader.readexactly(7);  // more than the limit
    EXPECT_EQ(rest, "o\nthree");
  }());
}

TEST_F(StreamReaderTest, AnEndWithoutASeparatorGivesWhatWasThere) {
  run([]() -> Coro<void> {
    StreamReader reader;
    reader.feed_data("data");
    reader.feed_eof();
    auto reading = reader.readuntil("AA");
    const auto result = co_await outcome(std::move(reading));
    try {
      static_cast<void>(result.value());
      ADD_FAILURE();
    } catch (const IncompleteReadError& error) {
      EXPECT_EQ(error.partial(), "data");
    }
    EXPECT_TRUE(reader.at_eof());
  }());
}

TEST_F(StreamReaderTest, AnExceptionAfterACancellationIsForTheNextRead) {
  run([]() -> Coro<void> {
    StreamReader reader;
    auto task = create_task(reader.readline());
    co_await sleep(0s);
    task.cancel();
    reader.set_exception(std::make_exception_ptr(ValueError("broken")));
    const auto cancelled = co_await outcome(task);
    EXPECT_TRUE(cancelled.cancelled());
    auto reading = reader.readline();
    const auto next = co_await outcome(std::move(reading));
    EXPECT_TRUE(failed_with<ValueError>(next));
  }());
}

TEST_F(StreamReaderTest, NeedsALoopToBelongTo) {
  EXPECT_THROW(StreamReader(), RuntimeError);
  EventLoop loop;
  StreamReader reader(loop, 10);
  reader.feed_data("ab");
  EXPECT_EQ(loop.run_until_complete(reader.readexactly(2)), "ab");
}

}  // namespace
}  // namespace corolla_tests

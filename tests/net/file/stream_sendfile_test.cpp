// SPDX-License-Identifier: Apache-2.0
//
// ByteStream::sendfile: the file arrives whole, whatever else is asked of the stream meanwhile.
#include "tests/net/net_test.hpp"
#include "tests/support/temporary_directory.hpp"

#include <fcntl.h>

namespace corolla_tests {
namespace {

constexpr std::size_t kSize = 3'000'000;  // many times what a socket takes at once

class StreamSendfileTest : public NetTest {
 protected:
  void SetUp() override {
    NetTest::SetUp();
    write_whole_file(directory_ / "file", pattern(kSize));
    file_ = ::open((directory_ / "file").c_str(), O_RDONLY | O_CLOEXEC);
  }
  void TearDown() override {
    ::close(file_);
    NetTest::TearDown();
  }
  TemporaryDirectory directory_;
  int file_ = -1;
};

enum class Meanwhile : std::uint8_t { kNothing, kEof, kClose };

// Sends the file while the peer takes what comes, a part at a time.
Coro<std::string> send_whole(int file, Meanwhile meanwhile) {
  auto pair = stream_pair();
  auto sending = create_task([](ByteStream& stream, int from) { return stream.sendfile(from, 0, kSize); },
                             std::ref(pair.stream), file);
  co_await sleep(0s);
  EXPECT_FALSE(sending.done());
  if (meanwhile == Meanwhile::kEof) pair.stream.send_eof();
  if (meanwhile == Meanwhile::kClose) pair.stream.close();
  std::string got;
  for (bool ended = false; !ended && !(meanwhile == Meanwhile::kNothing && sending.done() && got.size() == kSize);) {
    got += pair.peer.take(&ended);
    co_await sleep(1ns);
  }
  const auto sent = co_await outcome(sending);
  EXPECT_TRUE(sent) << sent.error_message();
  EXPECT_EQ(sent ? *sent : 0, kSize);
  co_return got;
}

TEST_F(StreamSendfileTest, ArrivesWhole) {
  auto sending = send_whole(file_, Meanwhile::kNothing);
  EXPECT_TRUE(run(std::move(sending)) == pattern(kSize));
}

TEST_F(StreamSendfileTest, TheEndComesBehindIt) {
  auto sending = send_whole(file_, Meanwhile::kEof);
  EXPECT_TRUE(run(std::move(sending)) == pattern(kSize));
}

TEST_F(StreamSendfileTest, ClosingWaitsForIt) {
  auto sending = send_whole(file_, Meanwhile::kClose);
  EXPECT_TRUE(run(std::move(sending)) == pattern(kSize));
}

}  // namespace
}  // namespace corolla_tests

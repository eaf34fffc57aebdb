// SPDX-License-Identifier: Apache-2.0
//
// ByteStream::sendfile: the file arrives whole, whatever else is asked of the stream meanwhile.
#include "tests/net/file/file_net_test.hpp"
#include "tests/net/tls/tls_test.hpp"

#include <limits>

namespace corolla_tests {
namespace {

class StreamSendfileTest : public FileNetTest {};

constexpr std::uint64_t kAll = std::numeric_limits<std::uint64_t>::max();

enum class Meanwhile : std::uint8_t { kNothing, kEof, kClose };

// Sends the file while the peer takes what comes, a part at a time.
Coro<std::string> send_whole(int file, const std::string& content, Meanwhile meanwhile) {
  auto pair = stream_pair();
  auto sending = create_task([](ByteStream& stream, int from) { return stream.sendfile(from, 0, kAll); },
                             std::ref(pair.stream), file);
  co_await sleep(0s);
  EXPECT_FALSE(sending.done());
  if (meanwhile == Meanwhile::kEof) pair.stream.send_eof();
  if (meanwhile == Meanwhile::kClose) pair.stream.close();
  std::string got;
  for (bool ended = false;
       !ended && !(meanwhile == Meanwhile::kNothing && sending.done() && got.size() == content.size());) {
    got += pair.peer.take(&ended);
    co_await sleep(1ns);
  }
  const auto sent = co_await outcome(sending);
  EXPECT_TRUE(sent) << sent.error_message();
  EXPECT_EQ(sent ? *sent : 0, content.size());
  co_return got;
}

TEST_F(StreamSendfileTest, ArrivesWhole) {
  auto sending = send_whole(file_, content_, Meanwhile::kNothing);
  EXPECT_TRUE(run(std::move(sending)) == content_);
}

TEST_F(StreamSendfileTest, TheEndComesBehindIt) {
  auto sending = send_whole(file_, content_, Meanwhile::kEof);
  EXPECT_TRUE(run(std::move(sending)) == content_);
}

TEST_F(StreamSendfileTest, ClosingWaitsForIt) {
  auto sending = send_whole(file_, content_, Meanwhile::kClose);
  EXPECT_TRUE(run(std::move(sending)) == content_);
}

// Where the kernel does not copy: the file is read by a thread and sent, in memory or over TLS.
Coro<void> send_copied(int file, const std::string& content, Meanwhile meanwhile, bool tls) {
  auto ends = testkit::memory_stream_pair();
  if (tls) {
    auto shaking = shake_hands(std::move(ends.first), std::move(ends.second), client_context(), server_context());
    auto pair = co_await std::move(shaking);
    ends.first = std::move(*pair.client);
    ends.second = std::move(*pair.server);
  }
  auto sending = create_task([](ByteStream& stream, int from) { return stream.sendfile(from, 0, kAll); },
                             std::ref(ends.first), file);
  co_await sleep(0s);
  EXPECT_FALSE(sending.done());
  EXPECT_THROW(ends.first.send_nowait("in between"), RuntimeError);
  if (meanwhile == Meanwhile::kEof) ends.first.send_eof();
  if (meanwhile == Meanwhile::kClose) ends.first.close();
  std::string got;
  while (got.size() < content.size()) {
    const std::string_view bytes = co_await ends.second.receive();
    if (bytes.empty()) break;
    got += bytes;
    ends.second.consume(bytes.size());
  }
  EXPECT_TRUE(got == content) << got.size();
  const auto sent = co_await outcome(sending);
  EXPECT_TRUE(sent) << sent.error_message();
  if (meanwhile == Meanwhile::kNothing) co_return;
  const std::string_view end = co_await ends.second.receive();
  EXPECT_EQ(end, "");
}

TEST_F(StreamSendfileTest, ACopyArrivesWhole) {
  for (const bool tls : {false, true}) {
    run(send_copied(file_, content_, Meanwhile::kNothing, tls));
    if (!tls) run(send_copied(file_, content_, Meanwhile::kEof, tls));
    run(send_copied(file_, content_, Meanwhile::kClose, tls));
  }
}

}  // namespace
}  // namespace corolla_tests

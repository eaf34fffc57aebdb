// SPDX-License-Identifier: Apache-2.0
//
// TLS streams as streams: bytes both ways, ends, back pressure, layers.
#include "tests/net/tls/tls_test.hpp"

#include <vector>

namespace corolla_tests {
namespace {

class TlsStreamTest : public NetTest {};

TEST_F(TlsStreamTest, BytesGoBothWaysOverTcp) {
  run([]() -> Coro<void> {
    ServerOptions serving;
    serving.ssl = server_context();
    auto server = co_await start_server(echo, "127.0.0.1", 0, serving);
    auto connecting = connect_tls("127.0.0.1", server.port(), client_context());
    ByteStream stream = co_await std::move(connecting);
    const std::string bytes = pattern(300'000);
    co_await stream.send_all(std::string_view(bytes).substr(0, 1000), std::string_view(bytes).substr(1000, 20),
                             std::string_view(), std::string_view(bytes).substr(1020));
    while (stream.buffered().size() < bytes.size()) co_await stream.receive();
    EXPECT_TRUE(stream.buffered() == bytes);
    EXPECT_EQ(stream.tls()->version(), "TLSv1.3");
    EXPECT_FALSE(stream.tls()->ended_cleanly());
    EXPECT_FALSE(stream.can_send_eof());
    EXPECT_THROW(stream.send_eof(), RuntimeError);
    stream.close();
    co_await stream.wait_closed();
    EXPECT_TRUE(stream.tls()->ended_cleanly());
    server.close();
    co_await server.wait_closed();
  }());
}

TEST_F(TlsStreamTest, ReaderAndWriterOverTls) {
  run([]() -> Coro<void> {
    StreamServerOptions serving;
    serving.ssl = server_context();
    auto server = co_await start_server(
        [](StreamReader reader, StreamWriter writer) -> Coro<void> {
          const std::string line = co_await reader.readline();
          EXPECT_EQ(writer.tls()->server_name(), "localhost");
          co_await writer.write("you said " + line);
        },
        "127.0.0.1", 0, serving);
    StreamOptions options;
    options.ssl = client_context();
    options.server_hostname = "localhost";
    auto connecting = open_connection("127.0.0.1", server.port(), options);
    auto [reader, writer] = co_await std::move(connecting);
    co_await writer.write("hello\n");
    const auto text = co_await reader.read();
    EXPECT_EQ(text, "you said hello\n");
    EXPECT_TRUE(writer.tls()->ended_cleanly());
    writer.close();
    co_await writer.wait_closed();
    server.close();
    co_await server.wait_closed();
  }());
}

Coro<void> send_and_count(ByteStream& stream, std::string_view bytes) { co_await stream.send_all(bytes); }

Coro<void> receive_exactly(ByteStream& stream, std::string_view expected) {
  std::size_t got = 0;
  while (got < expected.size()) {
    const std::string_view bytes = co_await stream.receive();
    if (bytes.empty()) break;
    if (bytes != expected.substr(got, bytes.size())) ADD_FAILURE() << "wrong bytes from " << got << " on";
    got += bytes.size();
    stream.consume(bytes.size());
  }
  EXPECT_EQ(got, expected.size());
}

// Both send far more than all buffers hold before either has received anything.
TEST_F(TlsStreamTest, HugeTransfersBothWaysAtOnceDoNotBlockEachOther) {
  run([]() -> Coro<void> {
    auto ends = co_await tcp_pair();
    EventLoop& loop = get_running_loop();
    loop.io().forget(ends.peer.descriptor());
    const int other = ::dup(ends.peer.descriptor());
    loop.io().forget(other);
    if (loop.io().nonblocking_sockets()) ::fcntl(other, F_SETFL, O_NONBLOCK);
    auto shaking =
        shake_hands(std::move(ends.stream), stream_of_socket(loop, other, true), client_context(), server_context());
    TlsPair pair = co_await std::move(shaking);
    ends.peer.close();
    const std::string up = pattern(24'000'000);
    const std::string down = pattern(20'000'000, 7);
    auto first = create_task(send_and_count, std::ref(*pair.client), std::string_view(up));
    auto second = create_task(send_and_count, std::ref(*pair.server), std::string_view(down));
    auto third = create_task(receive_exactly, std::ref(*pair.client), std::string_view(down));
    auto fourth = create_task(receive_exactly, std::ref(*pair.server), std::string_view(up));
    co_await first;
    co_await second;
    co_await third;
    co_await fourth;
  }());
}

TEST_F(TlsStreamTest, WhatIsUnsentIsBoundedByWhatTheCallerSends) {
  run([]() -> Coro<void> {
    testkit::MemoryStreamOptions memory;
    memory.capacity = 4096;
    auto shaking = shake_hands(client_context(), server_context(), to_host("localhost"), memory);
    TlsPair pair = co_await std::move(shaking);
    const std::string bytes = pattern(1'000'000);
    pair.client->send_nowait(bytes);
    // Records are longer than what they carry, but not by much, and few of them are made ahead.
    EXPECT_GT(pair.client->unsent(), bytes.size() - 8192);
    EXPECT_LT(pair.client->unsent(), bytes.size() + bytes.size() / 100);
    auto draining = create_task([](ByteStream& s) -> Coro<void> { co_await s.drain(); }, std::ref(*pair.client));
    co_await sleep(0s);
    EXPECT_FALSE(draining.done());
    std::size_t got = 0;
    while (!draining.done()) {
      const std::string_view some = co_await pair.server->receive();
      EXPECT_EQ(some, std::string_view(bytes).substr(got, some.size()));
      got += some.size();
      pair.server->consume(some.size());
    }
    EXPECT_LE(pair.client->unsent(), 16U * 1024);
    EXPECT_GT(got, bytes.size() - 64 * 1024);
  }());
}

TEST_F(TlsStreamTest, OneByteAtATime) {
  run([]() -> Coro<void> {
    testkit::MemoryStreamOptions memory;
    memory.piece = 1;
    auto shaking = shake_hands(client_context(), server_context(), to_host("localhost"), memory);
    TlsPair pair = co_await std::move(shaking);
    const std::string bytes = pattern(20'000);
    auto sending = create_task(send_and_count, std::ref(*pair.client), std::string_view(bytes));
    auto receiving = receive_exactly(*pair.server, bytes);
    co_await std::move(receiving);
    co_await sending;
  }());
}

TEST_F(TlsStreamTest, TlsInsideTls) {
  run([]() -> Coro<void> {
    auto outer = shake_hands(client_context(), server_context());
    TlsPair way = co_await std::move(outer);
    auto inner = shake_hands(std::move(*way.client), std::move(*way.server), client_context(), server_context());
    TlsPair pair = co_await std::move(inner);
    const std::string bytes = pattern(1'000'000);
    auto sending = create_task(send_and_count, std::ref(*pair.client), std::string_view(bytes));
    auto receiving = receive_exactly(*pair.server, bytes);
    co_await std::move(receiving);
    co_await sending;
    pair.client->close();
    const auto received = co_await pair.server->receive();
    EXPECT_EQ(received, "");
    EXPECT_TRUE(pair.server->tls()->ended_cleanly());
    pair.server->close();
    co_await pair.client->wait_closed();
    co_await pair.server->wait_closed();
  }());
}

TEST_F(TlsStreamTest, StartTlsOnALiveConnection) {
  run([]() -> Coro<void> {
    auto server = co_await start_server(
        [](StreamReader reader, StreamWriter writer) -> Coro<void> {
          const auto line = co_await reader.readline();
          EXPECT_EQ(line, "STARTTLS\n");
          co_await writer.write("go ahead\n");
          auto upgrading = start_tls(std::move(reader), std::move(writer), server_context());
          auto [secure_reader, secure_writer] = co_await std::move(upgrading);
          const auto secret = co_await secure_reader.readline();
          EXPECT_EQ(secret, "secret\n");
          co_await secure_writer.write("whispered\n");
        },
        "127.0.0.1", 0);
    auto [reader, writer] = co_await open_connection("127.0.0.1", server.port());
    co_await writer.write("STARTTLS\n");
    const auto answer = co_await reader.readline();
    EXPECT_EQ(answer, "go ahead\n");
    EXPECT_EQ(writer.tls(), nullptr);
    auto upgrading = start_tls(std::move(reader), std::move(writer), client_context(), to_host("localhost"));
    auto [secure_reader, secure_writer] = co_await std::move(upgrading);
    co_await secure_writer.write("secret\n");
    const auto whispered = co_await secure_reader.readline();
    EXPECT_EQ(whispered, "whispered\n");
    secure_writer.close();
    server.close();
    co_await server.wait_closed();
  }());
}

// Bytes that somebody put behind the answer, to be taken for a part of what TLS protects.
TEST_F(TlsStreamTest, BufferedPlaintextIsRefused) {
  run([]() -> Coro<void> {
    auto pair = stream_pair();
    pair.peer.send("go ahead\ninjected\n");
    co_await pair.stream.receive();
    pair.stream.consume(9);
    auto starting = start_tls(std::move(pair.stream), client_context(), to_host("localhost"));
    const auto result = co_await outcome(std::move(starting));
    EXPECT_TRUE(failed_with<RuntimeError>(result));
    EXPECT_EQ(result.error_message(), "start_tls: 9 bytes that came before are buffered");
    bool ended = false;
    pair.peer.take(&ended);
    EXPECT_TRUE(ended) << "the connection is not used in clear either";
  }());
}

TEST_F(TlsStreamTest, AStreamSomebodyReceivesFromIsRefused) {
  run([]() -> Coro<void> {
    auto pair = stream_pair();
    const FutureRef<StreamState> state = pair.stream.state();
    auto receiving = create_task([](FutureRef<StreamState> s) -> Coro<void> { co_await StreamReceive(s); }, state);
    co_await sleep(0s);
    auto starting = start_tls(std::move(pair.stream), client_context(), to_host("localhost"));
    const auto started = co_await outcome(std::move(starting));
    EXPECT_TRUE(failed_with<RuntimeError>(started));
    const auto received = co_await outcome(receiving);
    EXPECT_TRUE(failed_with<OSError>(received)) << "the stream was closed";
  }());
}

TEST_F(TlsStreamTest, CloseNotifyIsACleanEndAndARaggedEndIsNot) {
  for (const bool cut : {false, true}) {
    run([](bool cut_short) -> Coro<void> {
      auto ends = testkit::memory_stream_pair();
      const FutureRef<StreamState> below = ends.second.state();
      auto shaking = shake_hands(std::move(ends.first), std::move(ends.second), client_context(), server_context());
      TlsPair pair = co_await std::move(shaking);
      co_await pair.server->send_all("the last words");
      if (cut_short) below->close();
      else pair.server->close();
      auto receiving = receive_all(*pair.client);
      const auto last_words = co_await std::move(receiving);
      EXPECT_EQ(last_words, "the last words");
      EXPECT_TRUE(pair.client->at_eof());
      EXPECT_EQ(pair.client->tls()->ended_cleanly(), !cut_short);
      const auto received = co_await pair.client->receive();
      EXPECT_EQ(received, "") << "the end stays the end";
    }(cut));
  }
}

TEST_F(TlsStreamTest, CloseWaitsForThePeersCloseNotifyButNotForEver) {
  VirtualLoop virtual_loop;
  virtual_loop.loop().run_until_complete([](testkit::VirtualClock& clock) -> Coro<void> {
    TlsOptions options = to_host("localhost");
    options.shutdown_timeout = 7s;
    auto shaking = shake_hands(client_context(), server_context(), options);
    TlsPair pair = co_await std::move(shaking);
    const auto before = clock.elapsed();
    pair.client->close();
    EXPECT_TRUE(pair.client->is_closing());
    const auto result = co_await outcome(pair.client->wait_closed());
    EXPECT_TRUE(failed_with<OSError>(result)) << "the peer never answered";
    EXPECT_EQ(clock.elapsed() - before, 7s);
    const auto received = co_await pair.server->receive();
    EXPECT_EQ(received, "");
    EXPECT_TRUE(pair.server->tls()->ended_cleanly());
  }(virtual_loop.clock()));
}

TEST_F(TlsStreamTest, WhatAClosingStreamStillReceivesIsDropped) {
  run([]() -> Coro<void> {
    auto shaking = shake_hands(client_context(), server_context());
    TlsPair pair = co_await std::move(shaking);
    co_await pair.server->send_all(pattern(50'000));
    pair.client->close();
    const auto received = co_await pair.client->receive();
    EXPECT_EQ(received, "");
    const auto next_received = co_await pair.server->receive();
    EXPECT_EQ(next_received, "");
    pair.server->close();
    co_await pair.server->wait_closed();
    co_await pair.client->wait_closed();
  }());
}

TEST_F(TlsStreamTest, AbortEndsBothAtOnce) {
  run([]() -> Coro<void> {
    auto shaking = shake_hands(client_context(), server_context());
    TlsPair pair = co_await std::move(shaking);
    auto waiting = create_task([](ByteStream& s) -> Coro<void> { co_await s.receive(); }, std::ref(*pair.client));
    co_await sleep(0s);
    pair.client->abort();
    const auto waited = co_await outcome(waiting);
    EXPECT_TRUE(failed_with<OSError>(waited));
    const auto received = co_await pair.server->receive();
    EXPECT_EQ(received, "");
    EXPECT_FALSE(pair.server->tls()->ended_cleanly());
  }());
}

TEST_F(TlsStreamTest, ADeadlineEndsAWait) {
  VirtualLoop virtual_loop;
  virtual_loop.loop().run_until_complete([]() -> Coro<void> {
    auto shaking = shake_hands(client_context(), server_context());
    TlsPair pair = co_await std::move(shaking);
    pair.client->expires_after(1min);
    bool expired = false;
    try {
      co_await pair.client->receive();
    } catch (const TimeoutError&) {
      expired = true;
    }
    EXPECT_TRUE(expired);
    pair.client->never_expires();
    co_await pair.server->send_all("later");
    const auto received = co_await pair.client->receive();
    EXPECT_EQ(received, "later");
  }());
}

// Tickets that arrive while a connection idles are nothing, the end and bytes nobody asked for are something.
TEST_F(TlsStreamTest, AnIdleConnectionIsQuietUntilSomethingIsSaid) {
  run([]() -> Coro<void> {
    auto shaking = shake_hands(client_context(), server_context());
    TlsPair pair = co_await std::move(shaking);
    pair.client->watch_idle();
    for (int i = 0; i < 5; ++i) co_await sleep(0s);
    EXPECT_TRUE(pair.client->quiet());
    co_await pair.server->send_all("x");
    for (int i = 0; i < 5; ++i) co_await sleep(0s);
    EXPECT_FALSE(pair.client->quiet());
    pair.server->watch_idle();
    EXPECT_TRUE(pair.server->quiet());
    pair.client->close();
    for (int i = 0; i < 5; ++i) co_await sleep(0s);
    EXPECT_FALSE(pair.server->quiet());
    const auto received = co_await pair.server->receive();
    EXPECT_EQ(received, "");
  }());
}

TEST_F(TlsStreamTest, SendfileGoesThroughTls) {
  run([]() -> Coro<void> {
    auto shaking = shake_hands(client_context(), server_context());
    TlsPair pair = co_await std::move(shaking);
    const std::string bytes = pattern(700'000);
    std::FILE* const file = std::tmpfile();
    EXPECT_EQ(std::fwrite(bytes.data(), 1, bytes.size(), file), bytes.size());
    std::fflush(file);
    auto sending = create_task(
        [](ByteStream& s, int descriptor) -> Coro<std::uint64_t> {
          co_return co_await s.sendfile(descriptor, 100, 1'000'000);
        },
        std::ref(*pair.server), ::fileno(file));
    auto receiving = receive_exactly(*pair.client, std::string_view(bytes).substr(100));
    co_await std::move(receiving);
    const auto sent = co_await sending;
    EXPECT_EQ(sent, bytes.size() - 100);
    std::fclose(file);
  }());
}

}  // namespace
}  // namespace corolla_tests

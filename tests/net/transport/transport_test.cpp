// SPDX-License-Identifier: Apache-2.0
// The life of a transport and the order of its calls, on streams in memory and on sockets.
#include "tests/net/transport/transport_test.hpp"

namespace corolla_tests {
namespace {

class TransportTest : public NetTest {};

TEST_F(TransportTest, CallsInTheOrderOfCPython) {
  run_virtual([]() -> Coro<void> {
    auto [near, far] = testkit::memory_stream_pair();
    auto protocol = std::make_shared<Recorder>();
    far.send_nowait("early");
    Transport transport = make_transport(std::move(near), protocol);
    get_running_loop().call_soon([&] { protocol->events.push_back("callback"); });
    EXPECT_TRUE(protocol->events.empty());
    co_await sleep(0s);
    EXPECT_EQ(protocol->events, (Events{"made", "callback"}));
    EXPECT_EQ(protocol->transport, transport);
    co_await sleep(1ms);
    far.send_eof();
    co_await sleep(1ms);
    EXPECT_EQ(protocol->events, (Events{"made", "callback", "data early", "eof", "lost"}));
    EXPECT_TRUE(transport.is_closing());
    EXPECT_EQ(transport.get_protocol(), nullptr);
    EXPECT_EQ(protocol.use_count(), 1);
  }());
}

TEST_F(TransportTest, ConnectionLostComesSoonAndOnce) {
  run_virtual([]() -> Coro<void> {
    for (const bool abort : {false, true}) {
      auto [near, far] = testkit::memory_stream_pair();
      auto protocol = std::make_shared<Recorder>();
      Transport transport = make_transport(std::move(near), protocol);
      co_await sleep(0s);
      const auto end = [&] { abort ? transport.abort() : transport.close(); };
      end();
      EXPECT_TRUE(transport.is_closing());
      EXPECT_FALSE(transport.is_reading());
      EXPECT_EQ(protocol->events, Events{"made"});
      end();
      transport.close();
      transport.abort();
      co_await sleep(0s);
      EXPECT_EQ(protocol->events, (Events{"made", "lost"}));
      co_await sleep(1ms);
      EXPECT_EQ(protocol->events, (Events{"made", "lost"}));
      const auto received = co_await far.receive();
      EXPECT_EQ(received, "");
    }
  }());
}

TEST_F(TransportTest, ClosedBeforeItWasMadeItIsMadeAllTheSame) {
  run_virtual([]() -> Coro<void> {
    auto [near, far] = testkit::memory_stream_pair();
    far.send_nowait("never seen");
    auto protocol = std::make_shared<Recorder>();
    make_transport(std::move(near), protocol).close();
    co_await sleep(1ms);
    EXPECT_EQ(protocol->events, (Events{"made", "lost"}));
  }());
}

TEST_F(TransportTest, TheLoopKeepsItUntilItIsLost) {
  run_virtual([]() -> Coro<void> {
    auto [near, far] = testkit::memory_stream_pair();
    std::weak_ptr<Recorder> watched;
    {
      auto protocol = std::make_shared<Recorder>();
      watched = protocol;
      make_transport(std::move(near), std::move(protocol));
    }
    co_await sleep(1ms);
    EXPECT_FALSE(watched.expired());
    watched.lock()->transport.pause_reading();
    co_await sleep(1ms);
    EXPECT_FALSE(watched.expired());
    watched.lock()->transport.abort();
    co_await sleep(1ms);
    EXPECT_TRUE(watched.expired());
  }());
}

TEST_F(TransportTest, ALoopThatIsClosedLetsGoOfProtocolsAndSaysSoInDebugMode) {
  std::weak_ptr<Recorder> watched;
  LoggedLines logged;
  for (const bool debug : {false, true}) {
    {
      EventLoop loop;
      loop.set_debug(debug);
      auto main = [](std::weak_ptr<Recorder>& seen) -> Coro<void> {
        auto pair = stream_pair();
        auto protocol = std::make_shared<Recorder>();
        protocol->on_lost = [] { ADD_FAILURE() << "called by a loop that is closed"; };
        seen = protocol;
        make_transport(std::move(pair.stream), protocol);
        co_await sleep(1ms);
      };
      loop.run_until_complete(main(watched));
      EXPECT_FALSE(watched.expired());
      EXPECT_EQ(count_of(logged.lines, "unclosed transport"), 0U);
    }
    EXPECT_TRUE(watched.expired());
    EXPECT_EQ(count_of(logged.lines, "unclosed transport"), debug ? 1U : 0U);
  }
}

TEST_F(TransportTest, APeersResetIsTheErrorOfConnectionLost) {
  run([]() -> Coro<void> {
    auto pair = co_await tcp_pair();
    auto protocol = std::make_shared<Recorder>();
    HandlerLog handler;
    Transport transport = make_transport(std::move(pair.stream), protocol);
    const SocketAddress peer = transport.peername();
    EXPECT_EQ(peer.host(), "127.0.0.1");
    co_await sleep(0s);
    pair.peer.reset();
    auto waiting = transport.wait_closed();
    co_await std::move(waiting);
    EXPECT_EQ(protocol->events.size(), 2U);
    EXPECT_EQ(os_error_of(protocol->lost_error), std::errc::connection_reset);
    EXPECT_EQ(transport.peername(), peer);
    EXPECT_EQ(transport.descriptor(), -1);
    EXPECT_TRUE(handler.told.empty());  // the network's own errors are nobody's business
  }());
}

TEST_F(TransportTest, EachWaiterIsToldOfTheEndAndACancelledOneTakesNoneAlong) {
  run_virtual([]() -> Coro<void> {
    auto [near, far] = testkit::memory_stream_pair();
    Transport transport = make_transport(std::move(near), std::make_shared<Recorder>());
    auto patient = create_task(transport.wait_closed());
    auto hasty = create_task(transport.wait_closed());
    auto late = create_task(transport.wait_closed());
    auto other = create_task(transport.wait_closed());
    co_await sleep(1ms);
    hasty.cancel();
    co_await sleep(1ms);
    EXPECT_TRUE(hasty.cancelled());
    transport.close();
    co_await sleep(0s);  // connection_lost was called, the waiting tasks are to run
    EXPECT_FALSE(patient.done());
    late.cancel();
    co_await sleep(0s);
    EXPECT_TRUE(patient.done() && !patient.cancelled());
    EXPECT_TRUE(other.done() && !other.cancelled());
    EXPECT_TRUE(late.cancelled());
    auto at_once = transport.wait_closed();
    co_await std::move(at_once);
  }());
}

TEST_F(TransportTest, WhatACallbackThrowsEndsTheConnectionOrIsReported) {
  run_virtual([]() -> Coro<void> {
    const auto fail = [] { throw ValueError("of the protocol"); };
    struct Case {
      const char* told;
      bool fatal;
      std::function<void(Recorder&)> arm;
    };
    const std::vector<Case> cases = {
        {"protocol.connection_made() failed: of the protocol", false, [&](Recorder& r) { r.on_made = fail; }},
        {"protocol.data_received() failed: of the protocol", true,
         [&](Recorder& r) { r.on_data = [fail](std::string_view) { fail(); }; }},
        {"protocol.eof_received() failed: of the protocol", true, [&](Recorder& r) { r.on_eof = fail; }},
        {"protocol.pause_writing() failed: of the protocol", false, [&](Recorder& r) { r.on_pause = fail; }},
        {"protocol.resume_writing() failed: of the protocol", false, [&](Recorder& r) { r.on_resume = fail; }},
        {"protocol.connection_lost() failed: of the protocol", false, [&](Recorder& r) { r.on_lost = fail; }},
    };
    for (const Case& test : cases) {
      testkit::MemoryStreamOptions small;
      small.capacity = 4;
      auto [near, far] = testkit::memory_stream_pair(small);
      auto protocol = std::make_shared<Recorder>();
      test.arm(*protocol);
      HandlerLog handler;
      Transport transport = make_transport(std::move(near), protocol);
      co_await sleep(0s);
      transport.set_write_buffer_limits(0);
      transport.write("0123456");
      far.send_nowait("data");
      far.send_eof();
      std::string got;
      for (;;) {
        const auto bytes = co_await far.receive();
        if (bytes.empty()) break;
        got += bytes;
      }
      co_await sleep(1ms);
      EXPECT_EQ(handler.told, std::vector<std::string>{test.told});
      EXPECT_EQ(protocol->events.back(), test.fatal ? "lost: of the protocol" : "lost") << test.told;
      EXPECT_EQ(got, test.fatal ? got : "0123456") << test.told;
      EXPECT_EQ(count_of(protocol->events, "made"), 1U);
    }
  }());
}

TEST_F(TransportTest, PausedItReadsNothing) {
  run([]() -> Coro<void> {
    auto pair = stream_pair();
    auto protocol = std::make_shared<Recorder>();
    Transport transport = make_transport(std::move(pair.stream), protocol);
    EXPECT_TRUE(transport.is_reading());
    transport.pause_reading();  // before it is made, too
    pair.peer.send("one");
    for (int i = 0; i < 5; ++i) co_await sleep(1ms);
    EXPECT_EQ(protocol->events, Events{"made"});
    EXPECT_FALSE(transport.is_reading());
    transport.pause_reading();
    transport.resume_reading();
    transport.resume_reading();
    EXPECT_TRUE(transport.is_reading());
    EXPECT_EQ(protocol->events, Events{"made"}) << "called from inside of resume_reading()";
    const auto got = [&](std::string_view all) { return [&protocol, all] { return protocol->events.back() == all; }; };
    const auto one = got("data one");
    auto first = eventually(one);
    const bool first_held = co_await std::move(first);
    EXPECT_TRUE(first_held);
    protocol->on_data = [&](std::string_view) { transport.pause_reading(); };
    pair.peer.send("two");
    const auto two = got("data onetwo");
    auto second = eventually(two);
    const bool second_held = co_await std::move(second);
    EXPECT_TRUE(second_held);
    pair.peer.send("three");
    pair.peer.shut_down_sending();
    for (int i = 0; i < 5; ++i) co_await sleep(1ms);
    EXPECT_EQ(protocol->events.back(), "data onetwo");
    protocol->on_data = nullptr;
    transport.resume_reading();
    auto waiting = transport.wait_closed();
    co_await std::move(waiting);
    EXPECT_EQ(protocol->events, (Events{"made", "data onetwothree", "eof", "lost"}));
    EXPECT_FALSE(transport.is_reading());
    transport.pause_reading();
    transport.resume_reading();
    EXPECT_FALSE(transport.is_reading());
  }());
}

TEST_F(TransportTest, TheEndMayLeaveItOpenForWriting) {
  run([]() -> Coro<void> {
    auto pair = stream_pair();
    auto protocol = std::make_shared<Recorder>();
    protocol->keep_open = true;
    Transport transport = make_transport(std::move(pair.stream), protocol);
    pair.peer.send("question");
    pair.peer.shut_down_sending();
    const auto ended = [&] { return protocol->events.back() == "eof"; };
    co_await sleep(0s);
    auto waiting = eventually(ended);
    const bool waiting_held = co_await std::move(waiting);
    EXPECT_TRUE(waiting_held);
    for (int i = 0; i < 3; ++i) co_await sleep(1ms);
    EXPECT_FALSE(transport.is_closing());
    EXPECT_EQ(protocol->events, (Events{"made", "data question", "eof"}));
    transport.write("answer");
    transport.close();
    auto closed = transport.wait_closed();
    co_await std::move(closed);
    EXPECT_EQ(pair.peer.take(), "answer");
  }());
}

TEST_F(TransportTest, AProtocolMayBeReplacedInAnyCall) {
  run_virtual([]() -> Coro<void> {
    auto [near, far] = testkit::memory_stream_pair();
    auto [other, unused] = testkit::memory_stream_pair();
    auto last = std::make_shared<Recorder>();
    Transport transport = make_transport(std::move(near), std::make_shared<Recorder>());
    EXPECT_THROW(transport.set_protocol(nullptr), ValueError);
    EXPECT_THROW(make_transport(ByteStream(), last), ValueError);
    EXPECT_THROW(make_transport(std::move(other), nullptr), ValueError);
    const auto chain = [&](std::shared_ptr<Protocol> next) {
      // What a hook captured must outlive the call even though its owner is replaced in it.
      return [&transport, next, name = std::string(100, 'n')](std::string_view) {
        transport.set_protocol(next);
        EXPECT_EQ(name.size(), 100U);
      };
    };
    auto second = std::make_shared<Recorder>();
    second->on_data = chain(last);
    std::weak_ptr<Recorder> watched = second;
    static_cast<Recorder&>(*transport.get_protocol()).on_data = chain(std::move(second));
    co_await sleep(0s);
    for (const char* text : {"one", "two", "three"}) {
      far.send_nowait(text);
      co_await sleep(1ms);
    }
    EXPECT_EQ(transport.get_protocol(), last);
    EXPECT_TRUE(watched.expired());
    EXPECT_EQ(last->events, Events{"data three"});
    transport.close();
    co_await sleep(1ms);
    EXPECT_EQ(last->events, (Events{"data three", "lost"}));
    transport.set_protocol(last);  // of no use, and no harm
    EXPECT_EQ(transport.get_protocol(), nullptr);
  }());
}

TEST_F(TransportTest, ItMayBeAbortedInAnyCall) {
  run_virtual([]() -> Coro<void> {
    for (int where = 0; where < 4; ++where) {
      testkit::MemoryStreamOptions small;
      small.capacity = 4;
      auto [near, far] = testkit::memory_stream_pair(small);
      auto protocol = std::make_shared<Recorder>();
      const auto abort = [&p = *protocol] { p.transport.abort(); };
      if (where == 0) protocol->on_made = abort;
      if (where == 1) protocol->on_data = [abort](std::string_view) { abort(); };
      if (where == 2) protocol->on_pause = abort;
      if (where == 3) protocol->on_eof = abort;
      Transport transport = make_transport(std::move(near), protocol);
      co_await sleep(0s);
      if (where == 2) transport.set_write_buffer_limits(0);
      transport.write("0123456");
      far.send_nowait("data");
      far.send_eof();
      co_await sleep(1ms);
      EXPECT_EQ(protocol->events.back(), "lost") << where;
      EXPECT_EQ(count_of(protocol->events, "lost"), 1U) << where;
      EXPECT_EQ(count_of(protocol->events, "eof"), where == 3 ? 1U : 0U) << where;
    }
  }());
}

TEST_F(TransportTest, TwoTransportsTalkThroughMemoryByteByByte) {
  auto body = []() -> Coro<void> {
    testkit::MemoryStreamOptions bytewise;
    bytewise.piece = 1;
    auto [near, far] = testkit::memory_stream_pair(bytewise);
    auto client = std::make_shared<Recorder>();
    make_transport(std::move(far), std::make_shared<EchoProtocol>());
    Transport transport = make_transport(std::move(near), client);
    client->on_made = [&] { transport.write("hello"); };
    const auto start = get_running_loop().time();
    co_await sleep(1h);
    transport.write(", world");
    co_await sleep(1h);
    transport.write_eof();
    auto waiting = transport.wait_closed();
    co_await std::move(waiting);
    EXPECT_EQ(client->events, (Events{"made", "data hello, world", "eof", "lost"}));
    EXPECT_EQ(get_running_loop().time() - start, 2h);
  };
  destroy_at_every_step(body);
}

TEST_F(TransportTest, SurvivesTheLoopAtEveryStep) {
  auto body = []() -> Coro<void> {
    auto pair = stream_pair();
    auto protocol = std::make_shared<Recorder>();
    Transport transport = make_transport(std::move(pair.stream), protocol);
    co_await sleep(0s);
    transport.write(pattern(1'000'000));
    transport.close();
    bool ended = false;
    while (!ended) {
      pair.peer.take(&ended);
      co_await sleep(0s);
    }
    auto waiting = transport.wait_closed();
    co_await std::move(waiting);
  };
  destroy_at_every_step<RealLoop>(body);
}

}  // namespace
}  // namespace corolla_tests

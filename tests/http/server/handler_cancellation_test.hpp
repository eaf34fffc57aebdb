// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the tests of clients that go away share.
#pragma once

#include "tests/http/server/application_test.hpp"

#include <corolla/sync/event.hpp>

#include <functional>
#include <string>

namespace corolla_tests {

/// What a handler does that waits for ever, and what becomes of it.
struct Waiting {
  Waiting() {}
  Event begun;
  Event cleaned_up;
  Coro<void> wait() {
    struct CleanUp {
      explicit CleanUp(Event& e) : event(e) {}
      ~CleanUp() { event.set(); }
      Event& event;
    } const clean_up(cleaned_up);
    begun.set();
    Event never;
    co_await never.wait();
  }
};

class HandlerCancellationTest : public ServerTest {
 protected:
  WebServerOptions cancelling() {
    WebServerOptions options;
    options.handler_cancellation = true;
    options.access_log = [this](const http::AccessRecord& record) {
      log += std::string(record.target) + " " + std::to_string(record.status) + ";";
    };
    return options;
  }
  static Coro<void> all_ended(const WebServer& server) {
    for (int i = 0; i < 1000 && server.connections() > 0; ++i) co_await sleep(1ms);
    EXPECT_EQ(server.connections(), 0U);
  }

  std::string log;
};

struct Going {
  const char* name;
  std::function<void(ByteStream&)> go;
};
inline const Going kWaysToGo[] = {{"close", [](ByteStream& stream) { stream.close(); }},
                                  {"reset", [](ByteStream& stream) { stream.abort(); }},
                                  {"half close", [](ByteStream& stream) { stream.send_eof(); }}};

}  // namespace corolla_tests

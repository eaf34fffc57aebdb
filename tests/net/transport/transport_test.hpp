// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the tests of transports share: protocols that write down what happens to them.
#pragma once

#include "tests/net/net_test.hpp"
#include "tests/support/destroy_at_every_step.hpp"

#include <corolla/testkit/memory_stream.hpp>

#include <algorithm>
#include <deque>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

namespace corolla_tests {

using Events = std::vector<std::string>;

inline std::string lost_with(const std::exception_ptr& error) { return error ? "lost: " + describe(error) : "lost"; }

/// Writes down each call; what a hook says happens in it.
class Recorder : public Protocol {
 public:
  void connection_made(Transport made) override {
    events.push_back("made");
    transport = std::move(made);
    if (on_made) on_made();
  }
  void data_received(std::string_view data) override {
    if (!events.empty() && events.back().starts_with("data ")) events.back() += data;
    else events.push_back("data " + std::string(data));
    received += data.size();
    if (on_data) on_data(data);
  }
  bool eof_received() override {
    events.push_back("eof");
    if (on_eof) on_eof();
    return keep_open;
  }
  void connection_lost(std::exception_ptr error) override {
    events.push_back(lost_with(error));
    lost_error = error;
    if (on_lost) on_lost();
  }
  void pause_writing() override {
    events.push_back("pause");
    if (on_pause) on_pause();
  }
  void resume_writing() override {
    events.push_back("resume");
    if (on_resume) on_resume();
  }

  Transport transport;
  Events events;
  std::size_t received = 0;
  std::exception_ptr lost_error;
  bool keep_open = false;
  std::function<void()> on_made, on_eof, on_lost, on_pause, on_resume;
  std::function<void(std::string_view)> on_data;
};

inline std::size_t count_of(const Events& events, std::string_view event) {
  return static_cast<std::size_t>(std::count(events.begin(), events.end(), event));
}

/// Sends back what it receives.
class EchoProtocol final : public Protocol {
 public:
  void connection_made(Transport transport) override { transport_ = std::move(transport); }
  void data_received(std::string_view data) override { transport_.write(data); }

 private:
  Transport transport_;
};

/// Collects what the running loop's exception handler is told, and restores the default.
class HandlerLog {
 public:
  HandlerLog() : loop_(get_running_loop()) {
    loop_.set_exception_handler([this](EventLoop&, const ErrorContext& context) {
      told.push_back(context.message + ": " + (context.exception ? describe(context.exception) : ""));
    });
  }
  HandlerLog(const HandlerLog&) = delete;
  HandlerLog& operator=(const HandlerLog&) = delete;
  ~HandlerLog() { loop_.set_exception_handler(nullptr); }
  std::vector<std::string> told;

 private:
  EventLoop& loop_;
};

/// Collects what is logged, and restores the default.
class LoggedLines {
 public:
  LoggedLines() {
    set_log_handler([this](const LogRecord& record) { lines.emplace_back(record.message); });
  }
  LoggedLines(const LoggedLines&) = delete;
  LoggedLines& operator=(const LoggedLines&) = delete;
  ~LoggedLines() { set_log_handler(nullptr); }
  std::vector<std::string> lines;
};

/// Runs what nothing outside of the process takes part in: time passes only when nothing is left to do.
inline void run_virtual(Coro<void> body) {
  VirtualLoop owner;
  owner.loop().run_until_complete(std::move(body));
}

/// Lets the loop run until `condition`, at most some thousands of iterations.
template <class Condition>
Coro<bool> eventually(Condition& condition) {
  for (int i = 0; i < 20'000 && !condition(); ++i) co_await sleep(i < 100 ? 0ms : 1ms);
  co_return condition();
}

}  // namespace corolla_tests

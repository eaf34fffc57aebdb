// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the tests of SubprocessTransport share: a protocol that writes down what happens to it.
#pragma once

#include "tests/net/process/subprocess_test.hpp"
#include "tests/net/transport/transport_test.hpp"

#include <corolla/net/subprocess_protocol.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace corolla_tests {

/// Writes down each call; what a hook says happens in it.
class ChildRecorder : public SubprocessProtocol {
 public:
  void connection_made(SubprocessTransport made) override {
    transport = std::move(made);
    note("made");
  }
  void pipe_data_received(int fd, std::string_view data) override {
    received += data.size();
    const std::string event = "data " + std::to_string(fd) + " ";
    if (!events.empty() && events.back().starts_with(event)) events.back() += data;
    else events.push_back(event + std::string(data));
    if (on_event) on_event("data");
  }
  void pipe_connection_lost(int fd, std::exception_ptr error) override {
    note("pipe " + std::to_string(fd) + " " + lost_with(error));
  }
  void process_exited() override {
    note(transport ? "exited " + std::to_string(transport.get_returncode().value_or(12345)) : "exited");
  }
  void connection_lost(std::exception_ptr error) override { note(lost_with(error)); }
  void pause_writing() override { note("pause"); }
  void resume_writing() override { note("resume"); }

  [[nodiscard]] bool saw(std::string_view event) const { return count_of(events, event) == 1; }
  /// Where the event stands; past the end if it does not.
  [[nodiscard]] std::size_t place_of(std::string_view event) const {
    return static_cast<std::size_t>(std::find(events.begin(), events.end(), event) - events.begin());
  }

  SubprocessTransport transport;
  Events events;
  std::size_t received = 0;
  std::function<void(std::string_view)> on_event;

 private:
  void note(std::string event) {
    events.push_back(event);
    if (on_event) on_event(event);
  }
};

inline std::shared_ptr<ChildRecorder> child_recorder() { return std::make_shared<ChildRecorder>(); }

/// No pipe at all.
inline SubprocessOptions without_pipes() {
  SubprocessOptions options;
  options.stdin_from = options.stdout_to = options.stderr_to = Stdio::kDevNull;
  return options;
}

}  // namespace corolla_tests

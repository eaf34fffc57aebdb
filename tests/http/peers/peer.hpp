// SPDX-License-Identifier: Apache-2.0
/// \file
/// A program of somebody else's that serves on a port, for the time of a test.
#pragma once

#include "tests/http/client/session_test.hpp"

#include <corolla/net.hpp>

#include <string>
#include <utility>
#include <vector>

namespace corolla::test {

struct Peer {
  Peer(Process started, std::string at) : process(std::move(started)), port(std::move(at)) {}
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + port + "/"; }
  Process process;
  std::string port;
};

// A port that was free a moment ago.
inline std::string some_port() {
  Socket socket = Socket::create(SocketAddress::Family::kIPv4);
  socket.bind(SocketAddress::ip("127.0.0.1", 0));
  return std::to_string(socket.sockname().port());
}

// Starts `command(port)` until one serves: somebody else may take the port meanwhile, and the program ends.
template <class Command>
Coro<Peer> start_peer(Command command) {
  for (int attempt = 0; attempt < 20; ++attempt) {
    const std::string port = some_port();
    SubprocessOptions quiet;
    quiet.stdout_to = quiet.stderr_to = Stdio::kDevNull;
    std::vector<std::string> argv = command(port);
    auto starting = create_subprocess_exec(std::move(argv), quiet);
    Process process = co_await std::move(starting);
    while (!process.returncode()) {
      const auto number = static_cast<std::uint16_t>(std::stoul(port));
      auto connecting = connect_tcp("127.0.0.1", number);
      const auto connected = co_await outcome(std::move(connecting));
      if (connected) co_return Peer(std::move(process), port);
      co_await sleep(5ms);
    }
  }
  throw RuntimeError("the program ends each time it is started");
}

inline Coro<void> stop_peer(Process& process) {
  process.terminate();
  auto ending = wait_for(process.wait(), 5s);
  const auto ended = co_await outcome(std::move(ending));
  if (ended) co_return;
  process.kill();
  auto killed = process.wait();
  co_await std::move(killed);
}
inline Coro<void> stop_peer(Peer& peer) { return stop_peer(peer.process); }

}  // namespace corolla::test

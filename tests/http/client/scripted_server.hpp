// SPDX-License-Identifier: Apache-2.0
/// \file
/// A server that answers with whatever bytes a test gives it, well-formed or not.
#pragma once

#include <corolla/net/byte_stream.hpp>
#include <corolla/net/server.hpp>
#include <corolla/runtime.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace corolla::test {

/// What a scripted server does with one request.
struct Reply {
  Reply(std::string reply_bytes, bool close_after = false) : bytes(std::move(reply_bytes)), close(close_after) {}
  Reply(const char* reply_bytes) : bytes(reply_bytes) {}
  std::string bytes;
  bool close = false;
  bool hang = false;   // after the bytes: neither more bytes nor an end
  bool reset = false;  // after the bytes: the connection is torn down
};

/// Answers each request (its head, and a body of Content-Length) with reply(head and body). It may be destroyed while
/// connections are open: their tasks share what they need.
class ScriptedServer {
 public:
  using Script = std::function<Reply(const std::string& request)>;

  explicit ScriptedServer(Script script) : state_(std::make_shared<State>()) { state_->script = std::move(script); }

  Coro<void> start(ServerOptions options = ServerOptions()) {
    auto handler = [state = state_](ByteStream stream) { return serve(state, std::move(stream)); };
    auto starting = start_server(handler, "127.0.0.1", 0, std::move(options));
    server_ = co_await std::move(starting);
  }
  [[nodiscard]] std::string url(std::string_view path = "/") const {
    return "http://127.0.0.1:" + std::to_string(server_.port()) + std::string(path);
  }
  [[nodiscard]] std::uint16_t port() const { return server_.port(); }
  [[nodiscard]] const std::vector<std::string>& requests() const { return state_->requests; }
  [[nodiscard]] int connections() const { return state_->connections; }
  /// The most connections that were open at once.
  [[nodiscard]] int peak() const { return state_->peak; }
  void stop() {
    server_.close();
    server_.abort_clients();
  }
  /// stop(), and until the last connection's task is done: what the script refers to may go then.
  Coro<void> finish() {
    stop();
    co_await server_.wait_closed();
  }

 private:
  struct State {
    Script script;
    std::vector<std::string> requests;
    int connections = 0;
    int open = 0;
    int peak = 0;
  };

  struct Open {
    explicit Open(State& s) : state(s) { state.peak = std::max(state.peak, ++state.open); }
    ~Open() { --state.open; }
    State& state;
  };

  static Coro<void> serve(std::shared_ptr<State> state, ByteStream stream) {
    ++state->connections;
    const Open open(*state);
    try {
      bool more = true;
      while (more) more = co_await answer(*state, stream);
    } catch (const OSError&) {  // the client went away
    }
  }

  // False after the connection's last request.
  static Coro<bool> answer(State& state, ByteStream& stream) {
    std::size_t end = std::string::npos;
    while ((end = stream.buffered().find("\r\n\r\n")) == std::string::npos) {
      const std::string_view bytes = co_await stream.receive();
      if (bytes.empty()) co_return false;
    }
    std::size_t size = end + 4;
    const std::string head(stream.buffered().substr(0, size));
    if (const auto at = head.find("Content-Length: "); at != std::string::npos)
      size += static_cast<std::size_t>(std::stoul(head.substr(at + 16)));
    while (stream.buffered().size() < size) {
      const std::string_view bytes = co_await stream.receive();
      if (bytes.empty()) co_return false;
    }
    state.requests.emplace_back(stream.buffered().substr(0, size));
    stream.consume(size);
    const Reply reply = state.script(state.requests.back());
    co_await stream.send_all(reply.bytes);
    if (reply.reset) {
      stream.abort();
      co_return false;
    }
    while (reply.hang) {
      const std::string_view bytes = co_await stream.receive();
      if (bytes.empty()) co_return false;
      stream.consume(bytes.size());
    }
    co_return !reply.close;
  }

  std::shared_ptr<State> state_;
  Server server_;
};

/// "HTTP/1.1 200 OK" with this body and these further field lines.
inline std::string ok(const std::string& body, const std::string& fields = {}) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + fields + "\r\n" + body;
}

/// The exception a coroutine ends with, as its type name's text: what() and the dynamic type are asserted by the caller.
template <class E, class T>
Coro<std::string> error_of(Coro<T> coro) {
  auto result = co_await outcome(std::move(coro));
  if (result) co_return "no error";
  try {
    std::rethrow_exception(result.error());
  } catch (const E& e) {
    co_return e.what();
  } catch (...) {
    co_return "another error: " + describe(std::current_exception());
  }
}

}  // namespace corolla::test

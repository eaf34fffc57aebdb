// SPDX-License-Identifier: Apache-2.0
/// \file
/// One end of a connection of HTTP/2 in memory, on a virtual clock, whose other side a test writes frame by frame.
#pragma once

#include "tests/http/http2/field_inflater.hpp"
#include "tests/http/http2/frames.hpp"
#include "tests/support/runtime_test.hpp"

#include <corolla/http/web_server.hpp>
#include <corolla/testkit/memory_stream.hpp>

#include "http/server/server_connection.hpp"
#include "http/server/web_server_state.hpp"

#include <limits>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace corolla_tests {

using http::ServerRequest;
using http::ServerResponse;
using http::WebServerOptions;
using http::WebServerState;

/// A frame that came; the fields of HEADERS decoded.
struct Frame {
  Frame() {}
  std::uint8_t type = kNoFrame;
  std::uint8_t flags = 0;
  std::uint32_t id = 0;
  std::string payload;
  Fields fields;
  /// RST_STREAM's error, GOAWAY's.
  [[nodiscard]] std::uint32_t code() const {
    const std::size_t at = type == kGoaway ? 4 : 0;
    return number_of(std::string_view(payload).substr(at, 4));
  }
};

/// A response, or a request, gathered from its frames.
struct Message {
  Message() {}
  Fields fields;
  Fields trailers;
  std::string body;
  int reset = -1;  // RST_STREAM came, with this error
  [[nodiscard]] std::string field(std::string_view name) const {
    for (const auto& [key, value] : fields)
      if (key == name) return value;
    return {};
  }
  [[nodiscard]] std::string status() const { return reset >= 0 ? "reset " + std::to_string(reset) : field(":status"); }
};

/// The side of a connection that the test plays.
class RawPeer {
 public:
  explicit RawPeer(ByteStream stream) : stream_(std::move(stream)) {}
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;

  Coro<void> send(std::string bytes) { co_await stream_.send_all(bytes); }
  void send_nowait(std::string_view bytes) { stream_.send_nowait(bytes); }
  [[nodiscard]] ByteStream& stream() noexcept { return stream_; }

  /// The next frame; kNoFrame at the end of the connection. Settings are acknowledged.
  Coro<Frame> next() {
    Frame result;
    bool whole = co_await fill(9);
    if (!whole) co_return result;
    const std::size_t size = number_of(stream_.buffered().substr(0, 3));
    whole = co_await fill(9 + size);
    if (!whole) co_return result;
    const std::string_view bytes = stream_.buffered();
    result.type = static_cast<std::uint8_t>(bytes[3]);
    result.flags = static_cast<std::uint8_t>(bytes[4]);
    result.id = number_of(bytes.substr(5, 4));
    result.payload = bytes.substr(9, size);
    stream_.consume(9 + size);
    if (result.type == kHeaders) result.fields = inflater_.inflate(result.payload);
    if (acknowledges && result.type == kSettings && result.flags == 0) stream_.send_nowait(frame(kSettings, kAck, 0));
    co_return result;
  }
  /// The next of a type; others are passed over.
  Coro<Frame> next_of(std::uint8_t type) {
    for (;;) {
      Frame got = co_await next();
      if (got.type == type || got.type == kNoFrame) co_return got;
    }
  }
  /// Messages of streams until that of `id` is over; those of others are kept for later.
  Coro<Message> message(std::uint32_t id) {
    for (;;) {
      if (const auto found = over_.find(id); found != over_.end()) {
        Message done = std::move(found->second);
        over_.erase(found);
        co_return done;
      }
      const Frame got = co_await next();
      if (got.type == kNoFrame) throw RuntimeError("the connection ended before the message");
      if (got.type == kGoaway) goaways.push_back(got.code());
      if (got.type != kHeaders && got.type != kData && got.type != kRstStream) continue;
      Message& current = begun_[got.id];
      if (got.type == kHeaders && !got.fields.empty() && got.fields.front().second == "100") {
        ++continues;
        continue;
      }
      if (got.type == kHeaders) (current.fields.empty() ? current.fields : current.trailers) = got.fields;
      else if (got.type == kData) current.body += got.payload;
      else current.reset = static_cast<int>(got.code());
      if (got.type != kRstStream && (got.flags & kEndStream) == 0) continue;
      over_[got.id] = std::move(current);
      begun_.erase(got.id);
    }
  }
  /// The next WINDOW_UPDATE of this stream.
  Coro<std::uint32_t> window_of(std::uint32_t id) {
    for (;;) {
      const Frame got = co_await next_of(kWindowUpdate);
      if (got.type == kNoFrame) throw RuntimeError("the connection ended before the window opened");
      if (got.id == id) co_return number_of(got.payload);
    }
  }
  /// The error of the GOAWAY that ends the connection; -1 when it ends without one.
  Coro<int> goaway() {
    const Frame got = co_await next_of(kGoaway);
    co_return got.type == kNoFrame ? -1 : static_cast<int>(got.code());
  }
  /// The rest is read; how many frames it was.
  Coro<int> read_to_end() {
    for (int count = 0;; ++count) {
      const Frame got = co_await next();
      if (got.type == kNoFrame) co_return count;
    }
  }

  std::vector<std::uint32_t> goaways;
  int continues = 0;
  bool acknowledges = true;

 private:
  Coro<bool> fill(std::size_t size) {
    while (stream_.buffered().size() < size) {
      const std::string_view arrived = co_await stream_.receive();
      if (arrived.empty()) co_return false;
    }
    co_return true;
  }

  ByteStream stream_;
  FieldInflater inflater_;
  std::map<std::uint32_t, Message> begun_;
  std::map<std::uint32_t, Message> over_;
};

/// A server's connection, served in a task, and the client's end of it.
struct Served {
  explicit Served(http::RequestHandler handler, WebServerOptions options = WebServerOptions(),
                  std::size_t piece = std::numeric_limits<std::size_t>::max())
      : Served(streams(piece), std::move(handler), std::move(options)) {}
  Served(std::pair<ByteStream, ByteStream> ends, http::RequestHandler handler, WebServerOptions options)
      : state(std::make_shared<WebServerState>(std::move(handler), with_h2c(std::move(options)))),
        peer(std::move(ends.first)),
        serving(create_task(http::serve_connection(state, std::move(ends.second)))) {}
  static std::pair<ByteStream, ByteStream> streams(std::size_t piece) {
    testkit::MemoryStreamOptions options;
    options.piece = piece;
    return testkit::memory_stream_pair(options);
  }
  static WebServerOptions with_h2c(WebServerOptions options) {
    options.h2c = true;
    return options;
  }

  std::shared_ptr<WebServerState> state;
  RawPeer peer;
  Task<void> serving;
};

/// A handler that says what it was asked.
inline Coro<ServerResponse> tell(ServerRequest& request) {
  std::string text = request.method() + " " + request.target() + " " + std::string(request.host()) + " " +
                     std::string(to_string(request.version()));
  if (const auto cookie = request.headers().get("Cookie")) text.append(" ").append(*cookie);
  co_return ServerResponse(200, std::move(text));
}

class Http2Test : public RuntimeTest {};

/// Counts its requests, and reads each to its end.
inline http::RequestHandler counting(int& calls) {
  return [&calls](ServerRequest& request) -> Coro<ServerResponse> {
    ++calls;
    auto reading = request.read();
    const auto body = co_await outcome(std::move(reading));
    co_return ServerResponse(200, body ? *body : "no body");
  };
}

}  // namespace corolla_tests

// SPDX-License-Identifier: Apache-2.0
/// \file
/// A client's connection: a stream, a parser of what comes from it, and its place in the pool. In HTTP/2: a stream of one.
#pragma once

#include <corolla/http/client_options.hpp>
#include <corolla/net/byte_stream.hpp>

#include "http/http2/client_session.hpp"
#include "http/next_event.hpp"
#include "http/parser.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace corolla::inline v0::http {

class HostPool;

/// Held by a Response while it is in use, by its HostPool while it is idle.
struct Connection {
  Connection(ByteStream byte_stream, const ParserLimits& limits) : stream(std::move(byte_stream)), parser(limits) {}
  /// A request's place on a connection in HTTP/2.
  Connection(Http2Lease session, const ParserLimits& limits)
      : http2(std::move(session)), stream(http2->make_stream()), parser(limits), reused(http2->used()) {}

  [[nodiscard]] Http2ClientStream& http2_stream() const noexcept {
    return static_cast<Http2ClientStream&>(*stream.state());
  }
  [[nodiscard]] ResponseHead& response_head() noexcept { return http2 ? http2_stream().head() : parser.head(); }
  /// Behind the body.
  [[nodiscard]] Headers& trailers() noexcept { return http2 ? http2_stream().trailers() : parser.trailers(); }
  /// What comes next of the response's body, from what is buffered.
  [[nodiscard]] ParseEvent next_of_body() {
    if (!http2) return next_event(stream, parser);
    piece_ = stream.buffered();
    stream.consume(piece_.size());
    if (!piece_.empty()) return ParseEvent::kBody;
    return stream.at_eof() ? ParseEvent::kEnd : ParseEvent::kNeedMore;
  }
  /// The piece behind the last kBody.
  [[nodiscard]] std::string_view body() const noexcept { return http2 ? piece_ : parser.body(); }
  /// The stream ended: throws when the body is cut short.
  void end_of_stream() {
    if (!http2) static_cast<void>(parser.finish());
  }

  Http2Lease http2;  // outlives the stream
  ByteStream stream;
  ResponseParser parser;
  std::string head;  // the request's head is written here; the storage is used again
  bool reused = false;

  // While idle: neighbours in the pool's list, oldest first, and in its host's, newest first.
  HostPool* host = nullptr;
  Connection* older = nullptr;
  Connection* newer = nullptr;
  std::unique_ptr<Connection> below;
  std::chrono::steady_clock::time_point idle_since;

 private:
  std::string_view piece_;
};

}  // namespace corolla::inline v0::http

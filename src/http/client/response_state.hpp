// SPDX-License-Identifier: Apache-2.0
/// \file
/// What stands behind a Response: the head, and the connection while the body is not at its end.
#pragma once

#include <corolla/http/client_options.hpp>
#include <corolla/http/content_coding.hpp>
#include <corolla/http/url.hpp>
#include <corolla/runtime/coro.hpp>
#include <corolla/runtime/future_base.hpp>
#include <corolla/runtime/memory.hpp>

#include "http/client/connection.hpp"
#include "http/client/pool.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace corolla::inline v0::http {

struct RequestData;

/// The deadlines of a request under way.
struct Deadlines {
  Deadlines() = default;
  explicit Deadlines(const RequestData& request) noexcept;

  std::optional<std::chrono::steady_clock::time_point> total;
  std::optional<std::chrono::nanoseconds> sock_read;
  std::optional<std::chrono::nanoseconds> sock_write;
  std::optional<std::chrono::nanoseconds> total_limit;  // for the message

  /// Sets the stream's deadline for the wait that begins now.
  void arm(StreamState& stream) const { arm(stream, sock_read); }
  void arm(ByteStream& stream) const { arm(*stream.state()); }
  /// As above, for bytes that leave.
  void arm_sending(StreamState& stream) const { arm(stream, sock_write ? sock_write : sock_read); }
  /// TimeoutError naming the deadline that has passed, with `sending` while bytes were to leave.
  [[noreturn]] void throw_passed(bool sending = false) const;

 private:
  void arm(StreamState& stream, std::optional<std::chrono::nanoseconds> piece) const;
};

class Upload;

/// Sees a body's bytes as they are on the wire.
class BodyWatcher {
 public:
  virtual ~BodyWatcher() = default;
  virtual void arrived(std::string_view piece) = 0;
  /// All of it came.
  virtual void ended() = 0;
};

class ResponseState : public FromBlockCache {
 public:
  ResponseState(Url request_url, FutureRef<ConnectionPool> connection_pool) noexcept;
  ResponseState(const ResponseState&) = delete;
  ResponseState& operator=(const ResponseState&) = delete;
  ~ResponseState();

  /// The next piece of the body, decoded; empty at the end.
  Coro<std::string_view> chunk();
  /// Closes the connection, if it is still held.
  void drop_connection() noexcept;
  /// Makes the decoder that Content-Encoding asks for, if the session wants that; notes who knows charsets.
  void start_decoding(const SessionOptions& session);

  ResponseHead head;
  Headers trailers;
  Url url;
  std::vector<Url> history;
  FutureRef<ConnectionPool> pool;
  std::unique_ptr<Connection> connection;  // null once the body is over
  std::unique_ptr<Upload> upload;          // the request's body, while it is being sent
  std::optional<Decoder> decoder;
  std::function<std::string(const Response&, std::string_view)> fallback_charset_resolver;  // null: UTF-8
  Deadlines deadlines;
  std::shared_ptr<const std::string> stored;  // the body on the wire, when it does not come from a connection
  std::size_t stored_at = 0;
  unsigned attempts = 1;
  bool from_cache = false;
  std::vector<std::unique_ptr<BodyWatcher>> watchers;
  std::uint64_t wire_bytes = 0;
  std::uint64_t max_body_bytes = 0;
  std::string decoded;  // the piece handed out last, when there is a decoder
  std::string body;     // what read() collected
  bool complete = false;

 private:
  std::string_view take(std::string_view piece);
  void finish_body();
  void finish_decoding();
};

}  // namespace corolla::inline v0::http

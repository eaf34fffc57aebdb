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
  std::optional<std::chrono::nanoseconds> total_limit;  // for the message

  /// Sets the stream's deadline for the wait that begins now.
  void arm(StreamState& stream) const;
  void arm(ByteStream& stream) const { arm(*stream.state()); }
  /// TimeoutError naming the deadline that has passed.
  [[noreturn]] void throw_passed() const;
};

class Upload;

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

  ResponseHead head;
  Url url;
  std::vector<Url> history;
  FutureRef<ConnectionPool> pool;
  std::unique_ptr<Connection> connection;  // null once the body is over
  std::unique_ptr<Upload> upload;          // the request's body, while it is being sent
  std::optional<Decoder> decoder;
  Deadlines deadlines;
  std::shared_ptr<const std::string> stored;  // the body on the wire, when it does not come from a connection
  std::size_t stored_at = 0;
  unsigned attempts = 1;
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

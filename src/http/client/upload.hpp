// SPDX-License-Identifier: Apache-2.0
/// \file
/// Upload: a body on its way to the server, beside the task that reads the answer.
///
/// A server may answer before it has the whole body (413, or an echo of it), so that both directions go on at once. The
/// answer's end, or its being dropped, ends the upload too: a connection that still waits for the rest of a body is of no
/// use any more.
#pragma once

#include <corolla/http/request.hpp>
#include <corolla/net/byte_stream.hpp>
#include <corolla/runtime/async_generator.hpp>
#include <corolla/runtime/future.hpp>
#include <corolla/runtime/task.hpp>

#include "http/client/response_state.hpp"

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace corolla::inline v0::http {

/// A body that does not stand in one piece in the request's head.
struct BodySource {
  explicit BodySource(std::string bytes) : whole(std::move(bytes)), size(whole.size()) {}
  BodySource(AsyncGenerator<std::string> generator, std::optional<std::uint64_t> length)
      : pieces(std::move(generator)), size(length) {}
  /// It can be sent again, after a redirect.
  [[nodiscard]] bool repeatable() const noexcept { return !pieces; }

  std::string whole;
  std::optional<AsyncGenerator<std::string>> pieces;
  /// Nothing: it is sent in chunks.
  std::optional<std::uint64_t> size;
};

class Upload {
 public:
  /// How the server learns where a body ends.
  enum class Framing : std::uint8_t {
    kInBand,  ///< by its length, or by chunks
    kNone     ///< the stream is its own, one of HTTP/2, and ends
  };
  /// Begins to send, at once or when the server says 100 (Continue), or nothing for a second.
  Upload(ByteStream& stream, const RequestData& request, const Deadlines& deadlines, Framing framing);
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;
  ~Upload() { stop(); }

  /// 100 (Continue) came.
  void go_on() noexcept;
  [[nodiscard]] bool done() const noexcept { return sending_.done(); }
  /// Ends it; what is left of the body is not sent.
  void stop() noexcept;
  /// What the generator threw, or null. The stream was aborted then.
  [[nodiscard]] const std::exception_ptr& failure() const noexcept { return shared_->failure; }

 private:
  struct Shared {
    std::exception_ptr failure;
    Future<void> leave;  // to send
    std::function<Headers()> trailers;
    std::shared_ptr<RequestTrace> trace;  // null: nobody watches
    std::optional<ContentCoding> compress;
    bool chunked = false;
  };
  static Coro<void> send(FutureRef<StreamState> stream, std::shared_ptr<BodySource> source, Deadlines deadlines,
                         std::shared_ptr<Shared> shared, Framing framing);
  static Coro<void> send_all(FutureRef<StreamState> stream, std::shared_ptr<BodySource> source, Deadlines deadlines,
                             std::shared_ptr<Shared> shared);

  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  Task<void> sending_;
};

}  // namespace corolla::inline v0::http

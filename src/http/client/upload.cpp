// SPDX-License-Identifier: Apache-2.0
#include "http/client/upload.hpp"

#include <corolla/runtime/error.hpp>
#include <corolla/runtime/outcome.hpp>
#include <corolla/runtime/wait_for.hpp>

#include "http/client/request_trace.hpp"
#include "http/encoder.hpp"
#include "http/http2/stream.hpp"
#include "http/trailers.hpp"

#include <array>
#include <charconv>
#include <string_view>
#include <utility>

namespace corolla::inline v0::http {

namespace {

constexpr std::chrono::seconds kLongestWaitToContinue{1};
constexpr std::size_t kPiece = std::size_t{64} * 1024;  // of a body that stands in memory: what is sent is copied

using SharedStream = FutureRef<StreamState>;

// As it is, or as a chunk (RFC 9112, section 7.1).
void send_piece(StreamState& stream, std::string_view piece, bool chunked) {
  if (!chunked) {
    stream.send(&piece, 1);
    return;
  }
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), piece.size(), 16).ptr;
  const std::array<std::string_view, 4> chunk = {
      std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())), "\r\n", piece, "\r\n"};
  stream.send(chunk.data(), chunk.size());
}

// Where a body leaves: as it is or encoded, whole or in chunks.
class Outlet {
 public:
  Outlet(SharedStream stream, const Deadlines& deadlines, std::shared_ptr<RequestTrace> trace,
         std::optional<ContentCoding> compress, bool chunked)
      : stream_(std::move(stream)), deadlines_(deadlines), trace_(std::move(trace)), chunked_(chunked) {
    if (compress) encoder_ = make_encoder(*compress, CompressionOptions());
  }
  void send(std::string_view piece, Encoder::Flush flush) {
    if (encoder_) {
      encoded_.clear();
      encoder_->encode(piece, encoded_, flush);
      piece = encoded_;
    }
    if (piece.empty()) return;
    deadlines_.arm_sending(*stream_);
    send_piece(*stream_, piece, chunked_);
    if (trace_) trace_->tell_sent(piece);
  }
  void end() { send({}, Encoder::Flush::kEnd); }
  [[nodiscard]] StreamDrain drain() const { return StreamDrain(stream_, StreamState::Level::kLow); }

 private:
  SharedStream stream_;
  Deadlines deadlines_;
  std::shared_ptr<RequestTrace> trace_;
  std::unique_ptr<Encoder> encoder_;  // null: none
  std::string encoded_;
  bool chunked_;
};

Coro<void> send_whole(std::shared_ptr<BodySource> source, Outlet& outlet) {
  for (std::string_view rest = source->whole; !rest.empty();) {
    const std::string_view piece = rest.substr(0, kPiece);
    rest.remove_prefix(piece.size());
    outlet.send(piece, Encoder::Flush::kNo);
    co_await outlet.drain();
  }
  outlet.end();
  co_await outlet.drain();
}

// What a generator gave leaves at once: it may wait for the answer to that before it goes on.
Coro<void> send_pieces(std::shared_ptr<BodySource> source, Outlet& outlet) {
  std::uint64_t sent = 0;
  while (auto piece = co_await source->pieces->next()) {
    if (piece->empty()) continue;
    sent += piece->size();
    if (source->size && sent > *source->size)
      throw ValueError("the body has more than the " + std::to_string(*source->size) + " bytes that were announced");
    outlet.send(*piece, Encoder::Flush::kYes);
    co_await outlet.drain();
  }
  if (source->size && sent < *source->size)
    throw ValueError("the body ended after " + std::to_string(sent) + " of the " + std::to_string(*source->size) +
                     " bytes that were announced");
  outlet.end();
  co_await outlet.drain();
}

// The connection's own failures are the reader's to report.
bool is_of_the_body(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const OSError&) {
    return false;
  } catch (const TimeoutError&) {
    return false;
  } catch (...) {
    return true;
  }
}

}  // namespace

Upload::Upload(ByteStream& stream, const RequestData& request, const Deadlines& deadlines, Framing framing) {
  if (request.expect_continue) shared_->leave = get_running_loop().create_future<void>();
  shared_->trace = request.trace;
  if (request.has_trailers()) shared_->trailers = request.extras->trailers;
  if (request.extras) shared_->compress = request.extras->compress;
  shared_->chunked = framing == Framing::kInBand && request.in_chunks();
  sending_ = create_task(send, stream.state(), request.source, deadlines, shared_, framing);
}

Coro<void> Upload::send(SharedStream stream, std::shared_ptr<BodySource> source, Deadlines deadlines,
                        std::shared_ptr<Shared> shared, Framing framing) {
  if (shared->leave.valid()) {
    auto waiting = wait_for(shared->leave, kLongestWaitToContinue);
    static_cast<void>(co_await outcome(std::move(waiting)));
  }
  auto sending = send_all(stream, source, deadlines, shared);
  const auto sent = co_await outcome(std::move(sending));
  if (sent) deadlines.arm(*stream);
  if (sent && framing == Framing::kNone && !stream->closing()) stream->send_eof();
  if (sent || stream->closing()) co_return;
  if (!is_of_the_body(sent.error())) co_return;
  shared->failure = sent.error();
  stream->abort();
}

Coro<void> Upload::send_all(SharedStream stream, std::shared_ptr<BodySource> source, Deadlines deadlines,
                            std::shared_ptr<Shared> shared) {
  Outlet outlet(stream, deadlines, shared->trace, shared->compress, shared->chunked);
  auto sending = source->pieces ? send_pieces(source, outlet) : send_whole(source, outlet);
  co_await std::move(sending);
  Headers trailers;
  if (shared->trailers) trailers = shared->trailers();
  for (const auto& field : trailers) require_trailer(field.name);
  if (shared->chunked) {
    const std::string end = last_chunk(trailers);
    const std::string_view piece = end;
    stream->send(&piece, 1);
  } else if (!trailers.empty()) {
    static_cast<Http2Stream&>(*stream).set_trailers(trailers);
  }
}

void Upload::go_on() noexcept {
  if (shared_->leave.valid() && !shared_->leave.done()) shared_->leave.set_result();
}

void Upload::stop() noexcept {
  if (sending_.valid() && !sending_.done()) sending_.cancel();
}

}  // namespace corolla::inline v0::http

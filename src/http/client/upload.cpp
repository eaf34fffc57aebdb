// SPDX-License-Identifier: Apache-2.0
#include "http/client/upload.hpp"

#include <corolla/runtime/error.hpp>
#include <corolla/runtime/outcome.hpp>
#include <corolla/runtime/wait_for.hpp>

#include "http/client/request_trace.hpp"
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

Coro<void> send_whole(SharedStream stream, std::shared_ptr<BodySource> source, Deadlines deadlines,
                      std::shared_ptr<RequestTrace> trace, bool chunked) {
  for (std::string_view rest = source->whole; !rest.empty();) {
    const std::string_view piece = rest.substr(0, kPiece);
    rest.remove_prefix(piece.size());
    deadlines.arm_sending(*stream);
    send_piece(*stream, piece, chunked);
    if (trace) trace->tell_sent(piece);
    co_await StreamDrain(stream, StreamState::Level::kLow);
  }
}

Coro<void> send_pieces(SharedStream stream, std::shared_ptr<BodySource> source, Deadlines deadlines,
                       std::shared_ptr<RequestTrace> trace, bool chunked) {
  std::uint64_t sent = 0;
  while (auto piece = co_await source->pieces->next()) {
    if (piece->empty()) continue;
    sent += piece->size();
    if (source->size && sent > *source->size)
      throw ValueError("the body has more than the " + std::to_string(*source->size) + " bytes that were announced");
    deadlines.arm_sending(*stream);
    send_piece(*stream, *piece, chunked);
    if (trace) trace->tell_sent(*piece);
    co_await StreamDrain(stream, StreamState::Level::kLow);
  }
  if (source->size && sent < *source->size)
    throw ValueError("the body ended after " + std::to_string(sent) + " of the " + std::to_string(*source->size) +
                     " bytes that were announced");
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
  const bool chunked = framing == Framing::kInBand && request.in_chunks();
  sending_ = create_task(send, stream.state(), request.source, deadlines, shared_, framing, chunked);
}

Coro<void> Upload::send(SharedStream stream, std::shared_ptr<BodySource> source, Deadlines deadlines,
                        std::shared_ptr<Shared> shared, Framing framing, bool chunked) {
  if (shared->leave.valid()) {
    auto waiting = wait_for(shared->leave, kLongestWaitToContinue);
    static_cast<void>(co_await outcome(std::move(waiting)));
  }
  auto sending = send_all(stream, source, deadlines, shared, chunked);
  const auto sent = co_await outcome(std::move(sending));
  if (sent) deadlines.arm(*stream);
  if (sent && framing == Framing::kNone && !stream->closing()) stream->send_eof();
  if (sent || stream->closing()) co_return;
  if (!is_of_the_body(sent.error())) co_return;
  shared->failure = sent.error();
  stream->abort();
}

Coro<void> Upload::send_all(SharedStream stream, std::shared_ptr<BodySource> source, Deadlines deadlines,
                            std::shared_ptr<Shared> shared, bool chunked) {
  auto sending = source->pieces ? send_pieces(stream, source, deadlines, shared->trace, chunked)
                                : send_whole(stream, source, deadlines, shared->trace, chunked);
  co_await std::move(sending);
  Headers trailers;
  if (shared->trailers) trailers = shared->trailers();
  for (const auto& field : trailers) require_trailer(field.name);
  if (chunked) {
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

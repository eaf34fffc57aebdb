// SPDX-License-Identifier: Apache-2.0
#include "http/client/response_state.hpp"

#include "http/client/upload.hpp"
#include "http/next_event.hpp"

#include <corolla/http/error.hpp>
#include <corolla/http/request.hpp>
#include <corolla/net/tls_connection.hpp>
#include <corolla/net/tls_error.hpp>
#include <corolla/runtime/event_loop.hpp>

#include <algorithm>

namespace corolla::inline v0::http {

namespace {

constexpr std::size_t kStoredPiece = std::size_t{64} * 1024;

}  // namespace

ResponseState::ResponseState(Url request_url, FutureRef<ConnectionPool> connection_pool) noexcept
    : url(std::move(request_url)), pool(std::move(connection_pool)) {}

ResponseState::~ResponseState() { drop_connection(); }

Deadlines::Deadlines(const RequestData& request) noexcept
    : total(request.deadline),
      sock_read(request.timeout.sock_read),
      sock_write(request.timeout.sock_write),
      total_limit(request.timeout.total) {}

void Deadlines::arm(StreamState& stream, std::optional<std::chrono::nanoseconds> piece) const {
  if (piece) {
    const auto next = get_running_loop().time() + *piece;
    stream.set_deadline(total ? std::min(*total, next) : next);
  } else if (total) {
    stream.set_deadline(*total);
  } else if (sock_read || sock_write) {
    stream.set_deadline(std::nullopt);
  }
}

void Deadlines::throw_passed(bool sending) const {
  const auto seconds = [](std::chrono::nanoseconds limit) {
    std::string text = std::to_string(std::chrono::duration<double>(limit).count());
    text.erase(std::max(text.find_last_not_of('0') + 1, text.find('.') + 2));
    return text + " s";
  };
  if (total && get_running_loop().time() >= *total)
    throw TimeoutError("the request took longer than " + seconds(*total_limit));
  if (sending && sock_write) throw SocketTimeoutError("nothing could be sent for " + seconds(*sock_write));
  throw SocketTimeoutError("nothing arrived for " + seconds(sock_read.value_or(std::chrono::nanoseconds(0))));
}

void ResponseState::drop_connection() noexcept {
  upload.reset();
  stored.reset();
  if (connection) pool->give_back(std::move(connection), false);
}

// Each event of the parser leads to one of three ends: a piece for the caller, the end of the body, or a wait for more.
// The bytes of a piece stay where they are, in the stream's buffer, until the next call.
Coro<std::string_view> ResponseState::chunk() {
  while (stored) {
    const std::string_view piece = std::string_view(*stored).substr(stored_at, kStoredPiece);
    stored_at += piece.size();
    if (piece.empty()) {
      stored.reset();
      finish_decoding();
      if (decoder && !decoded.empty()) co_return std::string_view(decoded);
    } else if (const std::string_view taken = take(piece); !taken.empty()) {
      co_return taken;
    }
  }
  while (connection) {
    ByteStream& stream = connection->stream;
    ParseEvent event = ParseEvent::kNeedMore;
    try {
      event = connection->next_of_body();
    } catch (...) {
      drop_connection();
      throw;
    }
    if (event == ParseEvent::kBody) {
      const std::string_view piece = take(connection->body());
      if (!piece.empty()) co_return piece;
    } else if (event == ParseEvent::kEnd) {
      finish_body();
      if (decoder && !decoded.empty()) co_return std::string_view(decoded);
    } else {
      bool passed = false;
      try {
        deadlines.arm(stream);
        const std::string_view arrived = co_await stream.receive();
        if (arrived.empty()) {
          connection->end_of_stream();
          // Without a length and without close_notify nobody can tell whether it is.
          if (const TlsConnection* tls = stream.tls(); tls && !connection->http2 && !tls->ended_cleanly())
            throw ClientPayloadError("the TLS connection ended without close_notify: the body may be cut short");
          finish_body();
        }
      } catch (const TimeoutError&) {
        passed = true;
      } catch (const CancelledError&) {
        throw;  // the next call goes on
      } catch (const OSError& error) {
        drop_connection();
        throw ClientPayloadError(std::string("the connection broke in the body: ") + error.what());
      } catch (const TlsError& error) {
        drop_connection();
        throw ClientPayloadError(std::string("the connection broke in the body: ") + error.what());
      } catch (...) {
        drop_connection();
        throw;
      }
      if (passed) {
        const bool sending = stream.state()->unsent() > 0;
        if (connection->http2 && deadlines.sock_read) connection->http2->retire_if_silent(*deadlines.sock_read);
        drop_connection();
        deadlines.throw_passed(sending);
      }
    }
  }
  co_return std::string_view();
}

std::string_view ResponseState::take(std::string_view piece) {
  try {
    wire_bytes += piece.size();
    if (wire_bytes > max_body_bytes)
      throw ContentTooLarge("the body is larger than " + std::to_string(max_body_bytes) + " bytes");
    for (const auto& watcher : watchers) watcher->arrived(piece);
    if (!decoder) return piece;
    decoded.clear();
    decoder->decode(piece, decoded);
    return decoded;
  } catch (...) {
    drop_connection();
    throw;
  }
}

void ResponseState::finish_body() {
  const bool sent = !upload || upload->done();
  upload.reset();
  const bool reusable = sent && head.keep_alive && connection->parser.done() && connection->stream.buffered().empty();
  if (!connection->trailers().empty()) trailers = std::move(connection->trailers());
  pool->give_back(std::move(connection), reusable);
  finish_decoding();
}

void ResponseState::finish_decoding() {
  decoded.clear();
  if (decoder) decoder->finish();
  complete = true;
  for (const auto& watcher : watchers) watcher->ended();
}

void ResponseState::start_decoding(const SessionOptions& session) {
  fallback_charset_resolver = session.fallback_charset_resolver;
  const std::string_view coding = head.headers.get("Content-Encoding", "");
  if (session.auto_decompress && !coding.empty() && !iequals(coding, "identity"))
    decoder.emplace(coding, session.decode);
}

}  // namespace corolla::inline v0::http

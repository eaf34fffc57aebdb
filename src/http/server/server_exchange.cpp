// SPDX-License-Identifier: Apache-2.0
#include "http/server/server_exchange.hpp"

#include <corolla/runtime/event_loop.hpp>

#include "http/joined_field.hpp"
#include "http/server/error_response.hpp"
#include "http/server/request_context.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

namespace corolla::inline v0::http {

void ServerExchange::begin_exchange() noexcept {
  RequestContext::end(request_);
  watch_.reset();
  max_body_bytes_ = state_->options.max_body_bytes;
  decoder_.reset();
  logged_fields_.clear();
  body_received_ = body_sent_ = 0;
  status_ = 0;
  body_done_ = body_unusable_ = client_gone_ = continue_sent_ = head_sent_ = false;
}

void ServerExchange::note_time() {
  if (!state_->options.access_log) return;
  unlogged_ = true;
  time_ = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  began_ = std::chrono::steady_clock::now();
  if (remote_.empty()) remote_ = stream_.peername().host();  // before the client goes
}

const Headers& ServerExchange::trailers() const noexcept {
  static const Headers none;
  return body_done_ ? *received_trailers_ : none;
}

bool ServerExchange::has_expectation() {
  return head().headers.contains("Expect") && head().version != HttpVersion::kHttp10 &&
         (!head().expect_continue || state_->options.expect_handler);
}

// Nobody can tell whether a client that is refused sends its body all the same.
Coro<std::optional<ServerResponse>> ServerExchange::meet_expectation() {
  std::optional<ServerResponse> refusal;
  if (state_->options.expect_handler) {
    auto asking = state_->options.expect_handler(request_);
    refusal = co_await std::move(asking);
  } else {
    refusal = ServerResponse::error(417, "only 100-continue can be expected");
  }
  if (refusal) body_unusable_ = true;
  co_return refusal;
}

// Most requests have no frame but their handler's.
Coro<ServerResponse> ServerExchange::handle() {
  if (!state_->options.handler_cancellation && !has_expectation()) return state_->handler(request_);
  return handle_watchfully();
}

Coro<ServerResponse> ServerExchange::handle_watchfully() {
  std::optional<ServerResponse> response;
  try {
    if (state_->options.handler_cancellation) watch_.begin();
    if (has_expectation()) {
      auto deciding = meet_expectation();
      response = co_await std::move(deciding);
    }
    if (!response) {
      auto handling = state_->handler(request_);
      response.emplace(co_await std::move(handling));
    }
  } catch (const CancelledError&) {
    if (!watch_.end()) throw;
    client_gone_ = true;
  } catch (...) {
    watch_.end();
    throw;
  }
  watch_.end();
  if (!response) throw OSError(ECONNRESET, "the client is gone");
  co_return std::move(*response);
}

void ServerExchange::require_readable_body() {
  if (client_gone_ || body_unusable_) throw ClientPayloadError("the body cannot be read any more");
  if (head().content_length.value_or(0) > max_body_bytes_) throw_too_large();
}

Coro<std::string_view> ServerExchange::receive_body() {
  stream_.expires_after(state_->options.body_timeout);
  std::string_view arrived;
  try {
    arrived = co_await stream_.receive();
  } catch (const TimeoutError&) {
    body_unusable_ = true;
    throw HttpError(408, "the body did not arrive in time");
  } catch (const Error&) {
    client_gone_ = true;
    throw;
  }
  co_return arrived;
}

void ServerExchange::count_body(std::size_t size) {
  body_received_ += size;
  if (body_received_ > max_body_bytes_) throw_too_large();
}

void ServerExchange::throw_too_large() {
  body_unusable_ = true;
  throw HttpError(413, "the body is above the limit of " + std::to_string(max_body_bytes_) + " bytes");
}

bool ServerExchange::is_encoded() const noexcept {
  const std::string_view coding = request_head_->headers.get("Content-Encoding", "");
  return state_->options.auto_decompress && !coding.empty() && !iequals(coding, "identity");
}

void ServerExchange::start_decoding() {
  const std::string coding = joined_field(head().headers, "Content-Encoding");
  if (!Decoder::supports(coding)) {
    Headers fields;
    fields.set("Accept-Encoding", Decoder::accept_encoding());  // RFC 7694
    throw HttpError(415, "the coding of the body is unknown: " + coding, std::move(fields));
  }
  DecodeLimits limits;
  limits.decoded_bytes = max_body_bytes_;
  decoder_.emplace(coding, limits);
}

Coro<std::string_view> ServerExchange::next_decoded() {
  if (!decoder_) start_decoding();
  for (;;) {
    auto reading = next_chunk();
    const std::string_view piece = co_await std::move(reading);
    decoded_.clear();
    try {
      if (piece.empty()) decoder_->finish();
      else decoder_->decode(piece, decoded_);
    } catch (const ContentTooLarge&) {
      throw_too_large();
    } catch (const ClientPayloadError& error) {
      body_unusable_ = true;
      throw HttpError(400, error.what());
    }
    if (piece.empty() || !decoded_.empty()) co_return std::string_view(decoded_);
  }
}

std::optional<ServerResponse> ServerExchange::response_to(const std::exception_ptr& error) {
  if (client_gone_) return std::nullopt;
  try {
    std::rethrow_exception(error);
  } catch (const HttpError& refused) {
    return error_response(refused);
  } catch (const HttpProtocolError& malformed) {
    // From the request's body; a client session inside the handler may throw the same type.
    if (body_unusable_) return ServerResponse::error(malformed.suggested_status(), malformed.what());
  } catch (...) {  // told below
  }
  report(error);
  return ServerResponse::error(500);
}

void ServerExchange::report(const std::exception_ptr& error) {
  get_running_loop().call_exception_handler(
      ErrorContext("Error handling request " + head().method + " " + head().target, error));
}

namespace {

// Of itself, or with its client: letting a stream go aborts it, which leaves an error behind, too.
bool broke_off(const std::exception_ptr& error) {
  if (!error) return false;
  try {
    std::rethrow_exception(error);
  } catch (const OSError& failed) {
    return failed.code() != std::errc::connection_aborted;
  } catch (...) {
    return true;
  }
}

}  // namespace

void ServerExchange::report_of_owner(const std::exception_ptr& error) {
  const StreamState& stream = *stream_.state();
  if (error && !broke_off(stream.receive_error()) && !broke_off(stream.send_error())) report(error);
}

void ServerExchange::log() {
  if (!std::exchange(unlogged_, false)) return;
  AccessRecord record;
  const RequestOrigin* const origin = RequestContext::origin_of(request_);
  record.remote = origin != nullptr && !origin->remote.empty() ? std::string_view(origin->remote) : remote_;
  record.method = head().method;
  record.target = head().target;
  record.version = head().version;
  record.status = status_;
  record.body_bytes = body_sent_;
  record.request_headers = &head().headers;
  record.response_headers = &logged_fields_;
  record.time = time_;
  record.duration = std::chrono::steady_clock::now() - began_;
  state_->options.access_log(record);
}

}  // namespace corolla::inline v0::http

// SPDX-License-Identifier: Apache-2.0
// The sending half of ServerExchange, and BodyWriter.
#include "http/server/server_exchange.hpp"

#include "http/encoder.hpp"
#include "http/server/file_part.hpp"
#include "http/trailers.hpp"

#include <algorithm>

namespace corolla::inline v0::http {

namespace {

// What a client has send_timeout for; see WebServerOptions.
constexpr std::uint64_t kSlice = std::uint64_t{256} * 1024;

}  // namespace

void ServerExchange::frame_response(ServerResponse& response, BodyFraming without_length) {
  if (response.status() < 200 || response.status() > 999) {
    response = ServerResponse::error(500, "the handler's response has no valid status");
  }
  status_ = response.status();
  if (unlogged_) logged_fields_ = response.headers();
  const std::optional<std::uint64_t> size = response.body_size();
  framing_ = ResponseFraming();
  if (status_ == 204 || status_ == 304) framing_.body = BodyFraming::kNone;
  else if (size) framing_.length = *size;
  else framing_.body = without_length;
}

void ServerExchange::check_length(std::size_t size, std::uint64_t written_before) const {
  if (framing_.body == BodyFraming::kLength && size > framing_.length - written_before)
    throw ValueError("the body is longer than announced");
}

bool ServerExchange::small_body(const ServerResponse& response, std::string_view& body) {
  if (framing_.body == BodyFraming::kNone || head().method == "HEAD") return true;
  if (response.producer()) return false;
  if (const FileBody* file = response.file()) {
    if (!file->parts.empty() || file->count > WebServerState::kSmallFile) return false;
    return file->count == 0 ||
           state_->read_cached(file->file.descriptor(), file->offset, static_cast<std::size_t>(file->count), body);
  }
  if (response.text().size() > kSlice) return false;
  body = response.text();
  return true;
}

Coro<void> ServerExchange::send_body(const ServerResponse& response) {
  if (response.producer()) {
    auto producing = produce(response);
    co_await std::move(producing);
    co_return;
  }
  head_sent_ = true;
  stream_.expires_after(state_->options.send_timeout);
  const FileBody* file = response.file();
  if (file == nullptr) {
    stream_.send_nowait(head_text_);
    auto sending = send_text(response.text());
    co_await std::move(sending);
  } else if (file->parts.empty()) {
    if (file->count <= WebServerState::kSmallFile) {  // it has to come from the disk
      auto reading = read_file_part(file->file, file->offset, static_cast<std::size_t>(file->count));
      const std::string bytes = co_await std::move(reading);
      stream_.expires_after(state_->options.send_timeout);
      co_await stream_.send_all(head_text_, bytes);
      body_sent_ = bytes.size();
      co_return;
    }
    stream_.send_nowait(head_text_);
    auto sending = send_file(file->file, file->offset, file->count);
    co_await std::move(sending);
  } else {
    stream_.send_nowait(head_text_);
    for (const FilePart& part : file->parts) {
      stream_.send_nowait(part.head);
      body_sent_ += part.head.size();
      auto sending = send_file(file->file, part.offset, part.count);
      co_await std::move(sending);
    }
    co_await stream_.send_all(file->tail);
    body_sent_ += file->tail.size();
  }
}

Coro<void> ServerExchange::send_text(std::string_view text) {
  while (!text.empty()) {
    const std::string_view slice = text.substr(0, kSlice);
    stream_.expires_after(state_->options.send_timeout);
    co_await stream_.send_all(slice);
    body_sent_ += slice.size();
    text.remove_prefix(slice.size());
  }
}

// A page that is not in memory makes sendfile wait for the disk, with the loop: for a file that is read in order the
// kernel reads ahead, so that is rare; nginx does the same unless told otherwise.
Coro<void> ServerExchange::send_file(const OpenFile& file, std::uint64_t offset, std::uint64_t count) {
  while (count > 0) {
    const std::uint64_t slice = std::min(count, kSlice);
    stream_.expires_after(state_->options.send_timeout);
    auto sending = stream_.sendfile(file.descriptor(), offset, slice);
    const std::uint64_t sent = co_await std::move(sending);
    body_sent_ += sent;
    if (sent < slice) throw_file_became_shorter();
    offset += sent;
    count -= sent;
  }
}

Coro<void> ServerExchange::produce(const ServerResponse& response) {
  BodyWriter writer(*this);
  std::exception_ptr error;
  bool too_slow = false;
  try {
    auto producing = response.producer()(writer);
    co_await std::move(producing);
    if (framing_.body == BodyFraming::kLength && writer.written() != framing_.length)
      throw RuntimeError("the producer wrote " + std::to_string(writer.written()) + " bytes of " +
                         std::to_string(framing_.length));
  } catch (const CancelledError&) {
    throw;
  } catch (const TimeoutError&) {
    error = std::current_exception();
    too_slow = stream_.unsent() > 0;
  } catch (...) {
    error = std::current_exception();
  }
  if (error) {
    // A client that went away or does not read is no news; a producer's own failure is.
    if (!too_slow && !client_gone_ && !stream_.state()->send_error())
      get_running_loop().call_exception_handler(ErrorContext("Error producing a response's body", error));
    throw RuntimeError("the response was cut short");
  }
  if (!head_sent_) co_await writer.write({});
  stream_.expires_after(state_->options.send_timeout);
  co_await end_body(writer.trailers());
}

BodyWriter::BodyWriter(ServerExchange& exchange) noexcept : exchange_(exchange) {}
BodyWriter::~BodyWriter() = default;

StreamDrain BodyWriter::write(std::string_view bytes) {
  if (!encoder_) {
    StreamDrain sent = exchange_.write(bytes, written_);
    written_ += bytes.size();
    return sent;
  }
  encoded_.clear();
  if (!bytes.empty()) encoder_->encode(bytes, encoded_, Encoder::Flush::kYes);
  written_ += bytes.size();
  return exchange_.write(encoded_, 0);
}

void BodyWriter::add_trailer(std::string_view name, std::string_view value) {
  require_trailer(name);
  trailers_.add(name, value);
}

void BodyWriter::set_encoder(std::unique_ptr<Encoder> encoder) noexcept { encoder_ = std::move(encoder); }

StreamDrain BodyWriter::end_encoding() {
  encoded_.clear();
  encoder_->encode({}, encoded_, Encoder::Flush::kEnd);
  encoder_.reset();
  return exchange_.write(encoded_, 0);
}

}  // namespace corolla::inline v0::http

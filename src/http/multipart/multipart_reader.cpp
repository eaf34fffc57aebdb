// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/multipart_reader.hpp>

#include <corolla/http/content_disposition.hpp>
#include <corolla/http/error.hpp>
#include <corolla/http/media_type.hpp>
#include <corolla/http/server_response.hpp>

#include "http/charset.hpp"
#include "http/multipart/multipart_parser.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace corolla::inline v0::http {

class MultipartState {
 public:
  MultipartState(std::string_view boundary, const MultipartLimits& limits, MultipartReader::Source source,
                 MultipartReader::Role role, int depth)
      : parser(boundary, limits), role_(role), depth_(depth), source_(std::move(source)) {}

  /// The next event that is not kNeedMore.
  static Coro<MultipartEvent> advance(std::shared_ptr<MultipartState> state) {
    for (;;) {
      const MultipartEvent event = state->next_event();
      if (event != MultipartEvent::kNeedMore) co_return event;
      auto reading = state->source_();
      const std::string_view piece = co_await std::move(reading);
      state->feed(piece);
    }
  }

  /// What follows the last delimiter, to the body's end.
  static Coro<void> drain(std::shared_ptr<MultipartState> state) {
    while (!state->drained_) {
      auto reading = state->source_();
      const std::string_view piece = co_await std::move(reading);
      state->drained_ = piece.empty();
    }
  }

  [[noreturn]] void refuse(const HttpProtocolError& error) const {
    if (role_ == MultipartReader::Role::kRequest) throw HttpError(error.suggested_status(), error.what());
    throw error;
  }

  [[nodiscard]] MultipartReader::Role role() const noexcept { return role_; }
  [[nodiscard]] int depth() const noexcept { return depth_; }

  MultipartParser parser;
  std::uint64_t number = 0;  // of the part that is being read
  bool in_part = false;

 private:
  MultipartEvent next_event() {
    try {
      return parser.next();
    } catch (const HttpProtocolError& error) {
      refuse(error);
    }
  }
  void feed(std::string_view piece) {
    if (!piece.empty()) return parser.feed(piece);
    try {
      parser.finish();
    } catch (const HttpProtocolError& error) {
      refuse(error);
    }
  }

  MultipartReader::Role role_;
  int depth_;
  bool drained_ = false;
  MultipartReader::Source source_;
};

namespace {

constexpr int kMostDepth = 4;

// HttpProtocolError.
std::string boundary_of(std::string_view content_type) {
  const auto type = MediaType::parse(content_type);
  if (!type || type->type() != "multipart") throw HttpProtocolError("the body is not multipart");
  return std::string(type->parameter("boundary").value_or(""));
}

}  // namespace

// -- MultipartReader ------------------------------------------------------------------------------------------------

MultipartReader::MultipartReader(std::string_view content_type, Source source, const MultipartLimits& limits, Role role)
    : MultipartReader(content_type, std::move(source), limits, role, 1) {}

MultipartReader::MultipartReader(std::string_view content_type, Source source, const MultipartLimits& limits, Role role,
                                 int depth) {
  try {
    if (depth > kMostDepth) throw HttpProtocolError("multipart bodies are nested too deep");
    state_ = std::make_shared<MultipartState>(boundary_of(content_type), limits, std::move(source), role, depth);
  } catch (const HttpProtocolError& error) {
    if (role == Role::kRequest) throw HttpError(error.suggested_status(), error.what());
    throw;
  }
}

Coro<std::optional<BodyPart>> MultipartReader::next() {
  const std::shared_ptr<MultipartState> state = state_;
  ++state->number;  // the last part is over for those who hold it
  for (;;) {
    auto advancing = MultipartState::advance(state);
    const MultipartEvent event = co_await std::move(advancing);
    state->in_part = event != MultipartEvent::kPartEnd;
    if (event == MultipartEvent::kPart) co_return BodyPart(state, std::move(state->parser.headers()));
    if (event == MultipartEvent::kEnd) break;
  }
  auto draining = MultipartState::drain(state);
  co_await std::move(draining);
  co_return std::nullopt;
}

// -- BodyPart -------------------------------------------------------------------------------------------------------

BodyPart::BodyPart(std::shared_ptr<MultipartState> state, Headers headers)
    : state_(std::move(state)), number_(state_->number), headers_(std::move(headers)) {
  const auto disposition = ContentDisposition::parse(headers_.get("Content-Disposition", ""));
  name_ = disposition.parameters.get("name").value_or("");
  filename_ = disposition.parameters.get("filename");
}

bool BodyPart::is_multipart() const {
  const auto type = MediaType::parse(content_type());
  return type && type->type() == "multipart";
}

Coro<std::string_view> BodyPart::chunk() { return chunk_of(state_, number_); }

Coro<std::string_view> BodyPart::chunk_of(std::shared_ptr<MultipartState> state, std::uint64_t number) {
  if (state->number != number) throw RuntimeError("the reader went on to another part");
  if (!state->in_part) co_return std::string_view();
  auto advancing = MultipartState::advance(state);
  const MultipartEvent event = co_await std::move(advancing);
  if (event == MultipartEvent::kBody) co_return state->parser.body();
  state->in_part = false;
  co_return std::string_view();
}

Coro<std::string> BodyPart::read() {
  std::string content;
  for (;;) {
    auto reading = chunk_of(state_, number_);
    const std::string_view piece = co_await std::move(reading);
    if (piece.empty()) co_return content;
    content += piece;
  }
}

Coro<std::string> BodyPart::text() {
  const auto type = MediaType::parse(content_type());
  const std::string charset = type ? type->charset() : std::string();
  auto reading = read();
  std::string bytes = co_await std::move(reading);
  co_return decode_to_utf8(std::move(bytes), charset);
}

Coro<nlohmann::json> BodyPart::json() {
  auto reading = text();
  const std::string content = co_await std::move(reading);
  nlohmann::json document = nlohmann::json::parse(content, nullptr, false);
  if (document.is_discarded()) state_->refuse(HttpProtocolError("the part \"" + name_ + "\" is not JSON"));
  co_return document;
}

MultipartReader BodyPart::multipart(const MultipartLimits& limits) const {
  return MultipartReader(
      content_type(), [state = state_, number = number_] { return chunk_of(state, number); }, limits, state_->role(),
      state_->depth() + 1);
}

}  // namespace corolla::inline v0::http

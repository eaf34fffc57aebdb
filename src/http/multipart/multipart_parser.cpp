// SPDX-License-Identifier: Apache-2.0
#include "http/multipart/multipart_parser.hpp"

#include <corolla/http/error.hpp>

#include <algorithm>

namespace corolla::inline v0::http {

namespace {

constexpr std::size_t kMostBoundary = 70;
constexpr std::size_t kMostPreamble = std::size_t{16} * 1024;
constexpr std::size_t kMostBlanks = 256;  // behind a delimiter

bool is_boundary(std::string_view text) noexcept {
  if (text.empty() || text.size() > kMostBoundary || text.back() == ' ') return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view("'()+_,-./:=? ").find(c) != std::string_view::npos;
  });
}

[[noreturn]] void refuse(const std::string& why) { throw HttpProtocolError("malformed multipart body: " + why); }
[[noreturn]] void refuse_size(const char* what, std::size_t limit) {
  throw HttpProtocolError("multipart body: " + std::string(what) + " above the limit of " + std::to_string(limit), 413);
}

}  // namespace

MultipartParser::MultipartParser(std::string_view boundary, const MultipartLimits& limits)
    : delimiter_("\r\n--" + std::string(boundary)), limits_(limits) {
  if (!is_boundary(boundary)) refuse("no boundary of 1 to 70 characters");
}

void MultipartParser::feed(std::string_view bytes) {
  if (state_ == State::kEnd) return;
  buffer_.erase(0, position_);
  position_ = 0;
  buffer_ += bytes;
}

MultipartEvent MultipartParser::next() {
  switch (state_) {
    case State::kPreamble: return read_preamble();
    case State::kDelimiter: return read_delimiter();
    case State::kHead: return read_head();
    case State::kEmptyLine:
      // A part without any content: the delimiter's CR LF is that of the empty line.
      if (rest().size() < delimiter_.size() && std::string_view(delimiter_).starts_with(rest()))
        return MultipartEvent::kNeedMore;
      if (!rest().starts_with(delimiter_)) position_ += 2;
      state_ = State::kBody;
      return read_body();
    case State::kBody: return read_body();
    case State::kEnd: break;
  }
  return MultipartEvent::kEnd;
}

void MultipartParser::finish() const {
  if (state_ != State::kEnd) refuse("it ends before its last delimiter");
}

std::size_t MultipartParser::find_delimiter(bool& whole) const noexcept {
  const std::string_view text = rest();
  const std::size_t found = text.find(delimiter_);
  whole = found != std::string_view::npos;
  if (whole) return found;
  std::size_t from = text.size() - std::min(text.size(), delimiter_.size() - 1);
  while ((from = text.find('\r', from)) != std::string_view::npos) {
    if (std::string_view(delimiter_).starts_with(text.substr(from))) return from;
    ++from;
  }
  return text.size();
}

MultipartEvent MultipartParser::read_preamble() {
  bool whole = false;
  const std::size_t end = find_delimiter(whole);
  dropped_ += end;
  position_ += end;
  if (dropped_ > kMostPreamble) refuse_size("what precedes the first part", kMostPreamble);
  if (!whole) return MultipartEvent::kNeedMore;
  position_ += delimiter_.size();
  state_ = State::kDelimiter;
  return read_delimiter();
}

MultipartEvent MultipartParser::read_delimiter() {
  const std::string_view text = rest();
  if (text.starts_with("--")) {
    state_ = State::kEnd;
    buffer_.clear();
    position_ = 0;
    return MultipartEvent::kEnd;
  }
  const std::size_t end = std::min(text.find_first_not_of(" \t"), text.size());
  if (end > kMostBlanks) refuse_size("blanks behind a delimiter", kMostBlanks);
  const std::string_view line_end = text.substr(end, 2);
  if (line_end == "\r\n") {
    position_ += end + 2;
    if (++parts_ > limits_.parts) refuse_size("number of parts", limits_.parts);
    state_ = State::kHead;
    return read_head();
  }
  if (line_end.empty() || line_end == "\r" || text == "-") return MultipartEvent::kNeedMore;
  refuse("a boundary that goes on");
}

MultipartEvent MultipartParser::read_head() {
  const std::string_view text = rest();
  std::size_t size = 2;  // no field at all
  if (!text.starts_with("\r\n")) {
    const std::size_t found = text.find("\r\n\r\n");
    size = found == std::string_view::npos ? text.size() : found + 4;
    if (size > limits_.header_bytes) refuse_size("fields of a part", limits_.header_bytes);
    if (found == std::string_view::npos) return MultipartEvent::kNeedMore;
  }
  headers_.clear();
  for (std::string_view lines = text.substr(0, size - 2); !lines.empty();) {
    const std::size_t end = lines.find("\r\n");
    read_field(lines.substr(0, end));
    lines.remove_prefix(end + 2);
  }
  position_ += size - 2;
  state_ = State::kEmptyLine;
  return MultipartEvent::kPart;
}

void MultipartParser::read_field(std::string_view line) {
  if (line.starts_with(' ') || line.starts_with('\t')) refuse("a folded field");
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) refuse("a field without a name");
  if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) refuse("a stray CR, LF or NUL");
  headers_.add(line.substr(0, colon), line.substr(colon + 1));
}

MultipartEvent MultipartParser::read_body() {
  bool whole = false;
  const std::size_t end = find_delimiter(whole);
  if (end > 0) {
    body_ = rest().substr(0, end);
    position_ += end;
    return MultipartEvent::kBody;
  }
  if (!whole) return MultipartEvent::kNeedMore;
  position_ += delimiter_.size();
  state_ = State::kDelimiter;
  return MultipartEvent::kPartEnd;
}

}  // namespace corolla::inline v0::http

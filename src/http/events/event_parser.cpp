// SPDX-License-Identifier: Apache-2.0
#include "http/events/event_parser.hpp"

#include <corolla/http/error.hpp>

#include "http/charset.hpp"
#include "http/websocket/utf8.hpp"

#include <algorithm>
#include <charconv>

namespace corolla::inline v0::http {

std::optional<ServerSentEvent> EventParser::next(std::string_view& input) {
  while (!input.empty()) {
    // The LF of a CR LF belongs to the line end that was seen.
    if (std::exchange(after_cr_, false) && input.front() == '\n') {
      input.remove_prefix(1);
      continue;
    }
    const std::size_t end = std::min(input.find_first_of("\r\n"), input.size());
    line_ += input.substr(0, end);
    if (line_.size() > line_bytes_)
      throw ContentTooLarge("a line of events above " + std::to_string(line_bytes_) + " bytes");
    if (end == input.size()) {
      input = {};
      break;
    }
    after_cr_ = input[end] == '\r';
    input.remove_prefix(end + 1);
    if (std::exchange(at_start_, false) && line_.starts_with("\xEF\xBB\xBF")) line_.erase(0, 3);
    if (line_.empty()) {
      if (auto event = dispatch()) return event;
    } else {
      read_field();
      line_.clear();
    }
  }
  return std::nullopt;
}

std::optional<ServerSentEvent> EventParser::dispatch() {
  std::string type = std::exchange(type_, {});
  if (data_.empty()) return std::nullopt;
  std::string data = std::exchange(data_, {});
  data.pop_back();  // the last line's LF
  ServerSentEvent event(std::move(data), type.empty() ? "message" : std::move(type), id_);
  return event;
}

void EventParser::read_field() {
  if (!is_utf8(line_)) line_ = decode_to_utf8(std::move(line_), "utf-8");
  const std::string_view line = line_;
  const std::size_t colon = std::min(line.find(':'), line.size());
  const std::string_view name = line.substr(0, colon);  // empty: a comment
  std::string_view value = line.substr(std::min(colon + 1, line.size()));
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "data") {
    data_.append(value).append("\n");
    if (data_.size() > event_bytes_) throw ContentTooLarge("an event above " + std::to_string(event_bytes_) + " bytes");
  } else if (name == "event") {
    type_ = value;
  } else if (name == "id") {
    if (value.find('\0') == std::string_view::npos) id_ = value;
  } else if (name == "retry") {
    std::int64_t count = 0;
    const bool digits = !value.empty() && value.find_first_not_of("0123456789") == std::string_view::npos;
    const auto result = std::from_chars(value.data(), value.data() + value.size(), count);
    constexpr std::int64_t kMost = std::int64_t{24} * 3600 * 1000;
    if (digits) retry_ = std::chrono::milliseconds(result.ec == std::errc() ? std::min(count, kMost) : kMost);
  }
}

}  // namespace corolla::inline v0::http

// SPDX-License-Identifier: Apache-2.0
#include "http/websocket/message_reader.hpp"

#include <algorithm>
#include <limits>

namespace corolla::inline v0::http {

namespace {

// A message's first piece makes room for the rest of its frame up to this much: a header alone must not cost memory.
constexpr std::size_t kMostReserved = std::size_t{64} * 1024;

[[noreturn]] void refuse(const char* why) { throw WebSocketError(kWsProtocolError, why); }
[[noreturn]] void refuse_text() { throw WebSocketError(kWsInvalidText, "a text is not UTF-8"); }

}  // namespace

MessageReader::MessageReader(WsRole role, std::size_t most) noexcept
    : role_(role), most_(most == 0 ? std::numeric_limits<std::size_t>::max() : most) {}

WsEvent MessageReader::next(std::string_view& input) {
  for (;;) {
    if (!in_frame_) {
      const std::size_t size = read_frame_header(input, header_);
      // Which end sent a frame shows in its second byte.
      if (input.size() >= 2 && header_.masked != (role_ == WsRole::kServer))
        refuse(header_.masked ? "a server's frame is masked" : "a client's frame is not masked");
      if (size == 0) return WsEvent::kNeedMore;
      input.remove_prefix(size);
      begin_frame();
    }
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(header_.payload_size - taken_, input.size()));
    if (count > 0) take_payload(input.substr(0, count));
    input.remove_prefix(count);
    if (taken_ < header_.payload_size) return WsEvent::kNeedMore;
    in_frame_ = false;
    if (is_control(header_.opcode) || header_.fin) return end_frame();
  }
}

void MessageReader::begin_frame() {
  in_frame_ = true;
  taken_ = 0;
  if (is_control(header_.opcode)) {
    control_.clear();
    return;
  }
  if (header_.opcode == WsOpcode::kContinuation) {
    if (!in_message_) refuse("a continuation continues nothing");
    if (header_.rsv1) refuse("a continuation has a reserved bit set");
  } else {
    if (in_message_) refuse("a message begins inside another one");
    if (header_.rsv1 && !inflater_) refuse("a frame has a reserved bit set");
    in_message_ = true;
    text_ = header_.opcode == WsOpcode::kText;
    compressed_ = header_.rsv1;
    message_.clear();
    utf8_.reset();
  }
  if (!compressed_ && header_.payload_size > most_ - message_.size())
    throw WebSocketError(kWsMessageTooBig, "a message is above " + std::to_string(most_) + " bytes");
}

void MessageReader::take_payload(std::string_view payload) {
  const std::uint64_t offset = taken_;
  taken_ += payload.size();
  const auto unmask_behind = [&](std::string& out) {
    const std::size_t from = out.size();
    out.append(payload);
    if (header_.masked) apply_mask(out.data() + from, out.data() + from, payload.size(), header_.mask, offset);
  };
  if (is_control(header_.opcode)) {
    unmask_behind(control_);
    return;
  }
  const std::size_t before = message_.size();
  if (compressed_) {
    unmasked_.clear();
    unmask_behind(unmasked_);
    inflater_->decompress(unmasked_, message_, most_);
  } else {
    if (offset == 0 && before == 0)
      message_.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(header_.payload_size, kMostReserved)));
    unmask_behind(message_);
  }
  check_new_text(before);
}

void MessageReader::check_new_text(std::size_t from) {
  if (text_ && !utf8_.feed(std::string_view(message_).substr(from))) refuse_text();
}

WsEvent MessageReader::end_frame() {
  switch (header_.opcode) {
    case WsOpcode::kPing: return WsEvent::kPing;
    case WsOpcode::kPong: return WsEvent::kPong;
    case WsOpcode::kClose: read_close(); return WsEvent::kClose;
    default: break;
  }
  in_message_ = false;
  if (compressed_) {
    const std::size_t before = message_.size();
    inflater_->finish(message_, most_);
    check_new_text(before);
  }
  if (text_ && !utf8_.complete()) refuse_text();
  return text_ ? WsEvent::kText : WsEvent::kBinary;
}

void MessageReader::read_close() {
  close_code_ = kWsNoStatus;
  if (control_.empty()) return;
  if (control_.size() == 1) refuse("a close frame has half a code");
  const int code = static_cast<unsigned char>(control_[0]) * 256 + static_cast<unsigned char>(control_[1]);
  if (!is_close_code(code)) refuse("a close frame has an invalid code");
  control_.erase(0, 2);
  if (!is_utf8(control_)) refuse_text();
  close_code_ = code;
}

}  // namespace corolla::inline v0::http

// SPDX-License-Identifier: Apache-2.0
/// \file
/// MessageReader: bytes in, messages and control frames out.
///
/// Each call of next() consumes from the front of the input up to the next event. A frame's header is read when it is
/// there whole; its payload as it comes, unmasked (and decompressed) into the message at hand, so that the input need not
/// hold a frame, and what it becomes is judged at once: text is checked as UTF-8 and the limit kept byte by byte. Control
/// frames may stand between a message's fragments and have a buffer of their own. Source: RFC 6455, section 5.
#pragma once

#include "http/websocket/deflate.hpp"
#include "http/websocket/frame.hpp"
#include "http/websocket/utf8.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace corolla::inline v0::http {

/// Which end of the connection we are: a server's frames are plain, a client's are masked.
enum class WsRole : std::uint8_t { kClient, kServer };

enum class WsEvent : std::uint8_t { kNeedMore, kText, kBinary, kPing, kPong, kClose };

class MessageReader {
 public:
  /// Reads what is sent to `role`. Messages above `most` bytes are refused; 0: no limit.
  MessageReader(WsRole role, std::size_t most) noexcept;

  /// permessage-deflate was agreed on.
  void use_deflate(bool context_takeover) { inflater_.emplace(context_takeover); }

  /// WebSocketError: 1002, 1007 or 1009. After that the reader is of no use.
  [[nodiscard]] WsEvent next(std::string_view& input);

  /// Behind kText and kBinary: the message, to be moved away.
  [[nodiscard]] std::string& message() noexcept { return message_; }
  /// Behind kPing and kPong: the payload; behind kClose the reason.
  [[nodiscard]] std::string_view control() const noexcept { return control_; }
  /// Behind kClose: the code, 1005 without one.
  [[nodiscard]] int close_code() const noexcept { return close_code_; }

 private:
  void begin_frame();
  void take_payload(std::string_view payload);
  void check_new_text(std::size_t from);
  [[nodiscard]] WsEvent end_frame();
  void read_close();

  const WsRole role_;
  const std::size_t most_;
  WsFrameHeader header_;
  bool in_frame_ = false;
  std::uint64_t taken_ = 0;  // of the frame's payload
  // The message at hand.
  bool in_message_ = false;
  bool text_ = false;
  bool compressed_ = false;
  std::string message_;
  Utf8Validator utf8_;
  std::optional<MessageInflater> inflater_;
  std::string unmasked_;  // a piece on its way to the inflater
  std::string control_;
  int close_code_ = 0;
};

}  // namespace corolla::inline v0::http

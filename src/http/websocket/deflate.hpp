// SPDX-License-Identifier: Apache-2.0
/// \file
/// Messages compressed one by one: permessage-deflate. Source: RFC 7692, section 7.2.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

struct z_stream_s;

namespace corolla::inline v0::http {

/// Compresses messages. A window of 8 bits is beyond zlib's bare deflate: can_compress() is false then, and messages go as
/// they are, which the extension allows.
class MessageDeflater {
 public:
  MessageDeflater(int window_bits, bool context_takeover);
  MessageDeflater(const MessageDeflater&) = delete;
  MessageDeflater& operator=(const MessageDeflater&) = delete;
  ~MessageDeflater();

  [[nodiscard]] bool can_compress() const noexcept { return stream_ != nullptr; }
  /// Replaces `out` by the compressed message.
  void compress(std::string_view message, std::string& out);

 private:
  std::unique_ptr<z_stream_s> stream_;
  bool context_takeover_;
};

/// Undoes it, a piece at a time, with the largest window there is: no peer can use more.
class MessageInflater {
 public:
  explicit MessageInflater(bool context_takeover);
  MessageInflater(const MessageInflater&) = delete;
  MessageInflater& operator=(const MessageInflater&) = delete;
  ~MessageInflater();

  /// Appends what the piece decompresses to. WebSocketError: 1007 when it is no deflate data, 1009 when `out` would grow
  /// beyond `most` bytes.
  void decompress(std::string_view piece, std::string& out, std::size_t most);
  /// The message's last piece was given.
  void finish(std::string& out, std::size_t most);

 private:
  std::unique_ptr<z_stream_s> stream_;
  bool context_takeover_;
  bool ended_ = false;  // a final block was read; what follows is a stream of its own
};

}  // namespace corolla::inline v0::http

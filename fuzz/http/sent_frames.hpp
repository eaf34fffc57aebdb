// SPDX-License-Identifier: Apache-2.0
/// \file
/// SentFrames: sees to it that one end of a connection of HTTP/2 sends nothing malformed, whatever it is sent.
#pragma once

#include "tests/http/http2/field_inflater.hpp"
#include "tests/http/http2/frames.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "fuzz/require.hpp"

namespace corolla_fuzz {

class SentFrames {
 public:
  explicit SentFrames(bool by_client) noexcept : by_client_(by_client), preface_comes_(by_client) {}

  /// More of what it sent; in any pieces.
  void take(std::string_view bytes) {
    pending_ += bytes;
    std::string_view rest = pending_;
    if (preface_comes_) {
      if (rest.size() < corolla_tests::kPreface.size()) return;
      require(rest.starts_with(corolla_tests::kPreface), "a client begins with the preface");
      rest.remove_prefix(corolla_tests::kPreface.size());
      preface_comes_ = false;
    }
    while (rest.size() >= kHead) {
      const std::size_t size = corolla_tests::number_of(rest.substr(0, 3));
      require(size <= kMostPayload, "no frame is too large");
      if (rest.size() < kHead + size) break;
      frame(static_cast<std::uint8_t>(rest[3]), static_cast<std::uint8_t>(rest[4]),
            corolla_tests::number_of(rest.substr(5, 4)), rest.substr(kHead, size));
      rest.remove_prefix(kHead + size);
    }
    pending_.erase(0, pending_.size() - rest.size());
  }

 private:
  static constexpr std::size_t kHead = 9;
  static constexpr std::size_t kMostPayload = 16384;

  struct Stream {
    bool head_sent = false;
    bool over = false;
  };

  void frame(std::uint8_t type, std::uint8_t flags, std::uint32_t id, std::string_view payload) {
    using namespace corolla_tests;
    require(settings_sent_ || type == kSettings, "SETTINGS come first");
    settings_sent_ = true;
    require((type == kContinuation) == (block_of_ != 0) && (block_of_ == 0 || block_of_ == id),
            "nothing comes between the frames of a block");
    switch (type) {
      case kHeaders:
      case kContinuation: {
        require(id % 2 == 1, "streams are the client's");
        require((flags & ~(kEndHeaders | kEndStream)) == 0, "no padding, no priority");
        if (type == kHeaders) ends_stream_ = (flags & kEndStream) != 0;
        block_ += payload;
        block_of_ = (flags & kEndHeaders) == 0 ? id : 0;
        if (block_of_ == 0) fields(id);
        break;
      }
      case kData: {
        Stream& stream = streams_[id];
        require(stream.head_sent && !stream.over, "a body stands behind its head");
        stream.over = (flags & kEndStream) != 0;
        break;
      }
      case kRstStream:
        require(id != 0 && payload.size() == 4, "a stream is reset");
        streams_[id].over = true;
        break;
      case kWindowUpdate: require(payload.size() == 4 && number_of(payload) > 0, "a window opens"); break;
      case kPing: require(id == 0 && payload.size() == 8, "a ping is whole"); break;
      case kSettings: require(id == 0 && payload.size() % 6 == 0, "settings are whole"); break;
      case kGoaway: require(id == 0 && payload.size() >= 8, "a farewell is whole"); break;
      default: require(false, "frames have a known type");
    }
  }

  void fields(std::uint32_t id) {
    const corolla_tests::Fields decoded = inflater_.inflate(block_);
    block_.clear();
    Stream& stream = streams_[id];
    require(!stream.over, "nothing follows the last frame");
    require(!decoded.empty(), "a head has fields");
    const bool pseudo = decoded.front().first.starts_with(':');
    require(pseudo != stream.head_sent, "one head, then trailers");
    if (pseudo) require(decoded.front().first == (by_client_ ? ":method" : ":status"), "it is the right kind of head");
    const bool interim = !by_client_ && decoded.front().second.starts_with('1');
    require(!interim || !ends_stream_, "behind an interim response comes another");
    require(pseudo || ends_stream_, "trailers are the last");
    stream.head_sent = stream.head_sent || !interim;
    stream.over = ends_stream_;
  }

  bool by_client_;
  bool preface_comes_;
  bool settings_sent_ = false;
  bool ends_stream_ = false;
  std::uint32_t block_of_ = 0;
  std::string block_;
  std::string pending_;
  std::map<std::uint32_t, Stream> streams_;
  corolla_tests::FieldInflater inflater_;
};

}  // namespace corolla_fuzz

// SPDX-License-Identifier: Apache-2.0
#include "coding.hpp"

#include <corolla/http/error.hpp>

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>

namespace corolla::inline v0::http {

namespace {

constexpr int kRaw = -MAX_WBITS;
constexpr int kWrapped = MAX_WBITS;
constexpr int kGzip = MAX_WBITS + 16;

class Inflate {
 public:
  explicit Inflate(int window_bits) {
    if (inflateInit2(&stream_, window_bits) != Z_OK) throw std::bad_alloc();
  }
  ~Inflate() { inflateEnd(&stream_); }
  Inflate(const Inflate&) = delete;
  Inflate& operator=(const Inflate&) = delete;

  void reset(int window_bits) { inflateReset2(&stream_, window_bits); }

  /// True at the end of the coded data.
  bool step(std::string_view& input, std::string& out, std::size_t room, const char* name) {
    constexpr std::size_t kMost = std::numeric_limits<uInt>::max();
    const std::size_t given = std::min(input.size(), kMost);
    const std::size_t space = std::min(room, kMost);
    const std::size_t before = out.size();
    out.resize(before + space);
    // zlib never writes through next_in.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
    stream_.avail_in = static_cast<uInt>(given);
    stream_.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream_.avail_out = static_cast<uInt>(space);
    const int code = ::inflate(&stream_, Z_NO_FLUSH);
    out.resize(before + space - stream_.avail_out);
    input.remove_prefix(given - stream_.avail_in);
    if (code == Z_STREAM_END) return true;
    if (code == Z_MEM_ERROR) throw std::bad_alloc();
    if (code != Z_OK && code != Z_BUF_ERROR)
      throw ClientPayloadError(std::string("invalid ") + name + " data" +
                               (stream_.msg != nullptr ? std::string(": ") + stream_.msg : std::string()));
    return false;
  }

 private:
  z_stream stream_{};
};

/// RFC 1952: one member after another. What follows the last and is no member is ignored, as browsers and gzip do:
/// servers pad.
class GzipCoding final : public Coding {
 public:
  void step(std::string_view& input, std::string& out, std::size_t room) override {
    if (state_ == State::kBetween && !input.empty()) {
      if (input.front() == '\x1f') {  // the first byte of a member
        inflate_.reset(kGzip);
        state_ = State::kMember;
      } else {
        state_ = State::kPadding;
      }
    }
    if (state_ == State::kPadding) {
      input = {};
      return;
    }
    if (state_ == State::kBetween) return;
    if (!input.empty()) any_ = true;
    if (inflate_.step(input, out, room, "gzip")) state_ = State::kBetween;
  }

  void finish() override {
    if (state_ == State::kMember && any_) throw ClientPayloadError("gzip data cut short");
  }

 private:
  enum class State : unsigned char { kMember, kBetween, kPadding };
  Inflate inflate_{kGzip};
  State state_ = State::kMember;
  bool any_ = false;
};

/// "deflate" is zlib's format (RFC 1950), but some servers send bare RFC 1951. The two-byte header tells them apart:
/// compression method 8 and a checksum modulo 31.
class DeflateCoding final : public Coding {
 public:
  void step(std::string_view& input, std::string& out, std::size_t room) override {
    if (done_) {
      input = {};
      return;
    }
    while (known_ == Known::kNo && !input.empty()) {
      head_[head_size_++] = input.front();
      input.remove_prefix(1);
      if (head_size_ == head_.size()) decide();
    }
    if (known_ == Known::kNo) return;
    std::string_view head(head_.data() + head_used_, head_size_ - head_used_);
    if (!head.empty()) {
      const std::size_t before = head.size();
      done_ = inflate_.step(head, out, room, "deflate");
      head_used_ += before - head.size();
      return;
    }
    done_ = inflate_.step(input, out, room, "deflate");
  }

  void finish() override {
    if (!done_ && head_size_ > 0) throw ClientPayloadError("deflate data cut short");
  }

 private:
  enum class Known : unsigned char { kNo, kYes };

  void decide() {
    const unsigned method = static_cast<unsigned char>(head_[0]);
    const unsigned flags = static_cast<unsigned char>(head_[1]);
    const bool wrapped = (method & 0x0FU) == 8 && (method >> 4U) <= 7 && (method * 256 + flags) % 31 == 0;
    inflate_.reset(wrapped ? kWrapped : kRaw);
    known_ = Known::kYes;
  }

  Inflate inflate_{kWrapped};
  Known known_ = Known::kNo;
  bool done_ = false;
  std::array<char, 2> head_{};
  std::size_t head_size_ = 0;
  std::size_t head_used_ = 0;
};

}  // namespace

std::unique_ptr<Coding> make_gzip_coding() { return std::make_unique<GzipCoding>(); }
std::unique_ptr<Coding> make_deflate_coding() { return std::make_unique<DeflateCoding>(); }

}  // namespace corolla::inline v0::http

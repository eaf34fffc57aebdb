// SPDX-License-Identifier: Apache-2.0
#include "coding.hpp"

#include <corolla/http/error.hpp>

#include <brotli/decode.h>

#include <cstdint>
#include <new>

namespace corolla::inline v0::http {

namespace {

/// RFC 7932. Windows are at most 16 MiB, as the format has them: brotli's "large windows" are not HTTP's, and stay off. What
/// follows the end is ignored, as it is behind deflate.
class BrotliCoding final : public Coding {
 public:
  BrotliCoding() {
    if (!decoder_) throw std::bad_alloc();
  }

  void step(std::string_view& input, std::string& out, std::size_t room) override {
    if (done_) {
      input = {};
      return;
    }
    any_ = any_ || !input.empty();
    const std::size_t before = out.size();
    out.resize(before + room);
    std::size_t left = input.size();
    std::size_t space = room;
    const auto* in = reinterpret_cast<const std::uint8_t*>(input.data());
    auto* to = reinterpret_cast<std::uint8_t*>(out.data() + before);
    const auto result = BrotliDecoderDecompressStream(decoder_.get(), &left, &in, &space, &to, nullptr);
    out.resize(before + room - space);
    input.remove_prefix(input.size() - left);
    if (result == BROTLI_DECODER_RESULT_ERROR) {
      const auto code = BrotliDecoderGetErrorCode(decoder_.get());
      throw ClientPayloadError(std::string("invalid brotli data: ") + BrotliDecoderErrorString(code));
    }
    done_ = result == BROTLI_DECODER_RESULT_SUCCESS;
  }

  void finish() override {
    if (any_ && !done_) throw ClientPayloadError("brotli data cut short");
  }

 private:
  struct Free {
    void operator()(BrotliDecoderState* decoder) const noexcept { BrotliDecoderDestroyInstance(decoder); }
  };

  std::unique_ptr<BrotliDecoderState, Free> decoder_{BrotliDecoderCreateInstance(nullptr, nullptr, nullptr)};
  bool any_ = false;
  bool done_ = false;
};

}  // namespace

std::unique_ptr<Coding> make_brotli_coding() { return std::make_unique<BrotliCoding>(); }

}  // namespace corolla::inline v0::http

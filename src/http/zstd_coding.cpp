// SPDX-License-Identifier: Apache-2.0
#include "coding.hpp"

#include <corolla/http/error.hpp>

#include <zstd.h>

#include <new>

namespace corolla::inline v0::http {

namespace {

/// RFC 8878: one frame after another, skippable ones among them. RFC 9659: windows up to 8 MiB.
class ZstdCoding final : public Coding {
 public:
  ZstdCoding() {
    if (!decoder_ || ZSTD_isError(ZSTD_DCtx_setParameter(decoder_.get(), ZSTD_d_windowLogMax, kMostWindowLog)) != 0)
      throw std::bad_alloc();
  }

  void step(std::string_view& input, std::string& out, std::size_t room) override {
    // zstd takes a call that can do nothing for an error when it comes again and again.
    if (input.empty() && !more_) return;
    const std::size_t before = out.size();
    out.resize(before + room);
    ZSTD_inBuffer from{input.data(), input.size(), 0};
    ZSTD_outBuffer to{out.data() + before, room, 0};
    const std::size_t result = ZSTD_decompressStream(decoder_.get(), &to, &from);
    out.resize(before + to.pos);
    input.remove_prefix(from.pos);
    if (ZSTD_isError(result) != 0)
      throw ClientPayloadError(std::string("invalid zstd data: ") + ZSTD_getErrorName(result));
    more_ = to.pos == room && result != 0;
    between_frames_ = result == 0;
  }

  void finish() override {
    if (!between_frames_) throw ClientPayloadError("zstd data cut short");
  }

 private:
  static constexpr int kMostWindowLog = 23;
  struct Free {
    void operator()(ZSTD_DCtx* decoder) const noexcept { ZSTD_freeDCtx(decoder); }
  };

  std::unique_ptr<ZSTD_DCtx, Free> decoder_{ZSTD_createDCtx()};
  bool more_ = false;  // decoded bytes may wait inside
  bool between_frames_ = true;
};

}  // namespace

std::unique_ptr<Coding> make_zstd_coding() { return std::make_unique<ZstdCoding>(); }

}  // namespace corolla::inline v0::http

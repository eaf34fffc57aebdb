// SPDX-License-Identifier: Apache-2.0
#include "coding.hpp"

#include <corolla/http/error.hpp>

#include <zstd.h>

#include <algorithm>
#include <array>
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
    check_magic(input);
    const std::size_t before = out.size();
    ZSTD_inBuffer from{input.data(), input.size(), 0};
    if (magic_read_ < kMagic) {
      // By itself: a frame that is whole in one call goes another way inside libzstd, which takes what the usual one refuses.
      from.size = std::min(from.size, kMagic - magic_read_);
      room = 0;
    }
    out.resize(before + room);
    ZSTD_outBuffer to{out.data() + before, room, 0};
    const std::size_t result = ZSTD_decompressStream(decoder_.get(), &to, &from);
    out.resize(before + to.pos);
    input.remove_prefix(from.pos);
    magic_read_ = std::min(kMagic, magic_read_ + from.pos);
    if (ZSTD_isError(result) != 0)
      throw ClientPayloadError(std::string("invalid zstd data: ") + ZSTD_getErrorName(result));
    more_ = to.pos == room && result != 0;
    between_frames_ = result == 0;
    if (between_frames_) magic_read_ = 0;
  }

  void finish() override {
    if (!between_frames_) throw ClientPayloadError("zstd data cut short");
  }

 private:
  static constexpr int kMostWindowLog = 23;
  static constexpr std::size_t kMagic = 4;  // bytes

  // libzstd reads the formats before RFC 8878, too, but whether it does depends on how they are cut. A call of it ends where
  // a frame does, so `input` begins with what is left of this frame's magic number.
  void check_magic(std::string_view input) {
    for (std::size_t at = magic_read_; at < kMagic && at - magic_read_ < input.size(); ++at) {
      const auto byte = static_cast<unsigned char>(input[at - magic_read_]);
      if (at == 0) skippable_ = (byte & 0xF0U) == 0x50U;
      const std::array<unsigned char, kMagic> magic = skippable_
                                                          ? std::array<unsigned char, kMagic>{0x50, 0x2A, 0x4D, 0x18}
                                                          : std::array<unsigned char, kMagic>{0x28, 0xB5, 0x2F, 0xFD};
      const bool any = at == 0 && skippable_;  // sixteen of them
      if (!any && byte != magic[at]) throw ClientPayloadError("invalid zstd data: no frame begins so");
    }
  }

  struct Free {
    void operator()(ZSTD_DCtx* decoder) const noexcept { ZSTD_freeDCtx(decoder); }
  };

  std::unique_ptr<ZSTD_DCtx, Free> decoder_{ZSTD_createDCtx()};
  std::size_t magic_read_ = 0;  // bytes of this frame's
  bool skippable_ = false;
  bool more_ = false;  // decoded bytes may wait inside
  bool between_frames_ = true;
};

}  // namespace

std::unique_ptr<Coding> make_zstd_coding() { return std::make_unique<ZstdCoding>(); }

}  // namespace corolla::inline v0::http

// SPDX-License-Identifier: Apache-2.0
#include "encoder.hpp"

#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <limits>
#include <new>

namespace corolla::inline v0::http {

namespace {

/// Room is made for this much output at a time.
constexpr std::size_t kRoom = std::size_t{16} * 1024;

int strategy_of(CompressionStrategy strategy) noexcept {
  switch (strategy) {
    case CompressionStrategy::kFiltered: return Z_FILTERED;
    case CompressionStrategy::kHuffmanOnly: return Z_HUFFMAN_ONLY;
    case CompressionStrategy::kRle: return Z_RLE;
    case CompressionStrategy::kFixed: return Z_FIXED;
    case CompressionStrategy::kDefault: break;
  }
  return Z_DEFAULT_STRATEGY;
}

class ZlibEncoder final : public Encoder {
 public:
  ZlibEncoder(bool gzip, const CompressionOptions& options) {
    const int level = std::clamp(options.level.value_or(6), 1, 9);
    if (deflateInit2(&stream_, level, Z_DEFLATED, gzip ? MAX_WBITS + 16 : MAX_WBITS, 8,
                     strategy_of(options.strategy)) != Z_OK)
      throw std::bad_alloc();
  }
  ZlibEncoder(const ZlibEncoder&) = delete;
  ZlibEncoder& operator=(const ZlibEncoder&) = delete;
  ~ZlibEncoder() override { deflateEnd(&stream_); }

  void encode(std::string_view piece, std::string& out, Flush flush) override {
    while (piece.size() > kMost) {
      run(piece.substr(0, kMost), out, Z_NO_FLUSH);
      piece.remove_prefix(kMost);
    }
    run(piece, out, flush == Flush::kEnd ? Z_FINISH : flush == Flush::kYes ? Z_SYNC_FLUSH : Z_NO_FLUSH);
  }

 private:
  static constexpr std::size_t kMost = std::numeric_limits<uInt>::max();

  void run(std::string_view piece, std::string& out, int flush) {
    // zlib never writes through next_in.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
    stream_.avail_in = static_cast<uInt>(piece.size());
    do {
      const std::size_t before = out.size();
      out.resize(before + kRoom);
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + before);
      stream_.avail_out = static_cast<uInt>(kRoom);
      ::deflate(&stream_, flush);
      out.resize(before + kRoom - stream_.avail_out);
    } while (stream_.avail_out == 0);
  }

  z_stream stream_{};
};

class BrotliEncoder final : public Encoder {
 public:
  explicit BrotliEncoder(const CompressionOptions& options) {
    if (!encoder_) throw std::bad_alloc();
    const int quality = std::clamp(options.level.value_or(5), BROTLI_MIN_QUALITY, BROTLI_MAX_QUALITY);
    BrotliEncoderSetParameter(encoder_.get(), BROTLI_PARAM_QUALITY, static_cast<std::uint32_t>(quality));
    BrotliEncoderSetParameter(encoder_.get(), BROTLI_PARAM_LGWIN, kWindowLog);
  }

  void encode(std::string_view piece, std::string& out, Flush flush) override {
    const auto operation = flush == Flush::kEnd   ? BROTLI_OPERATION_FINISH
                           : flush == Flush::kYes ? BROTLI_OPERATION_FLUSH
                                                  : BROTLI_OPERATION_PROCESS;
    std::size_t left = piece.size();
    const auto* in = reinterpret_cast<const std::uint8_t*>(piece.data());
    do {
      std::size_t space = 0;  // the output is taken from the encoder's own buffer
      if (BrotliEncoderCompressStream(encoder_.get(), operation, &left, &in, &space, nullptr, nullptr) == BROTLI_FALSE)
        throw std::bad_alloc();
      while (BrotliEncoderHasMoreOutput(encoder_.get()) != BROTLI_FALSE) {
        std::size_t size = 0;
        const std::uint8_t* bytes = BrotliEncoderTakeOutput(encoder_.get(), &size);
        out.append(reinterpret_cast<const char*>(bytes), size);
      }
    } while (left > 0);
  }

 private:
  static constexpr std::uint32_t kWindowLog =
      19;  // half a MiB: a connection's memory counts more than the last percent
  struct Free {
    void operator()(BrotliEncoderState* encoder) const noexcept { BrotliEncoderDestroyInstance(encoder); }
  };
  std::unique_ptr<BrotliEncoderState, Free> encoder_{BrotliEncoderCreateInstance(nullptr, nullptr, nullptr)};
};

class ZstdEncoder final : public Encoder {
 public:
  explicit ZstdEncoder(const CompressionOptions& options) {
    if (!encoder_) throw std::bad_alloc();
    // Above level 19 windows are larger than a client of HTTP has to take (RFC 9659).
    ZSTD_CCtx_setParameter(encoder_.get(), ZSTD_c_compressionLevel, std::clamp(options.level.value_or(3), 1, 19));
  }

  void encode(std::string_view piece, std::string& out, Flush flush) override {
    const auto directive = flush == Flush::kEnd ? ZSTD_e_end : flush == Flush::kYes ? ZSTD_e_flush : ZSTD_e_continue;
    ZSTD_inBuffer from{piece.data(), piece.size(), 0};
    for (;;) {
      const std::size_t before = out.size();
      out.resize(before + kRoom);
      ZSTD_outBuffer to{out.data() + before, kRoom, 0};
      const std::size_t left = ZSTD_compressStream2(encoder_.get(), &to, &from, directive);
      out.resize(before + to.pos);
      if (ZSTD_isError(left) != 0) throw std::bad_alloc();
      if (from.pos == from.size && (left == 0 || flush == Flush::kNo)) return;
    }
  }

 private:
  struct Free {
    void operator()(ZSTD_CCtx* encoder) const noexcept { ZSTD_freeCCtx(encoder); }
  };
  std::unique_ptr<ZSTD_CCtx, Free> encoder_{ZSTD_createCCtx()};
};

}  // namespace

std::unique_ptr<Encoder> make_encoder(ContentCoding coding, const CompressionOptions& options) {
  switch (coding) {
    case ContentCoding::kBrotli: return std::make_unique<BrotliEncoder>(options);
    case ContentCoding::kZstd: return std::make_unique<ZstdEncoder>(options);
    case ContentCoding::kDeflate:
    case ContentCoding::kGzip: break;
  }
  return std::make_unique<ZlibEncoder>(coding == ContentCoding::kGzip, options);
}

std::string_view name_of(ContentCoding coding) noexcept {
  switch (coding) {
    case ContentCoding::kDeflate: return "deflate";
    case ContentCoding::kBrotli: return "br";
    case ContentCoding::kZstd: return "zstd";
    case ContentCoding::kGzip: break;
  }
  return "gzip";
}

}  // namespace corolla::inline v0::http

// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/content_coding.hpp>

#include <gtest/gtest.h>

#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <utility>

namespace corolla::inline v0::http {
namespace {

enum class Format { kRaw = -MAX_WBITS, kZlib = MAX_WBITS, kGzip = MAX_WBITS + 16 };

std::string compress(const std::string& text, Format format) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, static_cast<int>(format), 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string brotli(const std::string& text, int window = BROTLI_DEFAULT_WINDOW, bool large_window = false) {
  BrotliEncoderState* encoder = BrotliEncoderCreateInstance(nullptr, nullptr, nullptr);
  BrotliEncoderSetParameter(encoder, BROTLI_PARAM_QUALITY, 5);
  if (large_window) BrotliEncoderSetParameter(encoder, BROTLI_PARAM_LARGE_WINDOW, 1);
  BrotliEncoderSetParameter(encoder, BROTLI_PARAM_LGWIN, static_cast<std::uint32_t>(window));
  std::string out(text.size() + 1024, '\0');
  std::size_t left = text.size();
  std::size_t space = out.size();
  const auto* in = reinterpret_cast<const std::uint8_t*>(text.data());
  auto* to = reinterpret_cast<std::uint8_t*>(out.data());
  EXPECT_TRUE(BrotliEncoderCompressStream(encoder, BROTLI_OPERATION_FINISH, &left, &in, &space, &to, nullptr));
  EXPECT_TRUE(BrotliEncoderIsFinished(encoder));
  out.resize(out.size() - space);
  BrotliEncoderDestroyInstance(encoder);
  return out;
}

// One frame. It is begun before its content's size is known, so that the window is what was asked for.
std::string zstd(const std::string& text, int window_log = 20) {
  ZSTD_CCtx* encoder = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(encoder, ZSTD_c_windowLog, window_log);
  ZSTD_CCtx_setParameter(encoder, ZSTD_c_checksumFlag, 1);
  std::string out(ZSTD_compressBound(text.size()) + 64, '\0');
  ZSTD_outBuffer to{out.data(), out.size(), 0};
  ZSTD_inBuffer from{text.data(), text.size() / 2, 0};
  EXPECT_EQ(ZSTD_compressStream2(encoder, &to, &from, ZSTD_e_flush), 0U);
  from.size = text.size();
  EXPECT_EQ(ZSTD_compressStream2(encoder, &to, &from, ZSTD_e_end), 0U);
  out.resize(to.pos);
  ZSTD_freeCCtx(encoder);
  return out;
}

std::string sample(std::size_t size) {
  std::mt19937 random(7);
  std::string text;
  while (text.size() < size) text += "<p>" + std::to_string(random() % 1000) + "</p>\n";
  text.resize(size);
  return text;
}

std::string decode(std::string_view coding, std::string_view bytes, std::size_t cut,
                   const DecodeLimits& limits = DecodeLimits()) {
  Decoder decoder(coding, limits);
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += cut) {
    const std::string piece(bytes.substr(at, cut));
    decoder.decode(piece, out);
  }
  decoder.finish();
  EXPECT_EQ(decoder.decoded_bytes(), out.size());
  return out;
}

constexpr std::size_t kCuts[] = {1, 2, 7, 1000, 1'000'000};

TEST(Decoder, EachCodingInAnyPieces) {
  const std::string text = sample(300'000);
  for (const std::size_t cut : kCuts) {
    EXPECT_EQ(decode("gzip", compress(text, Format::kGzip), cut), text);
    EXPECT_EQ(decode("X-GZip", compress(text, Format::kGzip), cut), text);
    EXPECT_EQ(decode("deflate", compress(text, Format::kZlib), cut), text);
    EXPECT_EQ(decode("deflate", compress(text, Format::kRaw), cut), text);
    EXPECT_EQ(decode("br", brotli(text), cut), text);
    EXPECT_EQ(decode("ZSTD", zstd(text), cut), text);
    EXPECT_EQ(decode("identity", text, cut), text);
    EXPECT_EQ(decode("", text, cut), text);
  }
}

TEST(Decoder, StackedCodingsAreUndoneFromTheLast) {
  const std::string text = sample(100'000);
  const std::string bytes = compress(compress(text, Format::kZlib), Format::kGzip);
  for (const std::size_t cut : kCuts) EXPECT_EQ(decode("deflate, identity , gzip", bytes, cut), text);
  for (const std::size_t cut : kCuts) EXPECT_EQ(decode("zstd,br", brotli(zstd(text)), cut), text);
  EXPECT_THROW(decode("gzip, deflate", bytes, 100), ClientPayloadError);
  EXPECT_THROW(decode("br, zstd", brotli(zstd(text)), 100), ClientPayloadError);
}

TEST(Decoder, ZstdFrames) {
  const std::string skippable("\x50\x2A\x4D\x18\x03\0\0\0abc", 11);  // RFC 8878, section 3.1.2
  const std::string bytes = zstd("first ") + skippable + zstd("") + zstd("second");
  for (const std::size_t cut : kCuts) {
    EXPECT_EQ(decode("zstd", bytes, cut), "first second");
    EXPECT_EQ(decode("zstd", skippable, cut), "");
    EXPECT_EQ(decode("zstd", '\x5F' + skippable.substr(1) + bytes, cut), "first second");
    EXPECT_THROW(decode("zstd", bytes + "padding", cut), ClientPayloadError);
    EXPECT_THROW(decode("zstd", bytes.substr(0, bytes.size() - 1), cut), ClientPayloadError);
    // A window of no byte, and a block that repeats one no time.
    EXPECT_THROW(decode("zstd", std::string("\x28\xB5\x2F\xFD\x20\0\0\0\0\x03\0\0\x5D", 13), cut), ClientPayloadError);
    // The library reads what zstd wrote before it was standardised.
    for (const char old : {'\x22', '\x25', '\x26', '\x27'})
      EXPECT_THROW(decode("zstd", old + std::string("\xB5\x2F\xFD\0\0\0\0", 7), cut), ClientPayloadError);
  }
  // Many pieces that bring nothing are no error.
  Decoder decoder("zstd");
  std::string out;
  for (int i = 0; i < 100; ++i) decoder.decode("", out);
  decoder.decode(bytes, out);
  for (int i = 0; i < 100; ++i) decoder.decode("", out);
  decoder.finish();
  EXPECT_EQ(out, "first second");
}

TEST(Decoder, WindowsHaveTheSizesOfHttp) {
  const std::string text = sample(100'000);
  EXPECT_EQ(decode("zstd", zstd(text, 23), 1000), text);
  EXPECT_THROW(decode("zstd", zstd(text, 24), 1000), ClientPayloadError);
  EXPECT_EQ(decode("br", brotli(text, BROTLI_MAX_WINDOW_BITS), 1000), text);
  EXPECT_THROW(decode("br", brotli(text, 26, true), 1000), ClientPayloadError);
}

TEST(Decoder, GzipMembersAndPadding) {
  const std::string two = compress("first ", Format::kGzip) + compress("second", Format::kGzip);
  for (const std::size_t cut : kCuts) {
    EXPECT_EQ(decode("gzip", two, cut), "first second");
    EXPECT_EQ(decode("gzip", two + std::string(100, '\0'), cut), "first second");
    EXPECT_EQ(decode("gzip", compress("", Format::kGzip), cut), "");
  }
  EXPECT_EQ(decode("gzip", "", 1), "") << "an empty body";
  EXPECT_EQ(decode("deflate", "", 1), "");
  EXPECT_EQ(decode("br", "", 1), "");
  EXPECT_EQ(decode("zstd", "", 1), "");
}

TEST(Decoder, BrokenAndShortDataAreErrors) {
  const std::string text = sample(5000);
  for (const auto& [coding, bytes] : {std::pair<std::string, std::string>{"gzip", compress(text, Format::kGzip)},
                                      {"deflate", compress(text, Format::kZlib)},
                                      {"deflate", compress(text, Format::kRaw)},
                                      {"br", brotli(text)},
                                      {"zstd", zstd(text)}}) {
    for (const std::size_t cut : kCuts) {
      for (const std::size_t size :
           {std::size_t{1}, std::size_t{2}, std::size_t{5}, bytes.size() / 2, bytes.size() - 1})
        EXPECT_THROW(decode(coding, bytes.substr(0, size), cut), ClientPayloadError) << coding << ' ' << size;
    }
  }
  std::string wrong = compress(text, Format::kGzip);
  wrong[wrong.size() - 6] = static_cast<char>(wrong[wrong.size() - 6] ^ 1);  // its checksum
  EXPECT_THROW(decode("gzip", wrong, 100), ClientPayloadError);
  wrong = zstd(text);
  wrong.back() = static_cast<char>(wrong.back() ^ 1);
  EXPECT_THROW(decode("zstd", wrong, 100), ClientPayloadError);
  for (const char* coding : {"gzip", "br", "zstd"})
    EXPECT_THROW(decode(coding, "plain text", 100), ClientPayloadError) << coding;
  EXPECT_THROW(decode("gzip", compress("one", Format::kGzip) + compress("two", Format::kGzip).substr(0, 15), 100),
               ClientPayloadError);
}

TEST(Decoder, UnknownCodings) {
  EXPECT_TRUE(Decoder::supports("gzip, deflate"));
  EXPECT_TRUE(Decoder::supports("br, ZStd"));
  EXPECT_TRUE(Decoder::supports(Decoder::accept_encoding()));
  EXPECT_TRUE(Decoder::supports(""));
  EXPECT_FALSE(Decoder::supports("gzip, compress"));
  EXPECT_FALSE(Decoder::supports("gzip,gzip,gzip,gzip,gzip"));
  EXPECT_THROW(Decoder("compress"), ClientPayloadError);
  EXPECT_THROW(Decoder("gzip,gzip,gzip,gzip,gzip"), ClientPayloadError);
  EXPECT_TRUE(Decoder("identity").is_identity());
  EXPECT_FALSE(Decoder("gzip").is_identity());
}

TEST(Decoder, BombsStopAtTheLimits) {
  const std::string zeros(20'000'000, '\0');
  const std::string bomb = compress(zeros, Format::kGzip);
  const auto stopped_after = [](std::string_view coding, std::string_view bytes, const DecodeLimits& limits) {
    Decoder decoder(coding, limits);
    std::string out;
    EXPECT_THROW(decoder.decode(bytes, out), ContentTooLarge);
    return out.size();
  };
  EXPECT_LE(stopped_after("gzip", bomb, DecodeLimits()), bomb.size() * 200 + 65536U) << "by ratio";
  EXPECT_LE(stopped_after("br", brotli(zeros), DecodeLimits()), std::size_t{1} << 20U | 65536U) << "by ratio";
  EXPECT_LE(stopped_after("zstd", zstd(zeros), DecodeLimits()), std::size_t{1} << 20U | 65536U) << "by ratio";
  DecodeLimits bytes_only;
  bytes_only.ratio = 100'000;
  bytes_only.decoded_bytes = 1'000'000;
  EXPECT_LE(stopped_after("gzip", bomb, bytes_only), 1'000'000U + 65536U) << "by size";
  bytes_only.ratio = 1'000'000'000;
  EXPECT_LE(stopped_after("br", brotli(zeros), bytes_only), 1'000'000U + 65536U) << "by size";
  EXPECT_LE(stopped_after("zstd", zstd(zeros), bytes_only), 1'000'000U + 65536U) << "by size";
  // The outer coding of a nested bomb already goes beyond the ratio, before anything comes out of the inner one.
  EXPECT_LE(stopped_after("gzip, gzip", compress(bomb, Format::kGzip), DecodeLimits()), 3'000'000U);
  EXPECT_EQ(decode("gzip", compress(std::string(1'000'000, 'x'), Format::kGzip), 100).size(), 1'000'000U)
      << "small enough to have any ratio";
  DecodeLimits small;
  small.decoded_bytes = 10;
  EXPECT_THROW(decode("identity", "more than ten", 1, small), ContentTooLarge);
  DecodeLimits nonsense;
  nonsense.ratio = 0;
  EXPECT_THROW(Decoder("gzip", nonsense), ValueError);
}

}  // namespace
}  // namespace corolla::inline v0::http

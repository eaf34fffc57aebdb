// SPDX-License-Identifier: Apache-2.0
#include "crawl/extract/utf8.hpp"

#include <cstddef>
#include <cstring>

namespace corolla::inline v0::crawl {

namespace {

/// How many bytes from `p` are plain ASCII; 32 at a time, which the compiler turns into vector code.
std::size_t ascii_run(const char* p, std::size_t size) noexcept {
  std::size_t i = 0;
  while (i + 32 <= size) {
    std::uint64_t words[4];
    std::memcpy(words, p + i, sizeof words);
    if (((words[0] | words[1] | words[2] | words[3]) & 0x8080808080808080U) != 0) break;
    i += 32;
  }
  while (i < size && static_cast<unsigned char>(p[i]) < 0x80) ++i;
  return i;
}

struct Sequence {
  std::size_t length;  // bytes of the character, or of the maximal ill-formed part
  bool valid;
};

/// Table 3-7 of the Unicode standard: the first byte fixes the length and the range of the second byte.
Sequence read_sequence(const char* text, std::size_t size) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  std::size_t length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (first < 0x80) return {1, true};
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
  } else {
    return {1, false};
  }
  for (std::size_t i = 1; i < length; ++i) {
    if (i >= size || byte(i) < low || byte(i) > high) return {i, false};
    low = 0x80;
    high = 0xBF;
  }
  return {length, true};
}

}  // namespace

void append_utf8(std::string& out, std::uint32_t c) {
  const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) {
    out += kReplacement;
  } else if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | (c >> 6));
    put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | (c >> 12));
    put(0x80 | ((c >> 6) & 0x3F));
    put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | (c >> 18));
    put(0x80 | ((c >> 12) & 0x3F));
    put(0x80 | ((c >> 6) & 0x3F));
    put(0x80 | (c & 0x3F));
  }
}

bool is_valid_utf8(std::string_view bytes) noexcept {
  std::size_t i = 0;
  while (true) {
    i += ascii_run(bytes.data() + i, bytes.size() - i);
    if (i >= bytes.size()) return true;
    const Sequence sequence = read_sequence(bytes.data() + i, bytes.size() - i);
    if (!sequence.valid) return false;
    i += sequence.length;
  }
}

std::string repair_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 8);
  std::size_t start = 0;
  std::size_t i = 0;
  while (true) {
    i += ascii_run(bytes.data() + i, bytes.size() - i);
    if (i >= bytes.size()) break;
    const Sequence sequence = read_sequence(bytes.data() + i, bytes.size() - i);
    if (!sequence.valid) {
      out.append(bytes, start, i - start);
      out += kReplacement;
      start = i + sequence.length;
    }
    i += sequence.length;
  }
  out.append(bytes, start, bytes.size() - start);
  return out;
}

}  // namespace corolla::inline v0::crawl

// SPDX-License-Identifier: Apache-2.0
#include "url_parser.hpp"

namespace corolla::inline v0::http {

namespace {

constexpr void add(std::array<std::uint8_t, 256>& table, std::string_view bytes, unsigned sets) {
  for (const char c : bytes) {
    auto& entry = table[static_cast<unsigned char>(c)];
    entry = static_cast<std::uint8_t>(entry | sets);
  }
}

// URL Standard, section 1.3: each set names the bytes it encodes; the larger sets contain the smaller.
constexpr std::array<std::uint8_t, 256> make_table() {
  constexpr unsigned kAll = 0x3F;
  constexpr auto kFragment = static_cast<unsigned>(EncodeSet::kFragment);
  constexpr auto kQuery = static_cast<unsigned>(EncodeSet::kQuery);
  constexpr auto kSpecialQuery = static_cast<unsigned>(EncodeSet::kSpecialQuery);
  constexpr auto kPath = static_cast<unsigned>(EncodeSet::kPath);
  constexpr auto kUserinfo = static_cast<unsigned>(EncodeSet::kUserinfo);
  std::array<std::uint8_t, 256> table{};
  for (std::size_t byte = 0; byte < table.size(); ++byte)
    if (byte < 0x20 || byte > 0x7E) table[byte] = kAll;
  add(table, " \"<>", kFragment | kQuery | kSpecialQuery | kPath | kUserinfo);
  add(table, "`", kFragment | kPath | kUserinfo);
  add(table, "#", kQuery | kSpecialQuery | kPath | kUserinfo);
  add(table, "'", kSpecialQuery);
  add(table, "?^{}", kPath | kUserinfo);
  add(table, "/:;=@[\\]|", kUserinfo);
  return table;
}

constexpr auto kTable = make_table();

}  // namespace

bool must_encode(unsigned char byte, EncodeSet set) noexcept {
  return (kTable[byte] & static_cast<unsigned>(set)) != 0;
}

void append_encoded(std::string& out, std::string_view text, EncodeSet set) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::size_t run = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (!must_encode(byte, set)) continue;
    out.append(text, run, i - run);
    run = i + 1;
    out += '%';
    out += kHex[byte >> 4U];
    out += kHex[byte & 15U];
  }
  out.append(text, run);
}

}  // namespace corolla::inline v0::http

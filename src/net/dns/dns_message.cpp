// SPDX-License-Identifier: Apache-2.0
#include "net/dns/dns_message.hpp"

#include <algorithm>
#include <cstddef>

#include <ares.h>

namespace corolla {
inline namespace v0 {

namespace {

constexpr std::uint16_t kSoa = 6;
constexpr std::uint32_t kMostTtl = 0x7fffffff;  // RFC 2181, section 8: beyond it counts as zero

// Reads forward; once something is missing, everything is zero and good() false.
class Reader {
 public:
  explicit Reader(std::string_view message) noexcept : message_(message) {}
  [[nodiscard]] bool good() const noexcept { return good_; }
  void skip(std::size_t count) noexcept {
    if (count > message_.size() - at_) good_ = false;
    else at_ += count;
  }
  std::uint32_t number(std::size_t bytes) noexcept {
    std::uint32_t value = 0;
    const std::size_t begin = at_;
    skip(bytes);
    for (std::size_t i = 0; good_ && i < bytes; ++i)
      value = value << 8 | static_cast<unsigned char>(message_[begin + i]);
    return value;
  }
  // c-ares follows the pointers of a compressed name, with bounds.
  void skip_name() noexcept {
    const auto* const bytes = reinterpret_cast<const unsigned char*>(message_.data());
    char* name = nullptr;
    long encoded = 0;
    if (!good_ || at_ >= message_.size() ||
        ::ares_expand_name(bytes + at_, bytes, static_cast<int>(message_.size()), &name, &encoded) != ARES_SUCCESS) {
      good_ = false;
      return;
    }
    ::ares_free_string(name);
    skip(static_cast<std::size_t>(encoded));
  }

 private:
  std::string_view message_;
  std::size_t at_ = 0;
  bool good_ = true;
};

}  // namespace

std::optional<std::uint32_t> negative_ttl_of(std::string_view message) noexcept {
  if (message.size() > 0xffff) return std::nullopt;
  Reader reader(message);
  reader.skip(4);  // id, flags
  const std::uint32_t questions = reader.number(2);
  const std::uint32_t records = reader.number(2) + reader.number(2);  // answers, authorities
  reader.skip(2);                                                     // number of additional records
  for (std::uint32_t i = 0; i < questions && reader.good(); ++i) {
    reader.skip_name();
    reader.skip(4);  // type, class
  }
  for (std::uint32_t i = 0; i < records && reader.good(); ++i) {
    reader.skip_name();
    const std::uint32_t type = reader.number(2);
    reader.skip(2);  // class
    const std::uint32_t ttl = reader.number(4);
    const std::uint32_t size = reader.number(2);
    if (type != kSoa) {
      reader.skip(size);
      continue;
    }
    reader.skip_name();
    reader.skip_name();
    reader.skip(16);  // serial, refresh, retry, expire
    const std::uint32_t minimum = reader.number(4);
    if (!reader.good()) break;
    const std::uint32_t least = std::min(ttl > kMostTtl ? 0 : ttl, minimum > kMostTtl ? 0 : minimum);
    return least;
  }
  return std::nullopt;
}

}  // namespace v0
}  // namespace corolla

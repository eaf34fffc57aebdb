// SPDX-License-Identifier: Apache-2.0
#include "http/charset.hpp"

#include <corolla/http/headers.hpp>

#include <cerrno>
#include <cstddef>

#include <iconv.h>

namespace corolla::inline v0::http {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

class Converter {
 public:
  explicit Converter(const std::string& charset) : handle_(::iconv_open("UTF-8", charset.c_str())) {}
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;
  ~Converter() {
    if (usable()) ::iconv_close(handle_);
  }
  // iconv's failure value is a pointer made from an integer.
  [[nodiscard]] bool usable() const { return reinterpret_cast<std::ptrdiff_t>(handle_) != -1; }

  [[nodiscard]] std::string convert(std::string& bytes) const {
    std::string out;
    char* input = bytes.data();
    std::size_t left = bytes.size();
    char piece[4096];
    while (left > 0) {
      char* output = piece;
      std::size_t room = sizeof piece;
      const std::size_t result = ::iconv(handle_, &input, &left, &output, &room);
      const int error = errno;
      out.append(piece, sizeof piece - room);
      if (result != static_cast<std::size_t>(-1) || error == E2BIG) continue;
      out.append(kReplacement);
      if (error == EINVAL) break;  // cut short at the end
      ++input;
      --left;
    }
    return out;
  }

 private:
  iconv_t handle_;
};

}  // namespace

std::string decode_to_utf8(std::string bytes, std::string_view charset) {
  if (bytes.starts_with("\xEF\xBB\xBF")) return Converter("UTF-8").convert(bytes.erase(0, 3));
  std::string name(charset);
  if (name.empty()) name = "UTF-8";
  // What the web calls these is the superset (WHATWG Encoding).
  if (iequals(name, "iso-8859-1") || iequals(name, "latin1") || iequals(name, "us-ascii")) name = "windows-1252";
  if (const Converter named(name); named.usable()) return named.convert(bytes);
  return Converter("UTF-8").convert(bytes);
}

}  // namespace corolla::inline v0::http

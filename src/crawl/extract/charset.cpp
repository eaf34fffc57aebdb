// SPDX-License-Identifier: Apache-2.0
#include <corolla/crawl/charset.hpp>

#include "crawl/extract/ascii.hpp"
#include "crawl/extract/charset_labels.hpp"
#include "crawl/extract/html_tokenizer.hpp"
#include "crawl/extract/utf8.hpp"

#include <iconv.h>
#include <uchardet/uchardet.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <memory>

namespace corolla::inline v0::crawl {

namespace {

constexpr std::size_t kMetaWindow = 1024;           // the standard's
constexpr std::size_t kDetectorWindow = 64 * 1024;  // more text does not make a guess better, only slower

struct ByteOrderMark {
  std::string_view bytes;
  std::string_view charset;
};
constexpr ByteOrderMark kByteOrderMarks[] = {
    {"\xEF\xBB\xBF", "UTF-8"}, {"\xFE\xFF", "UTF-16BE"}, {"\xFF\xFE", "UTF-16LE"}};

/// "charset=x" inside a meta element's content (HTML standard, "extracting a character encoding from a meta element").
std::string_view charset_in_content(std::string_view content) {
  constexpr std::string_view kKeyword = "charset";
  for (std::size_t i = 0; i + kKeyword.size() <= content.size(); ++i) {
    if (!starts_with_ignoring_case(content.substr(i), kKeyword)) continue;
    std::size_t p = i + kKeyword.size();
    while (p < content.size() && is_space(content[p])) ++p;
    if (p == content.size() || content[p] != '=') continue;
    ++p;
    while (p < content.size() && is_space(content[p])) ++p;
    std::string_view value = content.substr(p);
    if (value.empty()) return {};
    if (value[0] == '"' || value[0] == '\'') {
      const std::size_t close = value.find(value[0], 1);
      return close == std::string_view::npos ? std::string_view() : value.substr(1, close - 1);
    }
    return value.substr(0, value.find_first_of("; \t\r\n\f"));
  }
  return {};
}

const Encoding* meta_encoding(std::string_view bytes) {
  HtmlTokenizer tokenizer(bytes.substr(0, kMetaWindow));
  while (tokenizer.next()) {
    if (tokenizer.is_end_tag() || !equals_ignoring_case(tokenizer.name(), "meta")) continue;
    std::string_view charset;
    std::string_view content;
    bool pragma = false;
    for (const HtmlAttribute& a : tokenizer.attributes()) {
      if (equals_ignoring_case(a.name, "charset") && charset.empty()) charset = a.value;
      if (equals_ignoring_case(a.name, "content") && content.empty()) content = a.value;
      if (equals_ignoring_case(a.name, "http-equiv")) pragma = equals_ignoring_case(trim(a.value), "content-type");
    }
    if (charset.empty() && pragma) charset = charset_in_content(content);
    const Encoding* found = encoding_of_label(charset);
    if (found == nullptr) continue;
    // Who could read this meta was not reading UTF-16; and x-user-defined is an old synonym.
    if (found->width == Width::kUtf16) return &encoding_of_name("UTF-8");
    if (found->width == Width::kUserDefined) return &encoding_of_name("windows-1252");
    return found;
  }
  return nullptr;
}

const Encoding* guessed_encoding(std::string_view bytes) {
  const auto first =
      std::find_if(bytes.begin(), bytes.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
  const auto offset = static_cast<std::size_t>(first - bytes.begin());
  const std::string_view sample = bytes.substr(offset - std::min<std::size_t>(offset, 256), kDetectorWindow);
  const std::unique_ptr<uchardet, decltype(&uchardet_delete)> detector(uchardet_new(), &uchardet_delete);
  if (uchardet_handle_data(detector.get(), sample.data(), sample.size()) != 0) return nullptr;
  uchardet_data_end(detector.get());
  const std::string_view name = uchardet_get_charset(detector.get());
  if (name == "UHC") return &encoding_of_name("EUC-KR");
  if (name == "MAC-CYRILLIC") return &encoding_of_name("x-mac-cyrillic");
  return encoding_of_label(name);
}

std::string user_defined_to_utf8(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    append_utf8(out, byte < 0x80 ? byte : 0xF780U + byte - 0x80U);
  }
  return out;
}

class Converter {
 public:
  explicit Converter(const char* from) : handle_(iconv_open("UTF-8", from)) {}
  ~Converter() {
    if (is_open()) iconv_close(handle_);
  }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;
  // iconv's own way to say "none" is a pointer of all ones.
  [[nodiscard]] bool is_open() const noexcept {
    return reinterpret_cast<std::size_t>(handle_) != static_cast<std::size_t>(-1);
  }

  std::string convert(std::string_view bytes, Width width) {
    std::string out;
    char* in = const_cast<char*>(bytes.data());
    std::size_t left = bytes.size();
    while (left > 0) {
      const std::size_t done = out.size();
      out.resize(done + std::max<std::size_t>(left + left / 2, 64));
      char* to = out.data() + done;
      std::size_t room = out.size() - done;
      const std::size_t result = iconv(handle_, &in, &left, &to, &room);
      const int error = result == static_cast<std::size_t>(-1) ? errno : 0;
      out.resize(out.size() - room);
      if (error == 0 || error == E2BIG) continue;
      const std::size_t skipped = replace_bad(static_cast<unsigned char>(*in), in, left, width, out);
      in += skipped;
      left -= skipped;
      if (width == Width::kMulti) iconv(handle_, nullptr, nullptr, nullptr, nullptr);
    }
    return out;
  }

 private:
  /// A single byte without a character is U+FFFD, but the unassigned ones among 0x80 to 0x9F are C1 controls. Of two
  /// bytes without a character the second one is kept if it is ASCII, for it may open a tag.
  static std::size_t replace_bad(unsigned char byte, const char* in, std::size_t left, Width width, std::string& out) {
    if (width == Width::kSingle && byte >= 0x80 && byte <= 0x9F) {
      append_utf8(out, byte);
      return 1;
    }
    out += kReplacement;
    if (width == Width::kUtf16) return std::min<std::size_t>(left, 2);
    if (width == Width::kMulti && left > 1 && static_cast<unsigned char>(in[1]) >= 0x80) return 2;
    return 1;
  }

  iconv_t handle_;
};

std::string decode(std::string_view bytes, const Encoding& encoding) {
  switch (encoding.width) {
    case Width::kUtf8: return repair_utf8(bytes);
    case Width::kReplacement: return bytes.empty() ? std::string() : std::string(kReplacement);
    case Width::kUserDefined: return user_defined_to_utf8(bytes);
    case Width::kSingle:
    case Width::kMulti:
    case Width::kUtf16: break;
  }
  Converter converter(encoding.iconv_name);
  return converter.is_open() ? converter.convert(bytes, encoding.width) : repair_utf8(bytes);
}

const ByteOrderMark* byte_order_mark(std::string_view bytes) {
  for (const ByteOrderMark& mark : kByteOrderMarks) {
    if (bytes.starts_with(mark.bytes)) return &mark;
  }
  return nullptr;
}

}  // namespace

std::optional<std::string_view> charset_of_label(std::string_view label) {
  const Encoding* found = encoding_of_label(label);
  return found == nullptr ? std::nullopt : std::optional(found->name);
}

std::string_view charset_parameter(std::string_view content_type) {
  std::size_t semicolon = content_type.find(';');
  while (semicolon != std::string_view::npos) {
    const std::size_t start = semicolon + 1;
    semicolon = content_type.find(';', start);
    const std::string_view parameter =
        trim(content_type.substr(start, semicolon == std::string_view::npos ? semicolon : semicolon - start));
    if (!starts_with_ignoring_case(parameter, "charset")) continue;
    std::string_view value = trim(parameter.substr(7));
    if (value.empty() || value[0] != '=') continue;
    value = trim(value.substr(1));
    if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front()) {
      value = value.substr(1, value.size() - 2);
    }
    return value;
  }
  return {};
}

Charset detect_charset(std::string_view bytes, std::string_view http_charset) {
  if (const ByteOrderMark* mark = byte_order_mark(bytes)) return {mark->charset, CharsetSource::kByteOrderMark};
  if (const Encoding* named = encoding_of_label(http_charset)) return {named->name, CharsetSource::kHttpHeader};
  if (const Encoding* meta = meta_encoding(bytes)) return {meta->name, CharsetSource::kMeta};
  if (is_valid_utf8(bytes)) return {"UTF-8", CharsetSource::kUtf8Validity};
  if (const Encoding* guess = guessed_encoding(bytes)) return {guess->name, CharsetSource::kDetector};
  return {"windows-1252", CharsetSource::kDefault};
}

Utf8Text to_utf8(std::string_view bytes, std::string_view http_charset) {
  const Charset charset = detect_charset(bytes, http_charset);
  if (const ByteOrderMark* mark = byte_order_mark(bytes)) bytes.remove_prefix(mark->bytes.size());
  const Encoding& encoding = encoding_of_name(charset.name);
  if (encoding.width == Width::kUtf8 && (charset.source == CharsetSource::kUtf8Validity || is_valid_utf8(bytes))) {
    return Utf8Text(bytes, charset);
  }
  return Utf8Text(decode(bytes, encoding), charset);
}

}  // namespace corolla::inline v0::crawl

// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/multipart.hpp>

#include <corolla/http/error.hpp>
#include <corolla/http/headers.hpp>
#include <corolla/http/media_type.hpp>
#include <corolla/net/file.hpp>
#include <corolla/runtime/error.hpp>

#include <cerrno>
#include <filesystem>
#include <iterator>
#include <random>
#include <utility>

namespace corolla::inline v0::http {

namespace {

constexpr std::size_t kPiece = std::size_t{64} * 1024;

std::string random_boundary() {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::random_device random;
  std::string boundary = "corolla-";
  for (int i = 0; i < 4; ++i) {
    for (std::uint32_t bits = random(), digit = 0; digit < 8; ++digit, bits >>= 4U) boundary += kDigits[bits & 15U];
  }
  return boundary;
}

// HTML, section 4.10.21.8: what would end the parameter or the line.
void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '"') out += "%22";
    else if (c == '\r') out += "%0D";
    else if (c == '\n') out += "%0A";
    else out += c;
  }
}

std::uint64_t size_of(const std::string& path) {
  std::error_code error;
  const std::uint64_t size = std::filesystem::file_size(path, error);
  if (error) throw OSError(error, "the size of " + path);
  return size;
}

}  // namespace

Multipart::Multipart() : boundary_(random_boundary()) {}

Multipart& Multipart::add(std::string_view name, std::string_view filename, std::string content, std::string path,
                          std::string_view content_type) {
  if (content_type.find_first_of("\r\n") != std::string_view::npos)
    throw HeaderInjection("a media type with a line break");
  Part part;
  part.head = "--" + boundary_ + "\r\nContent-Disposition: form-data; name=\"";
  append_escaped(part.head, name);
  if (!filename.empty()) {
    part.head += "\"; filename=\"";
    append_escaped(part.head, filename);
  }
  part.head += '"';
  if (!content_type.empty()) part.head.append("\r\nContent-Type: ").append(content_type);
  part.head += "\r\n\r\n";
  part.content = std::move(content);
  part.path = std::move(path);
  parts_.push_back(std::move(part));
  return *this;
}

Multipart& Multipart::field(std::string_view name, std::string_view value) {
  return add(name, {}, std::string(value), {}, {});
}

Multipart& Multipart::bytes(std::string_view name, std::string_view filename, std::string content,
                            std::string_view content_type) {
  return add(name, filename, std::move(content), {},
             content_type.empty() ? media_type_of_file(filename) : content_type);
}

Multipart& Multipart::file(std::string_view name, std::string path, std::string_view content_type) {
  const std::string filename = std::filesystem::path(path).filename().string();
  const std::string_view type = content_type.empty() ? media_type_of_file(filename) : content_type;
  return add(name, filename, {}, std::move(path), type);
}

// Parts in a row are all that is sent, so those of `parts` stand between a head of their own and their end.
Multipart& Multipart::nested(std::string_view name, Multipart parts, std::string_view subtype) {
  if (!is_token(subtype)) throw ValueError("\"" + std::string(subtype) + "\" is no subtype of multipart");
  Part last;
  last.content = "--" + parts.boundary_ + "--";
  parts.parts_.push_back(std::move(last));
  add(name, {}, {}, {}, "multipart/" + std::string(subtype) + "; boundary=" + parts.boundary_);
  parts.parts_.front().head.insert(0, parts_.back().head);
  parts_.pop_back();
  parts_.insert(parts_.end(), std::make_move_iterator(parts.parts_.begin()),
                std::make_move_iterator(parts.parts_.end()));
  return *this;
}

std::uint64_t Multipart::size() const {
  std::uint64_t total = end().size();
  for (const Part& part : parts_)
    total += part.head.size() + (part.path.empty() ? part.content.size() : size_of(part.path)) + 2;
  return total;
}

AsyncGenerator<std::string> Multipart::pieces() && {
  std::string last = end();
  return generate(std::move(parts_), std::move(last));
}

AsyncGenerator<std::string> Multipart::generate(std::vector<Part> parts, std::string end) {
  for (Part& part : parts) {
    if (part.path.empty()) {
      co_yield part.head + part.content + "\r\n";
      continue;
    }
    auto opening = open_file(part.path);
    File file = co_await std::move(opening);
    co_yield std::move(part.head);
    for (;;) {
      auto reading = file.read(static_cast<std::ptrdiff_t>(kPiece));
      std::string piece = co_await std::move(reading);
      if (piece.empty()) break;
      co_yield std::move(piece);
    }
    co_yield std::string("\r\n");
  }
  co_yield std::move(end);
}

}  // namespace corolla::inline v0::http

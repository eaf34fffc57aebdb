// SPDX-License-Identifier: Apache-2.0
/// \file
/// Multipart: a form with files, as a request's body.
///
///     http::Multipart form;
///     form.field("title", "Holidays").file("photo", "/home/ada/beach.jpg").bytes("note", "note.txt", "with love");
///     auto response = co_await session.post(url).multipart(std::move(form));
///
/// Source: RFC 7578, with names escaped as browsers do; aiohttp's FormData. Files are read while they are sent, a piece at a
/// time, and their sizes are asked before, so that the body has a Content-Length. Not thread safe.
#pragma once

#include <corolla/runtime/api.hpp>
#include <corolla/runtime/async_generator.hpp>
#include <corolla/runtime/coro.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace corolla::inline v0::http {

/// See the file's comment. Moves and copies.
class COROLLA_API Multipart {
 public:
  /// With a boundary of 128 random bits.
  Multipart();

  /// A field of text.
  Multipart& field(std::string_view name, std::string_view value);
  /// A file's content that is at hand. The media type of the file's name, unless one is given.
  Multipart& bytes(std::string_view name, std::string_view filename, std::string content,
                   std::string_view content_type = {});
  /// A file of the disk, under its own name.
  Multipart& file(std::string_view name, std::string path, std::string_view content_type = {});
  /// Parts within a part, which has the type "multipart/SUBTYPE" and a boundary of its own: several files of one field, say. ValueError
  /// when the subtype is no token. BodyPart::multipart() reads them, four levels in all.
  Multipart& nested(std::string_view name, Multipart parts, std::string_view subtype = "mixed");

  /// "multipart/form-data; boundary=…".
  [[nodiscard]] std::string content_type() const { return "multipart/form-data; boundary=" + boundary_; }
  /// The length of the whole body. OSError for a file that is not there.
  [[nodiscard]] std::uint64_t size() const;
  /// The whole body, piece by piece. OSError.
  [[nodiscard]] AsyncGenerator<std::string> pieces() &&;

 private:
  struct Part {
    std::string head;  // with the boundary in front
    std::string content;
    std::string path;  // of a file, whose content it is; else empty
  };
  Multipart& add(std::string_view name, std::string_view filename, std::string content, std::string path,
                 std::string_view content_type);
  static AsyncGenerator<std::string> generate(std::vector<Part> parts, std::string end);
  [[nodiscard]] std::string end() const { return "--" + boundary_ + "--\r\n"; }

  std::string boundary_;
  std::vector<Part> parts_;
};

}  // namespace corolla::inline v0::http

// SPDX-License-Identifier: Apache-2.0
/// \file
/// FormData: a form that a client sent, read whole; large files in it are kept on the disk.
///
///     auto form = co_await request.post();
///     const std::string title(form.value("title", "untitled"));
///     if (const auto* photo = form.find("photo")) co_await photo->save("/srv/photos/" + id);
///
/// Source: aiohttp's Request.post(); HTML's application/x-www-form-urlencoded and RFC 7578's multipart/form-data. What forms may
/// hold is limited: by the server's max_body_bytes (1 MiB unless set_max_body_bytes was called) and by FormOptions.
#pragma once

#include <corolla/http/multipart_reader.hpp>
#include <corolla/net/file.hpp>
#include <corolla/runtime/api.hpp>
#include <corolla/runtime/coro.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace corolla::inline v0::http {

class ServerRequest;

/// How a form is read.
struct FormOptions {
  /// Fields, and their head in multipart.
  MultipartLimits multipart;
  /// Names and values of fields that are no files, together; beyond it the answer is 413.
  std::size_t text_bytes = std::size_t{1} << 20U;
  /// A file that is larger is written to a temporary file without a name, in $TMPDIR or /tmp, that goes with the FormField.
  std::size_t spool_size = std::size_t{256} * 1024;
};
// An aggregate may be a temporary in a co_await expression on g++ 12 only if nothing has to destroy it.
static_assert(std::is_trivially_destructible_v<FormOptions>);

/// A field of a form, or a file in it. Moves.
class COROLLA_API FormField {
 public:
  FormField(std::string name, std::string value) : name_(std::move(name)), content_(std::move(value)) {}

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// The text of a field; "" for a file.
  [[nodiscard]] std::string_view value() const noexcept { return is_file() ? std::string_view() : content_; }
  [[nodiscard]] bool is_file() const noexcept { return filename_.has_value(); }
  /// As the client gave it, no path to be trusted; nothing for a field that is no file.
  [[nodiscard]] const std::optional<std::string>& filename() const noexcept { return filename_; }
  [[nodiscard]] const std::string& content_type() const noexcept { return content_type_; }
  [[nodiscard]] std::uint64_t size() const noexcept { return spool_ ? spooled_ : content_.size(); }
  /// The content is on the disk, not in memory.
  [[nodiscard]] bool is_spooled() const noexcept { return spool_.has_value(); }

  /// Bytes of the content from `offset` on, at most `count`; fewer at the end alone. OSError.
  [[nodiscard]] Coro<std::string> read(std::uint64_t offset, std::size_t count) const;
  /// The whole content. OSError.
  [[nodiscard]] Coro<std::string> read() const;
  /// Writes the content to a new file. OSError; FileExistsError's code EEXIST when there is one of that name.
  [[nodiscard]] Coro<void> save(std::string path) const;

 private:
  friend class FormReader;
  std::string name_;
  std::string content_;
  std::optional<std::string> filename_;
  std::string content_type_;
  mutable std::optional<File> spool_;  // reading it changes nothing that is seen
  std::uint64_t spooled_ = 0;
};

/// See the file's comment. Fields in the order in which they were sent.
class COROLLA_API FormData {
 public:
  explicit FormData(std::vector<FormField> fields) noexcept : fields_(std::move(fields)) {}

  /// The first field or file of this name; null without one.
  [[nodiscard]] const FormField* find(std::string_view name) const noexcept;
  /// The text of the first field of this name that is no file.
  [[nodiscard]] std::optional<std::string_view> value(std::string_view name) const noexcept;
  [[nodiscard]] std::string_view value(std::string_view name, std::string_view fallback) const noexcept {
    return value(name).value_or(fallback);
  }
  /// All of them.
  [[nodiscard]] std::vector<std::string_view> values(std::string_view name) const;
  [[nodiscard]] const std::vector<FormField>& fields() const noexcept { return fields_; }

 private:
  std::vector<FormField> fields_;
};

/// `co_await request.post()`, in other words: the request's body as a form. HttpError: 415 when it is none, 400 when it is
/// malformed, 413 above a limit; OSError when a file cannot be kept. Errors as ServerRequest::chunk().
[[nodiscard]] COROLLA_API Coro<FormData> read_form(ServerRequest& request, FormOptions options = FormOptions());

}  // namespace corolla::inline v0::http

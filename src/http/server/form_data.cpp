// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/form_data.hpp>

#include <corolla/http/media_type.hpp>
#include <corolla/http/server_request.hpp>
#include <corolla/http/server_response.hpp>
#include <corolla/runtime/executor.hpp>

#include "http/charset.hpp"
#include "http/urlencoded.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include <fcntl.h>
#include <unistd.h>

namespace corolla::inline v0::http {

namespace {

constexpr std::size_t kPiece = std::size_t{256} * 1024;

// A file without a name, which is gone once it is closed. In a thread: it may have to wait for the disk.
File make_temporary() {
  const char* given = std::getenv("TMPDIR");
  const std::string directory = given != nullptr && *given != '\0' ? given : "/tmp";
  int descriptor = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor < 0) {  // not every file system has them
    std::string path = directory + "/corolla-XXXXXX";
    descriptor = ::mkostemp(path.data(), O_CLOEXEC);
    if (descriptor < 0) throw OSError(errno, "a temporary file in " + directory);
    ::unlink(path.c_str());
  }
  return File(descriptor);
}

}  // namespace

// -- FormField, FormData --------------------------------------------------------------------------------------------

Coro<std::string> FormField::read(std::uint64_t offset, std::size_t count) const {
  if (spool_) {
    auto reading = spool_->pread(count, offset);
    co_return co_await std::move(reading);
  }
  co_return offset < content_.size() ? content_.substr(static_cast<std::size_t>(offset), count) : std::string();
}

Coro<std::string> FormField::read() const {
  auto reading = read(0, static_cast<std::size_t>(size()));
  co_return co_await std::move(reading);
}

Coro<void> FormField::save(std::string path) const {
  auto opening = open_file(std::move(path), "x");
  File file = co_await std::move(opening);
  for (std::uint64_t offset = 0; offset < size();) {
    auto reading = read(offset, kPiece);
    std::string piece = co_await std::move(reading);
    if (piece.empty()) break;
    offset += piece.size();
    auto writing = file.write(std::move(piece));
    co_await std::move(writing);
  }
  auto closing = file.close();
  co_await std::move(closing);
}

const FormField* FormData::find(std::string_view name) const noexcept {
  const auto found =
      std::find_if(fields_.begin(), fields_.end(), [name](const FormField& f) { return f.name() == name; });
  return found == fields_.end() ? nullptr : &*found;
}

std::optional<std::string_view> FormData::value(std::string_view name) const noexcept {
  for (const FormField& field : fields_)
    if (!field.is_file() && field.name() == name) return field.value();
  return std::nullopt;
}

std::vector<std::string_view> FormData::values(std::string_view name) const {
  std::vector<std::string_view> found;
  for (const FormField& field : fields_)
    if (!field.is_file() && field.name() == name) found.push_back(field.value());
  return found;
}

// -- reading --------------------------------------------------------------------------------------------------------

class FormReader {
 public:
  FormReader(ServerRequest& request, const FormOptions& options) : request_(request), options_(options) {}
  FormReader(const FormReader&) = delete;
  FormReader& operator=(const FormReader&) = delete;

  Coro<FormData> read() {
    const auto type = MediaType::parse(request_.headers().get("Content-Type", ""));
    if (type && type->essence() == "application/x-www-form-urlencoded") {
      auto reading = read_urlencoded();
      co_await std::move(reading);
    } else if (type && type->essence() == "multipart/form-data") {
      auto reading = read_multipart();
      co_await std::move(reading);
    } else {
      throw HttpError(415, "a form is expected");
    }
    co_return FormData(std::move(fields_));
  }

 private:
  Coro<void> read_urlencoded() {
    std::string body;
    for (;;) {
      auto reading = request_.chunk();
      const std::string_view piece = co_await std::move(reading);
      if (piece.empty()) break;
      count_text(piece.size());
      body += piece;
    }
    std::string_view text = body;
    while (auto pair = take_pair(text)) {
      if (fields_.size() == options_.multipart.parts) throw HttpError(413, "the form has too many fields");
      fields_.emplace_back(decode_to_utf8(std::move(pair->first), ""), decode_to_utf8(std::move(pair->second), ""));
    }
  }

  Coro<void> read_multipart() {
    MultipartReader reader = request_.multipart(options_.multipart);
    for (;;) {
      auto advancing = reader.next();
      std::optional<BodyPart> part = co_await std::move(advancing);
      if (!part) co_return;
      FormField field(part->name(), {});
      field.filename_ = part->filename();
      field.content_type_ = part->content_type();
      count_text(part->name().size() + (part->filename() ? part->filename()->size() : 0));
      auto reading = read_content(*part, field);
      co_await std::move(reading);
      if (!field.is_file()) field.content_ = decode_to_utf8(std::move(field.content_), charset_of(field));
      fields_.push_back(std::move(field));
    }
  }

  Coro<void> read_content(BodyPart& part, FormField& field) {
    for (;;) {
      auto reading = part.chunk();
      const std::string_view piece = co_await std::move(reading);
      if (!field.is_file()) count_text(piece.size());
      if (!piece.empty()) field.content_ += piece;
      // On the disk the pieces of the connection become larger ones.
      const bool large = field.content_.size() > (field.spool_ ? kPiece : options_.spool_size);
      if (field.is_file() && (large || (piece.empty() && field.spool_))) {
        auto spooling = spool(field);
        co_await std::move(spooling);
      }
      if (piece.empty()) co_return;
    }
  }

  static Coro<void> spool(FormField& field) {
    if (!field.spool_) {
      auto making = to_thread(make_temporary);
      field.spool_.emplace(co_await std::move(making));
    }
    field.spooled_ += field.content_.size();
    auto writing = field.spool_->write(std::move(field.content_));
    field.content_.clear();
    co_await std::move(writing);
  }

  void count_text(std::size_t bytes) {
    text_ += bytes;
    if (text_ > options_.text_bytes)
      throw HttpError(413, "the form's text is above the limit of " + std::to_string(options_.text_bytes) + " bytes");
  }

  static std::string charset_of(const FormField& field) {
    const auto type = MediaType::parse(field.content_type_);
    return type ? type->charset() : std::string();
  }

  ServerRequest& request_;
  FormOptions options_;
  std::vector<FormField> fields_;
  std::size_t text_ = 0;
};

Coro<FormData> read_form(ServerRequest& request, FormOptions options) {
  FormReader reader(request, options);
  auto reading = reader.read();
  co_return co_await std::move(reading);
}

}  // namespace corolla::inline v0::http

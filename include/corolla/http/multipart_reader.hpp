// SPDX-License-Identifier: Apache-2.0
/// \file
/// MultipartReader: a multipart body, part by part, as it arrives.
///
///     auto reader = request.multipart();                           // or response.multipart()
///     while (auto part = co_await reader.next()) {
///       for (;;) {
///         auto piece = co_await part->chunk();
///         if (piece.empty()) break;
///         use(part->name(), piece);
///       }
///     }
///
/// Source: RFC 2046, section 5.1, and RFC 7578; aiohttp's MultipartReader and BodyPartReader. Nothing but a piece is held in memory.
/// What is left of a part is skipped when the next one is asked for. Cancelled, a call may be made again. What is malformed, or
/// above a limit, is an HttpProtocolError; where the body is a request's, an HttpError (400, 413), which a handler lets pass.
/// Errors of the body itself come through. Not thread safe; copies are the same reader.
#pragma once

#include <corolla/http/headers.hpp>
#include <corolla/runtime/api.hpp>
#include <corolla/runtime/coro.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include <nlohmann/json_fwd.hpp>

namespace corolla::inline v0::http {

class MultipartReader;
class MultipartState;

/// How much a multipart body may hold, beside the limit of the body's own size.
struct MultipartLimits {
  std::size_t parts = 1000;
  /// Of the fields of one part, together.
  std::size_t header_bytes = std::size_t{8} * 1024;
};
// An aggregate may be a temporary in a co_await expression on g++ 12 only if nothing has to destroy it.
static_assert(std::is_trivially_destructible_v<MultipartLimits>);

/// One part. It can be read until the next one is asked for; RuntimeError then.
class COROLLA_API BodyPart {
 public:
  BodyPart(std::shared_ptr<MultipartState> state, Headers headers);

  [[nodiscard]] const Headers& headers() const noexcept { return headers_; }
  /// The field's name, of Content-Disposition; "" without one.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// The file's name as the client gave it: no path to be trusted. filename* (RFC 8187) counts before filename. Nothing for a
  /// field that is no file.
  [[nodiscard]] const std::optional<std::string>& filename() const noexcept { return filename_; }
  /// Content-Type, "text/plain" without one.
  [[nodiscard]] std::string_view content_type() const noexcept { return headers_.get("Content-Type", "text/plain"); }

  /// It has parts of its own: multipart() reads them.
  [[nodiscard]] bool is_multipart() const;
  /// The next piece, empty at the part's end; borrowed until the next call.
  [[nodiscard]] Coro<std::string_view> chunk();
  /// The rest of the part.
  [[nodiscard]] Coro<std::string> read();
  /// As above as UTF-8, decoded from the charset of Content-Type.
  [[nodiscard]] Coro<std::string> text();
  /// As above as a JSON document; <nlohmann/json.hpp> is for the caller to include. What is none is malformed.
  [[nodiscard]] Coro<nlohmann::json> json();
  /// The part's own parts: "multipart/mixed" within a form. Malformed when it is none, or nested more than four deep.
  [[nodiscard]] MultipartReader multipart(const MultipartLimits& limits = MultipartLimits()) const;

 private:
  static Coro<std::string_view> chunk_of(std::shared_ptr<MultipartState> state, std::uint64_t number);

  std::shared_ptr<MultipartState> state_;
  std::uint64_t number_;
  Headers headers_;
  std::string name_;
  std::optional<std::string> filename_;
};

/// See the file's comment.
class COROLLA_API MultipartReader {
 public:
  /// Gives the body piece by piece, an empty one at its end. A piece is needed until the next call.
  using Source = std::function<Coro<std::string_view>()>;
  /// Whose body it is: that decides what an error is.
  enum class Role : std::uint8_t { kResponse, kRequest };

  /// `content_type` is the field's value. Malformed when it is no multipart type, or has no valid boundary.
  MultipartReader(std::string_view content_type, Source source, const MultipartLimits& limits = MultipartLimits(),
                  Role role = Role::kResponse);

  /// The next part; nothing after the last one, and then the body was read to its end.
  [[nodiscard]] Coro<std::optional<BodyPart>> next();

 private:
  friend class BodyPart;
  MultipartReader(std::string_view content_type, Source source, const MultipartLimits& limits, Role role, int depth);

  std::shared_ptr<MultipartState> state_;
};

}  // namespace corolla::inline v0::http

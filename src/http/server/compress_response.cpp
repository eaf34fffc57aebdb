// SPDX-License-Identifier: Apache-2.0
#include "http/server/compress_response.hpp"

#include <corolla/http/compression.hpp>
#include <corolla/http/media_type.hpp>
#include <corolla/http/middleware.hpp>
#include <corolla/runtime/sleep.hpp>

#include "http/encoder.hpp"
#include "http/joined_field.hpp"
#include "http/server/accept_encoding.hpp"
#include "http/server/file_part.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace corolla::inline v0::http {

namespace {

// A text up to this size is compressed before it is sent, a longer one while it is, piece by piece, so that other tasks have
// their turn.
constexpr std::size_t kAtOnce = std::size_t{64} * 1024;

std::optional<ContentCoding> choose_coding(const Headers& asked) {
  const std::string field = joined_field(asked, "Accept-Encoding");
  std::optional<ContentCoding> best;
  int most = 0;
  for (const ContentCoding coding :
       {ContentCoding::kZstd, ContentCoding::kBrotli, ContentCoding::kGzip, ContentCoding::kDeflate}) {
    const int weight = coding_weight(field, name_of(coding));
    if (weight <= most) continue;
    most = weight;
    best = coding;
  }
  return best;
}

bool may_be_encoded(const ServerResponse& response) {
  const int status = response.status();
  if (status < 200 || status == 204 || status == 205 || status == 206) return false;
  const Headers& headers = response.headers();
  return !headers.contains("Content-Encoding") && !headers.contains("Content-Range") &&
         !headers.has_token("Cache-Control", "no-transform") && (status == 304 || response.body_size() != 0U);
}

void set_fields(Headers& headers, ContentCoding coding) {
  headers.set("Content-Encoding", name_of(coding));
  headers.remove("Accept-Ranges");
  const std::string tag(headers.get("ETag", ""));
  if (tag.starts_with('"')) headers.set("ETag", "W/" + tag);
}

// Runs within the producer's own call of the writer, so that each write is flushed.
BodyProducer encoding(BodyProducer inner, std::optional<std::uint64_t> length, ContentCoding coding,
                      CompressionOptions options) {
  return [inner = std::move(inner), length, coding, options](BodyWriter& writer) -> Coro<void> {
    writer.set_encoder(make_encoder(coding, options));
    auto producing = inner(writer);
    co_await std::move(producing);
    if (length && writer.written() != *length) throw RuntimeError("the producer wrote less than it announced");
    co_await writer.end_encoding();
  };
}

BodyProducer text_producer(std::string text) {
  return [text = std::move(text)](BodyWriter& writer) -> Coro<void> {
    for (std::string_view rest = text; !rest.empty(); rest.remove_prefix(std::min(rest.size(), kAtOnce))) {
      co_await writer.write(rest.substr(0, kAtOnce));
      co_await sleep(std::chrono::nanoseconds(0));
    }
  };
}

BodyProducer file_producer(std::shared_ptr<const FileBody> file) {
  return [file = std::move(file)](BodyWriter& writer) -> Coro<void> {
    for (std::uint64_t done = 0; done < file->count;) {
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(file->count - done, kAtOnce));
      auto reading = read_file_part(file->file, file->offset + done, count);
      const std::string piece = co_await std::move(reading);
      co_await writer.write(piece);
      done += count;
    }
  };
}

}  // namespace

void compress_response(const ServerRequest& request, ServerResponse& response) {
  if (!response.compression()) return;
  const CompressionOptions options = *response.compression();
  if (!may_be_encoded(response)) return;
  Headers& headers = response.headers();
  if (!options.force && !headers.has_token("Vary", "Accept-Encoding") && !headers.has_token("Vary", "*"))
    headers.add("Vary", "Accept-Encoding");
  const std::optional<ContentCoding> coding = options.force ? options.force : choose_coding(request.headers());
  if (!coding) return;
  if (response.status() == 304) {  // the fields of the response that the client has
    set_fields(headers, *coding);
    headers.remove("Content-Encoding");
  } else if (response.producer()) {
    response.set_producer(encoding(response.producer(), response.body_size(), *coding, options));
    set_fields(headers, *coding);
  } else if (response.file() != nullptr) {
    if (!response.file()->parts.empty()) return;
    std::shared_ptr<const FileBody> file = response.take_file();
    response.set_producer(encoding(file_producer(std::move(file)), std::nullopt, *coding, options));
    set_fields(headers, *coding);
  } else if (response.text().size() > kAtOnce) {
    std::string text = response.text();
    response.set_producer(encoding(text_producer(std::move(text)), std::nullopt, *coding, options));
    set_fields(headers, *coding);
  } else {
    std::string encoded;
    make_encoder(*coding, options)->encode(response.text(), encoded, Encoder::Flush::kEnd);
    if (encoded.size() >= response.text().size() && !options.force) return;
    response.set_text(encoded);
    set_fields(headers, *coding);
  }
}

namespace {

// "text/*" and "*+json" stand for many.
bool fits(std::string_view pattern, std::string_view type) {
  if (pattern.ends_with("/*")) return type.starts_with(pattern.substr(0, pattern.size() - 1));
  if (pattern.starts_with('*')) return type.ends_with(pattern.substr(1));
  return type == pattern;
}

bool worth_while(const ServerResponse& response, const CompressOptions& options) {
  if (const auto size = response.body_size(); size && *size < options.minimum_size && response.status() != 304)
    return false;
  if (response.status() == 304) return true;
  const auto type = MediaType::parse(response.headers().get("Content-Type", ""));
  if (!type) return false;
  return std::any_of(options.types.begin(), options.types.end(),
                     [&type](const std::string& pattern) { return fits(pattern, type->essence()); });
}

}  // namespace

Middleware compress(CompressOptions options) {
  return [options = std::move(options)](ServerRequest& request, NextHandler next) -> Coro<ServerResponse> {
    auto handling = next(request);
    ServerResponse response = co_await std::move(handling);
    if (!response.compression() && worth_while(response, options)) response.enable_compression(options.compression);
    co_return response;
  };
}

}  // namespace corolla::inline v0::http

// SPDX-License-Identifier: Apache-2.0
#include "http/server/file_response.hpp"

#include <corolla/http/preconditions.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <random>
#include <utility>

namespace corolla::inline v0::http {

namespace {

// A file that changes twice within the file system's clock tick keeps its time of modification; the coarsest tick (FAT's)
// is two seconds. Until it is over the tag promises equivalence only.
constexpr std::chrono::seconds kYoung{2};

Validators validators_of(const OpenFile& file, std::string_view content_encoding) {
  const auto now = std::chrono::system_clock::now();
  const std::chrono::sys_time<std::chrono::nanoseconds> mtime{std::chrono::nanoseconds(file.mtime_ns())};
  const bool strong = mtime + kYoung < now;
  ETag tag = ETag::of_file(file.mtime_ns(), file.size());
  if (!strong || !content_encoding.empty()) {
    std::string opaque = tag.opaque();
    if (!content_encoding.empty()) opaque.append("-").append(content_encoding);
    tag = ETag(std::move(opaque), !strong);
  }
  const auto modified =
      std::min(std::chrono::floor<std::chrono::seconds>(mtime),
               std::chrono::floor<std::chrono::seconds>(std::chrono::time_point_cast<std::chrono::nanoseconds>(now)));
  Validators validators(std::move(tag), modified);
  validators.strong_time = strong;
  return validators;
}

// Anything that does not occur in the file, as far as chance goes.
std::string random_boundary() {
  std::random_device random;
  std::string boundary = "corolla";
  for (int i = 0; i < 4; ++i) boundary += std::to_string(random());
  return boundary;
}

std::unique_ptr<FileBody> multipart(OpenFile file, const std::vector<ByteRange>& ranges, std::string_view media_type,
                                    const std::string& boundary) {
  const std::uint64_t size = file.size();
  auto body = std::make_unique<FileBody>(std::move(file), 0, size);
  for (const ByteRange& range : ranges) {
    FilePart part;
    if (!body->parts.empty()) part.head = "\r\n";
    part.head.append("--").append(boundary).append("\r\n");
    if (!media_type.empty()) part.head.append("Content-Type: ").append(media_type).append("\r\n");
    part.head.append("Content-Range: ").append(format_content_range(range, size)).append("\r\n\r\n");
    part.offset = range.first;
    part.count = range.size();
    body->parts.push_back(std::move(part));
  }
  body->tail = "\r\n--" + boundary + "--\r\n";
  return body;
}

}  // namespace

ServerResponse respond_with_file(ServerRequest& request, FileRepresentation representation) {
  const Validators validators = validators_of(representation.file, representation.content_encoding);
  const auto describe = [&](Headers& fields) {
    if (!representation.cache_control.empty()) fields.add("Cache-Control", representation.cache_control);
    if (representation.varies) fields.add("Vary", "Accept-Encoding");
  };
  if (auto failed = check_preconditions(request, validators)) {
    if (failed->status() == 304) describe(failed->headers());
    return std::move(*failed);
  }
  ServerResponse response = request.respond();
  Headers& headers = response.headers();
  add_validators(headers, validators);
  describe(headers);
  headers.add("Accept-Ranges", "bytes");
  if (!representation.content_encoding.empty()) headers.add("Content-Encoding", representation.content_encoding);

  const std::uint64_t size = representation.file.size();
  const Ranges ranges = requested_ranges(request, size, validators);
  if (ranges.result == RangeResult::kUnsatisfiable) {
    ServerResponse refused = ServerResponse::error(416);
    refused.headers().add("Content-Range", "bytes */" + std::to_string(size));
    refused.headers().add("Accept-Ranges", "bytes");
    return refused;
  }
  if (ranges.result == RangeResult::kPartial && ranges.ranges.size() > 1) {
    const std::string boundary = random_boundary();
    response.set_status(206);
    headers.add("Content-Type", "multipart/byteranges; boundary=" + boundary);
    response.set_file(multipart(std::move(representation.file), ranges.ranges, representation.media_type, boundary));
    return response;
  }
  if (!representation.media_type.empty()) headers.add("Content-Type", representation.media_type);
  std::uint64_t offset = 0;
  std::uint64_t count = size;
  if (ranges.result == RangeResult::kPartial) {
    offset = ranges.ranges.front().first;
    count = ranges.ranges.front().size();
    response.set_status(206);
    headers.add("Content-Range", format_content_range(ranges.ranges.front(), size));
  }
  response.set_file(std::make_unique<FileBody>(std::move(representation.file), offset, count));
  return response;
}

ServerResponse file_response(ServerRequest& request, OpenFile file, std::string_view media_type) {
  FileRepresentation representation(std::move(file));
  representation.media_type = media_type;
  return respond_with_file(request, std::move(representation));
}

}  // namespace corolla::inline v0::http

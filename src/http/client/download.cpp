// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/download.hpp>

#include <corolla/http/date.hpp>
#include <corolla/http/error.hpp>
#include <corolla/http/etag.hpp>
#include <corolla/http/session.hpp>
#include <corolla/net/file.hpp>
#include <corolla/runtime/executor.hpp>
#include <corolla/runtime/outcome.hpp>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <utility>

namespace corolla::inline v0::http {

namespace {

constexpr std::size_t kLongestNote = 16 * 1024;
constexpr std::size_t kWrittenAtATime = std::size_t{256} * 1024;

std::string part_of(const std::string& path) { return path + ".part"; }
std::string note_of(const std::string& path) { return path + ".part.from"; }

void rename_file(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) throw OSError(errno, "rename " + from + " to " + to);
}
void remove_file(const std::string& path) {
  if (std::remove(path.c_str()) != 0 && errno != ENOENT) throw OSError(errno, "remove " + path);
}

// What an earlier download left: nothing unless size is above 0.
struct Part {
  Part() {}
  std::uint64_t size = 0;
  std::string validator;
};

Coro<Part> find_part(std::string path, std::string url) {
  Part found;
  try {
    auto opening = open_file(note_of(path));
    File note = co_await std::move(opening);
    auto reading = note.read(static_cast<std::ptrdiff_t>(kLongestNote));
    const std::string text = co_await std::move(reading);
    const std::size_t line = text.find('\n');
    if (line == std::string::npos || text.substr(0, line) != url || !text.ends_with('\n')) co_return Part();
    found.validator = text.substr(line + 1, text.size() - line - 2);
    auto part_opening = open_file(part_of(path));
    File part = co_await std::move(part_opening);
    auto asking = part.stat();
    const FileStatus status = co_await std::move(asking);
    found.size = found.validator.empty() ? 0 : status.size;
  } catch (const OSError&) {  // there is none, or none that can be read
    co_return Part();
  }
  co_return found;
}

// What tells this version from every other (RFC 9110, sections 8.8.2.2 and 13.1.5); empty: nothing does.
std::string validator_of(const Headers& headers) {
  const std::string_view coding = headers.get("Content-Encoding", "identity");
  if (!iequals(coding, "identity")) return {};  // bytes of the file are not bytes of the body
  if (const auto tag = ETag::parse(headers.get("ETag", ""))) return tag->weak() ? std::string() : tag->to_string();
  const std::string_view field = headers.get("Last-Modified", "");
  const auto modified = parse_http_date(field);
  const auto date = parse_http_date(headers.get("Date", ""));
  const bool strong = modified && date && *date - *modified >= std::chrono::seconds(1);
  return strong ? std::string(field) : std::string();
}

// "bytes 5-9/10", "bytes */10"
struct ContentRange {
  std::optional<std::uint64_t> first;
  std::optional<std::uint64_t> total;
};

std::optional<ContentRange> parse_content_range(std::string_view text) {
  const auto number = [&text]() -> std::optional<std::uint64_t> {
    std::uint64_t value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
    return value;
  };
  const auto skip = [&text](std::string_view what) {
    const bool there = text.starts_with(what);
    if (there) text.remove_prefix(what.size());
    return there;
  };
  if (text.size() < 6 || !iequals(text.substr(0, 6), "bytes ")) return std::nullopt;
  text.remove_prefix(6);
  ContentRange range;
  if (!skip("*")) {
    range.first = number();
    if (!range.first || !skip("-") || !number()) return std::nullopt;
  }
  if (!skip("/")) return std::nullopt;
  if (!skip("*")) {
    range.total = number();
    if (!range.total) return std::nullopt;
  }
  if (!text.empty()) return std::nullopt;
  return range;
}

// Appends the body to the part, also what came before it broke off.
Coro<std::uint64_t> write_body(Response& response, std::string path, std::uint64_t from,
                               std::optional<std::uint64_t> total, const DownloadOptions& options) {
  auto opening = open_file(part_of(path), from > 0 ? "r+" : "w");
  File file = co_await std::move(opening);
  file.seek(from);
  std::uint64_t done = from;
  std::string buffer;
  for (;;) {
    auto arriving = response.chunk();
    const auto piece = co_await outcome(std::move(arriving));
    const bool more = piece && !piece->empty();
    if (more) buffer.append(*piece);
    if (!buffer.empty() && (!more || buffer.size() >= kWrittenAtATime)) {
      const std::size_t size = buffer.size();
      auto writing = file.write(std::exchange(buffer, {}));
      co_await std::move(writing);
      done += size;
      if (options.progress) options.progress(done, total);
    }
    if (!piece) std::rethrow_exception(piece.error());
    if (done + buffer.size() > options.max_bytes)
      throw ContentTooLarge("the file is larger than " + std::to_string(options.max_bytes) + " bytes");
    if (!more) break;
  }
  if (total && done != *total)
    throw ClientPayloadError("the file has " + std::to_string(done) + " of " + std::to_string(*total) + " bytes");
  auto closing = file.close();
  co_await std::move(closing);
  co_return done;
}

Coro<void> write_note(std::string path, std::string url, std::string validator) {
  if (validator.empty()) {
    co_await to_thread(remove_file, note_of(path));
    co_return;
  }
  auto opening = open_file(note_of(path), "w");
  File note = co_await std::move(opening);
  auto writing = note.write(url + "\n" + validator + "\n");
  co_await std::move(writing);
}

Coro<Response> ask(Session& session, const std::string& url, const Part& part, const DownloadOptions& options) {
  Request request = session.get(url)
                        .timeout(options.timeout)
                        .max_body_bytes(options.max_bytes)
                        .raise_for_status(false)
                        .check_response(nullptr)
                        .header("Accept-Encoding", "identity");
  for (const auto& [name, value] : options.headers) request = std::move(request).header(name, value);
  if (part.size > 0) {
    request = std::move(request)
                  .header("Range", "bytes=" + std::to_string(part.size) + "-")
                  .header("If-Range", part.validator);
  }
  return std::move(request).send();
}

}  // namespace

Coro<DownloadResult> download(Session& session, std::string url, std::string path, DownloadOptions options) {
  Part part;
  if (options.resume) {
    auto finding = find_part(path, url);
    part = co_await std::move(finding);
  }
  DownloadResult result;
  for (;;) {
    auto asking = ask(session, url, part, options);
    Response response = co_await std::move(asking);
    const int status = response.status();
    const auto range = parse_content_range(response.headers().get("Content-Range", ""));
    if (part.size > 0 && status == 416 && !(range && range->total == part.size)) {
      part = Part();  // what is there is none of this
      continue;
    }
    result.url = response.url();
    if (part.size > 0 && status == 416) {  // all of it was there
      result.bytes = result.resumed_from = part.size;
    } else if (part.size > 0 && status == 206) {
      if (!range || range->first != part.size)
        throw ClientPayloadError("the server sends another part than was asked for: \"" +
                                 std::string(response.headers().get("Content-Range", "")) + "\"");
      result.resumed_from = part.size;
      auto writing = write_body(response, path, part.size, range->total, options);
      result.bytes = co_await std::move(writing);
    } else if (status == 200) {
      co_await to_thread(remove_file, part_of(path));  // before the note says that it is of another version
      auto noting = write_note(path, url, validator_of(response.headers()));
      co_await std::move(noting);
      std::optional<std::uint64_t> total;
      if (!response.headers().contains("Content-Encoding")) total = response.content_length();
      auto writing = write_body(response, path, 0, total, options);
      result.bytes = co_await std::move(writing);
    } else {
      throw ClientResponseError(status,
                                std::to_string(status) + " " + response.reason() + ": " + response.url().href());
    }
    break;
  }
  co_await to_thread(rename_file, part_of(path), path);
  co_await to_thread(remove_file, note_of(path));
  co_return result;
}

}  // namespace corolla::inline v0::http

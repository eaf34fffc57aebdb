// SPDX-License-Identifier: Apache-2.0
/// \file
/// What is done with a body: its links and its fields.
///
/// Where it runs. A page without fields is read at some 1.3 GB/s, and what a thread costs, being woken for one page and
/// waking the loop again, is 5 to 20 us: below `inline_bytes` the loop does it itself, and is then away for about as long
/// as a system call with that many bytes takes. Larger pages, and all with fields (some 20 to 100 MB/s), go to a thread.
#pragma once

#include <corolla/crawl/fields.hpp>
#include <corolla/crawl/scope.hpp>
#include <corolla/http/url.hpp>

#include "crawl/engine/link_collector.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>

namespace corolla::inline v0::crawl {

/// How a body is read.
enum class BodyKind : std::uint8_t {
  kHtml,
  kCss,
  kOther,  ///< not at all
};

/// By its Content-Type; where there is none, by its first bytes.
[[nodiscard]] BodyKind kind_of_body(std::string_view content_type, std::string_view body);

/// What all pages of a crawl have in common. Shared by the loop and the threads that parse.
struct ParserSettings {
  ParserSettings(Scope crawl_scope, FieldSet field_set) : scope(std::move(crawl_scope)), fields(std::move(field_set)) {}
  std::shared_mutex scope_mutex;  ///< a seed's redirection widens the scope while others read it
  Scope scope;
  FieldSet fields;
  bool requisites = true;
  bool obey_nofollow = true;
  bool wants_json = false;
  std::string robot;  ///< whose meta element counts beside "robots"
  std::uint64_t seed = 0;
};

/// A body on its way through a parser, and what is known of it.
struct PageJob {
  PageJob(std::shared_ptr<ParserSettings> parser_settings, http::Url page_url)
      : settings(std::move(parser_settings)), url(std::move(page_url)) {}
  std::shared_ptr<ParserSettings> settings;
  http::Url url;
  BodyKind kind = BodyKind::kHtml;
  std::string charset;  ///< of the Content-Type header
  std::string body;
  std::uint32_t link_depth = 0;
};

/// What came of it. The body comes back, so that its memory serves the next page.
struct ParsedPage {
  ParsedPage() {}
  std::string body;
  StringPile urls;  ///< canonical, inside the scope, each once
  std::size_t found = 0;
  std::optional<std::vector<FieldValue>> item;
  std::string json_line;
  std::string warning;  ///< a limit was hit; the rest is there
};

/// Thread safe, synchronous.
[[nodiscard]] ParsedPage parse_page(PageJob job);

}  // namespace corolla::inline v0::crawl

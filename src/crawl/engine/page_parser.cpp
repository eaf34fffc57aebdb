// SPDX-License-Identifier: Apache-2.0
#include "crawl/engine/page_parser.hpp"

#include <corolla/crawl/charset.hpp>
#include <corolla/crawl/json.hpp>
#include <corolla/http/media_type.hpp>

#include <algorithm>
#include <mutex>

namespace corolla::inline v0::crawl {
namespace {

[[nodiscard]] bool is_utf8_label(std::string_view label) { return charset_of_label(label) == "UTF-8"; }

// Its ASCII characters are not single bytes, so tags are not found in it.
[[nodiscard]] bool is_wide(std::string_view bytes, std::string_view label) {
  if (bytes.size() >= 2 && (bytes.substr(0, 2) == "\xFE\xFF" || bytes.substr(0, 2) == "\xFF\xFE")) return true;
  const std::optional<std::string_view> name = charset_of_label(label);
  return name && name->starts_with("UTF-16");
}

PageDirectives collect(LinkCollector& links, BodyKind kind, std::string_view text, std::string_view robot) {
  const LinkCallback add = [&links](const Link& link) { links.add(link); };
  if (kind == BodyKind::kHtml) return for_each_link(text, add, LinkOptions(), robot);
  for_each_css_link(text, add);
  return PageDirectives();
}

void extract(const PageJob& job, std::string_view html, ParsedPage& page) {
  Extraction extraction = job.settings->fields.extract_utf8(html);
  if (extraction.truncated) page.warning = "nested too deep: the fields are from the part that was read";
  for (const FieldValue& field : extraction.fields)
    if (!field.error.empty()) page.warning = "field " + std::string(field.name) + ": " + field.error;
  if (job.settings->wants_json) {
    JsonObject line;
    line.add("url", job.url.href());
    for (const FieldValue& field : extraction.fields) {
      if (field.is_list) line.add(field.name, field.values);
      else if (field.values.empty()) line.add_null(field.name);
      else line.add(field.name, field.values.front());
    }
    page.json_line = line.finish() + "\n";
  }
  page.item = std::move(extraction.fields);
}

// One for each thread: its tables serve page after page.
LinkCollector& collector_of_this_thread(const ParserSettings& settings) {
  thread_local LinkCollector collector;
  collector.start(settings.requisites, settings.seed);
  return collector;
}

}  // namespace

BodyKind kind_of_body(std::string_view content_type, std::string_view body) {
  if (const auto type = http::MediaType::parse(content_type)) {
    if (type->is_html()) return BodyKind::kHtml;
    return type->essence() == "text/css" ? BodyKind::kCss : BodyKind::kOther;
  }
  const std::size_t first = body.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  return first != std::string_view::npos && body[first] == '<' ? BodyKind::kHtml : BodyKind::kOther;
}

ParsedPage parse_page(PageJob job) {
  const ParserSettings& settings = *job.settings;
  ParsedPage page;
  LinkCollector& links = collector_of_this_thread(settings);
  const bool with_fields = job.kind == BodyKind::kHtml && !settings.fields.empty();
  std::optional<Utf8Text> text;  // decoding costs more than finding the links, so only where it matters
  if (with_fields || is_wide(job.body, job.charset)) text.emplace(to_utf8(job.body, job.charset));
  PageDirectives directives = collect(links, job.kind, text ? text->view() : job.body, settings.robot);
  if (!text && links.has_non_ascii() && !is_utf8_label(job.charset)) {
    text.emplace(to_utf8(job.body, job.charset));
    if (!text->is_borrowed()) {
      links.start(settings.requisites, settings.seed);
      directives = collect(links, job.kind, text->view(), settings.robot);
    }
  }
  page.found = links.found();
  if (!(directives.nofollow && settings.obey_nofollow)) {
    const std::shared_lock lock(job.settings->scope_mutex);
    links.resolve(job.url, directives.base ? &*directives.base : nullptr, job.link_depth, settings.scope, page.urls);
  }
  if (with_fields) extract(job, text->view(), page);
  text.reset();
  page.body = std::move(job.body);
  return page;
}

}  // namespace corolla::inline v0::crawl

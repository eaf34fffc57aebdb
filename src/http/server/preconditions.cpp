// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/preconditions.hpp>

#include <corolla/http/date.hpp>

#include "http/joined_field.hpp"

namespace corolla::inline v0::http {

namespace {

using std::chrono::sys_seconds;

std::optional<sys_seconds> date_field(const Headers& headers, std::string_view name) {
  const auto value = headers.get(name);
  return value ? parse_http_date(*value) : std::nullopt;
}

// A representation without a tag is listed by "*" alone.
bool is_listed(const Headers& asked, std::string_view name, const Validators& validators,
               bool (*lists)(std::string_view, const ETag&)) {
  if (!validators.exists) return false;
  const std::string field = joined_field(asked, name);
  return validators.etag ? lists(field, *validators.etag) : field == "*";
}

// RFC 9110, section 13.2.2: 412, 304, or 0 to go on.
int failed_condition(const Headers& asked, const Validators& validators, bool reads) {
  const auto& modified = validators.last_modified;
  if (asked.contains("If-Match")) {
    if (!is_listed(asked, "If-Match", validators, if_match_lists)) return 412;
  } else if (const auto date = date_field(asked, "If-Unmodified-Since")) {
    if (modified && *modified > *date) return 412;
  }
  if (asked.contains("If-None-Match")) {
    if (is_listed(asked, "If-None-Match", validators, if_none_match_lists)) return reads ? 304 : 412;
  } else if (const auto date = date_field(asked, "If-Modified-Since")) {
    if (reads && modified && *modified <= *date) return 304;
  }
  return 0;
}

// Section 13.1.5: ranges are honoured only if the client's copy is this very one, byte for byte.
bool if_range_holds(const Headers& asked, const Validators& validators) {
  const auto value = asked.get("If-Range");
  if (!value) return true;
  if (const auto tag = ETag::parse(*value)) return validators.etag && tag->strong_equals(*validators.etag);
  return validators.strong_time && validators.last_modified && parse_http_date(*value) == validators.last_modified;
}

}  // namespace

std::optional<ServerResponse> check_preconditions(ServerRequest& request, const Validators& validators) {
  const bool reads = request.method() == "GET" || request.method() == "HEAD";
  const int failed = failed_condition(request.headers(), validators, reads);
  if (failed == 0) return std::nullopt;
  if (failed == 412) return ServerResponse::error(412);
  ServerResponse response = request.respond(failed);
  add_validators(response.headers(), validators);
  return response;
}

Ranges requested_ranges(const ServerRequest& request, std::uint64_t size, const Validators& validators) {
  const Headers& asked = request.headers();
  if (request.method() != "GET" || asked.count("Range") != 1 || !if_range_holds(asked, validators)) return {};
  return parse_range(asked.get("Range", ""), size);
}

void add_validators(Headers& headers, const Validators& validators) {
  if (validators.etag) headers.add("ETag", validators.etag->to_string());
  if (validators.last_modified) headers.add("Last-Modified", format_http_date(*validators.last_modified));
}

}  // namespace corolla::inline v0::http

// SPDX-License-Identifier: Apache-2.0
#include "targets.hpp"

#include <corolla/http/content_coding.hpp>
#include <corolla/http/content_disposition.hpp>
#include <corolla/http/date.hpp>
#include <corolla/http/etag.hpp>
#include <corolla/http/link.hpp>
#include <corolla/http/media_type.hpp>
#include <corolla/http/percent.hpp>
#include <corolla/http/range.hpp>
#include <corolla/http/url.hpp>

#include <optional>
#include <string>
#include <vector>

#include "fuzz/require.hpp"
#include "http/client/alt_svc_field.hpp"
#include "http/events/event_parser.hpp"
#include "http/multipart/multipart_parser.hpp"
#include "http/websocket/extensions.hpp"
#include "http/websocket/message_reader.hpp"
#include "tests/http/parser_transcript.hpp"

namespace corolla::inline v0::http {

namespace {

using corolla_fuzz::require;

/// The byte at the front, which steers the target; the rest is its input.
unsigned take_byte(std::string_view& bytes) {
  if (bytes.empty()) return 0;
  const auto byte = static_cast<unsigned char>(bytes.front());
  bytes.remove_prefix(1);
  return byte;
}

/// However the bytes are cut, they are refused or read alike. (What is wrong with them first depends on the cut, because
/// line ends are looked for ahead of the rest; so messages of errors are not compared.)
template <typename Parser>
void compare_cuts(std::string_view bytes, unsigned cut, std::string_view method) {
  const Transcript whole = run_parser<Parser>(bytes, {bytes.size() + 1}, method, 4);
  const Transcript pieces = run_parser<Parser>(bytes, {cut % 16 + 1}, method, 4);
  require((whole.error_status != 0) == (pieces.error_status != 0), "both refuse or both accept");
  if (whole.error_status == 0) require(whole == pieces, "both read the same");
}

// What a WebSocket's peer sends, read in pieces of `cut` bytes: the events in order.
std::vector<std::string> read_websocket(std::string_view bytes, std::size_t cut, WsRole role, bool deflate) {
  constexpr std::size_t kMost = std::size_t{1} << 16U;
  MessageReader reader(role, kMost);
  if (deflate) reader.use_deflate(true);
  std::vector<std::string> events;
  std::string buffered;
  try {
    for (;;) {
      std::string_view rest = buffered;
      const WsEvent event = reader.next(rest);
      buffered.erase(0, buffered.size() - rest.size());
      require(reader.message().size() <= kMost && reader.control().size() <= kMostWsControlPayload, "limits are kept");
      if (event != WsEvent::kNeedMore) {
        const bool message = event == WsEvent::kText || event == WsEvent::kBinary;
        if (event == WsEvent::kText) require(is_utf8(reader.message()), "a text is UTF-8");
        events.push_back(static_cast<char>('0' + static_cast<int>(event)) +
                         (message ? reader.message() : std::string(reader.control())));
        continue;
      }
      require(buffered.size() < kMostWsHeader, "nothing but part of a header waits");
      if (bytes.empty()) return events;
      buffered += bytes.substr(0, cut);
      bytes.remove_prefix(std::min(cut, bytes.size()));
    }
  } catch (const WebSocketError& error) {
    require(is_close_code(error.code()), "an error can be told");
    events.emplace_back("refused");  // for the first of several reasons, which depends on the cut
    return events;
  }
}

}  // namespace

void fuzz_url(std::string_view bytes) {
  const auto line = bytes.find('\n');
  const std::string_view text = bytes.substr(0, line);
  std::optional<Url> base;
  if (line != std::string_view::npos) base = Url::try_parse(bytes.substr(line + 1));
  const auto url = base ? Url::try_parse(text, *base) : Url::try_parse(text);
  const std::string full = '\t' + std::string(text);  // a tab is dropped, by the full parser only
  const auto slow = base ? Url::try_parse(full, *base) : Url::try_parse(full);
  require(url == slow, "the fast path gives what the full parser gives");
  if (!url) return;
  const auto again = Url::try_parse(url->href());
  require(again && *again == *url, "a serialised URL parses to itself");
  require(again->path() == url->path() && again->host() == url->host() && again->query() == url->query() &&
              again->fragment() == url->fragment() && again->username() == url->username() &&
              again->password() == url->password() && again->port() == url->port() && again->origin() == url->origin(),
          "its components are the same");
  for (const char c : url->href()) require(c > 0x1F && c < 0x7F, "it is printable ASCII");
  require(!url->without_fragment().has_fragment() && !url->without_credentials().has_credentials(),
          "parts are removed");
  require(Url::try_parse(url->without_credentials().href()) == url->without_credentials(), "and a URL is left");
}

void fuzz_response(std::string_view bytes) {
  const unsigned steer = take_byte(bytes);
  compare_cuts<ResponseParser>(bytes, steer, steer >= 240 ? "HEAD" : steer >= 224 ? "CONNECT" : "GET");
}

void fuzz_request(std::string_view bytes) {
  const unsigned steer = take_byte(bytes);
  compare_cuts<RequestParser>(bytes, steer, "");
}

void fuzz_chunked(std::string_view bytes) {
  const unsigned steer = take_byte(bytes);
  compare_cuts<ResponseParser>("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(bytes), steer,
                               "GET");
}

void fuzz_coding(std::string_view bytes) {
  const unsigned steer = take_byte(bytes);
  constexpr std::array<std::string_view, 8> kCodings{"gzip", "deflate", "gzip, deflate", "deflate, gzip, gzip",
                                                     "br",   "zstd",    "zstd, br",      "br, zstd, gzip"};
  DecodeLimits limits;
  limits.decoded_bytes = 1U << 20U;
  limits.ratio_from = 1U << 16U;
  const auto decode = [&](std::size_t cut) -> std::optional<std::string> {
    std::string out;
    try {
      Decoder decoder(kCodings[steer % kCodings.size()], limits);
      for (std::size_t at = 0; at < bytes.size(); at += cut) decoder.decode(bytes.substr(at, cut), out);
      decoder.finish();
    } catch (const ContentTooLarge&) {
      require(out.size() <= limits.decoded_bytes + 65536, "the limit is one");
      return "too large";  // where it is hit depends on the cut
    } catch (const ClientPayloadError&) {
      return std::nullopt;
    }
    return out;
  };
  const auto whole = decode(bytes.size() + 1);
  const auto pieces = decode(steer / 8 % 8 + 1);
  if (whole != "too large" && pieces != "too large") require(whole == pieces, "both decode the same");
}

// However a body is cut, its parts are the same, or it is refused; limits are kept.
namespace {

// Reads a body and the bodies within it: what each part says, and its content. Nothing when it is refused.
std::optional<std::string> read_multipart(std::string_view bytes, std::string_view boundary, std::size_t cut,
                                          int depth) {
  MultipartLimits limits;
  limits.parts = 20;
  limits.header_bytes = 200;
  const std::string delimiter = "\r\n--" + std::string(boundary);
  std::string parts;
  std::string content;  // of this part
  std::string nested;   // its boundary, if it has parts of its own
  try {
    for (MultipartParser parser(boundary, limits);;) {
      const MultipartEvent event = parser.next();
      if (event == MultipartEvent::kEnd) return parts;
      if (event == MultipartEvent::kBody) {
        require(!parser.body().empty(), "pieces have bytes");
        content += parser.body();
        require(content.find(delimiter) == std::string::npos, "no delimiter is content");
      }
      if (event == MultipartEvent::kPart) {
        content.clear();
        parts += "\n[";
        const auto disposition = ContentDisposition::parse(parser.headers().get("Content-Disposition", ""));
        for (const auto& [name, value] : disposition.parameters.all) parts.append(name).append("=").append(value);
        parser.headers().write_to(parts);
        const auto type = MediaType::parse(parser.headers().get("Content-Type", ""));
        nested = type && type->type() == "multipart" ? type->parameter("boundary").value_or("") : "";
      }
      if (event == MultipartEvent::kPartEnd) {
        parts += content;
        if (!nested.empty() && depth < 4) {
          const auto inner = read_multipart(content, nested, cut, depth + 1);
          parts.append("{").append(inner.value_or("refused")).append("}");
        }
      }
      if (event != MultipartEvent::kNeedMore) continue;
      if (bytes.empty()) parser.finish();
      require(!bytes.empty(), "an end that is none is refused");
      parser.feed(bytes.substr(0, cut));
      bytes.remove_prefix(std::min(cut, bytes.size()));
    }
  } catch (const HttpProtocolError&) {
    return std::nullopt;
  }
}

}  // namespace

void fuzz_multipart(std::string_view bytes) {
  const unsigned steer = take_byte(bytes);
  require(read_multipart(bytes, "b", bytes.size() + 1, 1) == read_multipart(bytes, "b", steer % 16 + 1, 1),
          "however it is cut, it is read alike");
}

void fuzz_events(std::string_view bytes) {
  const unsigned steer = take_byte(bytes);
  const auto read = [&](std::size_t cut) -> std::optional<std::string> {
    EventParser parser("id", 100, 300);
    std::string events;
    try {
      for (std::size_t at = 0; at < bytes.size(); at += cut) {
        std::string_view piece = bytes.substr(at, cut);
        while (const auto event = parser.next(piece)) {
          require(!event->type.empty() && event->id.find('\0') == std::string::npos, "a type, no NUL");
          events.append(event->type).append("|").append(event->data).append("|").append(event->id).append("|");
        }
        require(piece.empty(), "all of it was read");
      }
    } catch (const ContentTooLarge&) {
      return std::nullopt;
    }
    return events;
  };
  require(read(bytes.size() + 1) == read(steer % 16 + 1), "however it is cut, it is read alike");
}

void fuzz_values(std::string_view bytes) {
  const std::chrono::sys_seconds now{std::chrono::seconds(1'800'000'000)};
  if (const auto date = parse_http_date(bytes, now))
    require(parse_http_date(format_http_date(*date), now) == date, "a date is a date");
  const Ranges ranges = parse_range(bytes, 1000);
  for (const auto& range : ranges.ranges) require(range.first <= range.last && range.last < 1000, "a range is inside");
  if (const auto tag = ETag::parse(bytes)) require(if_none_match_lists(tag->to_string(), *tag), "a tag equals itself");
  static_cast<void>(if_match_lists(bytes, ETag("x")));
  if (const auto type = MediaType::parse(bytes)) {
    const auto again = MediaType::parse(type->essence());
    require(again && again->essence() == type->essence(), "a media type is a media type");
  }
  if (const auto name = ContentDisposition::parse(bytes).filename()) {
    require(!name->empty() && name->size() <= 255 && name->find_first_of("/\\") == std::string::npos,
            "a name is no path");
    require(name->front() != '.' && name->find('\0') == std::string::npos, "a name names a file");
  }
  const Url base = Url::parse("https://example.org/a/b?c");
  const std::vector<Link> links = Link::parse(bytes, base);
  require(links.size() <= 256, "links have a limit");
  for (const Link& link : links) {
    require(Url::parse(link.url.href()) == link.url, "a link leads somewhere");
    for (const auto& [name, value] : link.parameters.all)
      require(link.parameters.get(name) == value, "names are unique");
  }
  if (const auto values = parse_alt_svc(bytes, base, 8)) {
    require(values->size() <= 8, "alternative services have a limit");
    for (const auto& [service, max_age, persist] : *values) {
      require(service.port != 0 && !service.host.empty() && max_age.count() >= 0, "a service is somewhere");
      const std::string field = percent_encode(service.protocol) + "=\"" + service.host_and_port() + "\"";
      const auto again = parse_alt_svc(field, base, 8);
      require(again && again->size() == 1 && again->front().service == service, "a service is a service");
    }
  }
  require(percent_decode(percent_encode(bytes)) == bytes, "percent-encoding can be undone");
  for (const char c : html_escape(bytes)) require(c != '<' && c != '>' && c != '"' && c != '\'', "HTML is escaped");
}

void fuzz_websocket(std::string_view bytes) {
  const unsigned steer = take_byte(bytes);
  if (steer < 8) {
    PerMessageDeflate options;
    options.enabled = true;
    options.server_no_context_takeover = steer % 2 == 1;
    options.client_max_window_bits = steer % 4 >= 2 ? 10 : 15;
    std::string answer;
    try {
      if (choose_deflate(bytes, options, answer)) {
        options = PerMessageDeflate();
        options.enabled = true;
        require(read_deflate_answer(answer, options).has_value(), "a client takes the answer");
      }
      static_cast<void>(read_deflate_answer(bytes, options));
    } catch (const WebSocketError&) {  // malformed
    }
    return;
  }
  const WsRole role = steer % 2 == 0 ? WsRole::kClient : WsRole::kServer;
  const bool deflate = steer / 2 % 2 == 1;
  const auto whole = read_websocket(bytes, bytes.size() + 1, role, deflate);
  const auto pieces = read_websocket(bytes, steer / 4 % 8 + 1, role, deflate);
  require(whole == pieces, "however they are cut, the bytes are read alike");

  // What is sent arrives, in any window.
  const int bits = 9 + static_cast<int>(steer % 7);
  MessageDeflater deflater(bits, steer % 3 != 0);
  MessageInflater inflater(steer % 3 != 0);
  for (int i = 0; i < 2; ++i) {
    std::string compressed;
    std::string out;
    deflater.compress(bytes, compressed);
    inflater.decompress(compressed, out, bytes.size());
    inflater.finish(out, bytes.size());
    require(out == bytes, "a message is what it was");
  }
}

}  // namespace corolla::inline v0::http

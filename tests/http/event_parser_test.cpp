// SPDX-License-Identifier: Apache-2.0
// text/event-stream, in any pieces: the rules of WHATWG HTML, section 9.2.6, and the limits.
#include "http/events/event_parser.hpp"

#include <corolla/http/error.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace corolla::inline v0::http {
namespace {

/// "type:data:id|" for each event, "retry=1|" for what was said last of all.
std::string events_of(std::string_view stream, std::size_t cut, std::string id = {}) {
  EventParser parser(std::move(id), 100, 1000);
  std::string result;
  while (!stream.empty()) {
    const std::string piece(stream.substr(0, cut));
    stream.remove_prefix(piece.size());
    for (std::string_view rest = piece;;) {
      const auto event = parser.next(rest);
      if (!event) break;
      result.append(event->type).append(":").append(event->data).append(":").append(event->id).append("|");
    }
  }
  if (const auto retry = parser.take_retry()) result += "retry=" + std::to_string(retry->count()) + "|";
  return result;
}

TEST(EventParser, Streams) {
  using namespace std::string_literals;
  struct Case {
    std::string stream;
    std::string events;
  };
  const Case cases[] = {
      {"data: hello\n\n", "message:hello:|"},
      {"data: a\rdata: b\r\rdata: c\r\ndata:d\r\n\r\n", "message:a\nb:|message:c\nd:|"},
      {"\xEF\xBB\xBF"
       "data: bom\n\n\xEF\xBB\xBF"
       "data: no field\n\n",
       "message:bom:|"},
      {"event: tick\nid: 7\ndata: x\n\ndata: y\n\n", "tick:x:7|message:y:7|"},
      {"id: 7\n\ndata: x\n\nid\ndata: y\n\n", "message:x:7|message:y:|"},
      {"id: a\0b\ndata: x\n\n"s, "message:x:|"},
      {"event: none\n\ndata: x\n\n", "message:x:|"},
      {": comment\n:\ndata:  two blanks\nunknown: x\nDATA: y\n\n", "message: two blanks:|"},
      {"data\n\ndata\ndata\n\ndata:\n\n", "message::|message:\n:|message::|"},
      {"retry: 1500\nretry: x\nretry: 1.5\nretry: -1\nretry:\n", "retry=1500|"},
      {"retry: 99999999999999999999999\n", "retry=86400000|"},
      {"data: cut short\n", ""},
      {"data: cut short", ""},
      {"data: \xFF\xC3\n\n", "message:\xEF\xBF\xBD\xEF\xBF\xBD:|"},
  };
  for (const Case& c : cases)
    for (const std::size_t cut : {1, 2, 3, 1000})
      EXPECT_EQ(events_of(c.stream, cut), c.events) << c.stream << " / " << cut;
  EXPECT_EQ(events_of("data: x\n\n", 1, "before"), "message:x:before|");
}

TEST(EventParser, Limits) {
  EXPECT_EQ(events_of("data: " + std::string(94, 'x') + "\n\n", 7), "message:" + std::string(94, 'x') + ":|");
  EXPECT_THROW(events_of("data: " + std::string(95, 'x') + "\n\n", 7), ContentTooLarge);
  EXPECT_THROW(events_of(std::string(101, ':'), 7), ContentTooLarge) << "a comment is a line, too";
  std::string many;
  for (int i = 0; i < 20; ++i) many += "data: " + std::string(60, 'x') + "\n";
  EXPECT_THROW(events_of(many, 7), ContentTooLarge);
}

}  // namespace
}  // namespace corolla::inline v0::http

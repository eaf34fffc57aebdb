// SPDX-License-Identifier: Apache-2.0
/// \file
/// Runs a parser over a byte string cut in a given way and writes down what it said, so that cuts can be compared.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "http/parser.hpp"

namespace corolla::inline v0::http {

struct Transcript {
  std::string text;  // head, body length and trailers of each message, or the error
  std::vector<std::string> bodies;
  std::string leftover;  // what follows the last message that was read
  int error_status = 0;

  friend bool operator==(const Transcript&, const Transcript&) = default;
};

inline void describe(Transcript& out, const MessageHead& head) {
  out.text += head.version == HttpVersion::kHttp10 ? " 1.0" : " 1.1";
  if (head.content_length) out.text += " length=" + std::to_string(*head.content_length);
  if (head.chunked) out.text += " chunked";
  if (head.keep_alive) out.text += " keep-alive";
  if (head.upgrade) out.text += " upgrade";
  for (const auto& [name, value] : head.headers)
    out.text += "\n  " + std::string(name) + "=[" + std::string(value) + "]";
  out.text += '\n';
}

inline void describe_head(Transcript& out, ResponseParser& parser) {
  out.text += std::to_string(parser.head().status) + " [" + parser.head().reason + "]";
  describe(out, parser.head());
}

inline void describe_head(Transcript& out, RequestParser& parser) {
  out.text +=
      parser.head().method + " [" + parser.head().target + "]" + (parser.head().expect_continue ? " expect" : "");
  describe(out, parser.head());
}

inline void start(ResponseParser& parser, std::string_view method) { parser.start(method); }
inline void start(RequestParser& parser, std::string_view) { parser.start(); }

/// `cuts` are the sizes of the pieces, the last of them for ever; `messages` is how many are read at most.
template <typename Parser>
Transcript run_parser(std::string_view bytes, const std::vector<std::size_t>& cuts, std::string_view method = "GET",
                      std::size_t messages = 1, const ParserLimits& limits = ParserLimits()) {
  Transcript out;
  Parser parser(limits);
  try {
    std::size_t cut = 0;
    std::string piece;  // each piece lies in memory of its own, so that a view kept too long shows under ASan
    std::string_view input;
    for (std::size_t message = 0; message < messages; ++message) {
      start(parser, method);
      if (input.empty() && bytes.empty()) break;
      std::string body;
      for (bool over = false; !over;) {
        switch (parser.next(input)) {
          case ParseEvent::kNeedMore:
            if (bytes.empty()) {
              over = parser.finish() == ParseEvent::kEnd;
              break;
            }
            {
              const std::size_t size = std::min(bytes.size(), cuts[std::min(cut++, cuts.size() - 1)]);
              piece = std::string(bytes.substr(0, size));
              bytes.remove_prefix(size);
              input = piece;
            }
            break;
          case ParseEvent::kHead: describe_head(out, parser); break;
          case ParseEvent::kBody: body += parser.body(); break;
          case ParseEvent::kEnd: over = true; break;
        }
      }
      for (const auto& [name, value] : parser.trailers())
        out.text += "  trailer " + std::string(name) + "=[" + std::string(value) + "]\n";
      out.text += "end\n";
      out.bodies.push_back(std::move(body));
    }
    out.leftover = std::string(input) + std::string(bytes);
  } catch (const HttpProtocolError& error) {
    out.text += std::string("error: ") + error.what() + '\n';
    out.error_status = error.suggested_status();
  } catch (const ClientError& error) {
    out.text += std::string("cut: ") + error.what() + '\n';
  }
  return out;
}

}  // namespace corolla::inline v0::http

// SPDX-License-Identifier: Apache-2.0
/// \file
/// A parser fed from a stream.
#pragma once

#include <corolla/net/byte_stream.hpp>

#include "http/parser.hpp"

#include <cstddef>
#include <string_view>

namespace corolla::inline v0::http {

/// Goes on to the next event in what the stream has buffered, and consumes what led there. A piece of a body stays where it is
/// until the stream receives again. Throws what MessageParser::next() throws; nothing is consumed then.
inline ParseEvent next_event(ByteStream& stream, MessageParser& parser) {
  std::string_view input = stream.buffered();
  const std::size_t before = input.size();
  const ParseEvent event = parser.next(input);
  stream.consume(before - input.size());
  return event;
}

}  // namespace corolla::inline v0::http

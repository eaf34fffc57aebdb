// SPDX-License-Identifier: Apache-2.0
/// \file
/// A client's connection: a stream, a parser of what comes from it, and its place in the pool.
#pragma once

#include <corolla/http/client_options.hpp>
#include <corolla/net/byte_stream.hpp>

#include "http/parser.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace corolla::inline v0::http {

class HostPool;

/// Held by a Response while it is in use, by its HostPool while it is idle.
struct Connection {
  Connection(ByteStream byte_stream, const ParserLimits& limits) : stream(std::move(byte_stream)), parser(limits) {}

  ByteStream stream;
  ResponseParser parser;
  std::string head;  // the request's head is written here; the storage is used again
  bool reused = false;

  // While idle: neighbours in the pool's list, oldest first, and in its host's, newest first.
  HostPool* host = nullptr;
  Connection* older = nullptr;
  Connection* newer = nullptr;
  std::unique_ptr<Connection> below;
  std::chrono::steady_clock::time_point idle_since;
};

}  // namespace corolla::inline v0::http

// SPDX-License-Identifier: Apache-2.0
// StreamReaders without a connection, fed by hand.
#include "tests/conformance/errors.hpp"
#include "tests/conformance/operation.hpp"
#include "tests/conformance/world.hpp"

#include <cstddef>
#include <string>

namespace conformance {

namespace {

using corolla::Coro;
using corolla::StreamReader;

void run_feed(const Actor& actor, const Statement& statement) {
  const std::string& name = statement.text("on");
  ProgramStream& stream = actor.world.stream(name);
  if (stream.ended) {
    actor.log("skip feed " + name);
    return;
  }
  const std::string& data = statement.text("data");
  actor.log("feed " + name + " " + quoted(data));
  stream.reader->feed_data(data);
}

void run_feed_eof(const Actor& actor, const Statement& statement) {
  ProgramStream& stream = actor.world.stream(statement.text("on"));
  stream.ended = true;
  actor.log("feed_eof " + statement.text("on"));
  stream.reader->feed_eof();
}

void run_stream_exception(const Actor& actor, const Statement& statement) {
  const std::string& tag = statement.text("tag");
  actor.log("stream_exc " + statement.text("on") + " " + tag);
  actor.world.stream(statement.text("on")).reader->set_exception(std::make_exception_ptr(TaggedError(tag)));
}

void run_at_eof(const Actor& actor, const Statement& statement) {
  const bool ended = actor.world.stream(statement.text("on")).reader->at_eof();
  actor.log("at_eof " + statement.text("on") + " = " + text_of(ended));
}

/// The label of a read, or nothing when a read on the same stream has begun and not ended.
std::optional<std::string> label(const Frame& frame, const Statement& statement, const std::string& argument) {
  const std::string& name = statement.text("on");
  if (frame.world.stream(name).reading) {
    frame.log("skip " + statement.op() + " " + name);
    return std::nullopt;
  }
  return statement.op() + " " + name + argument;
}

std::optional<std::string> count_label(const Frame& frame, const Statement& statement) {
  return label(frame, statement, " " + std::to_string(statement.integer("n")));
}

std::optional<std::string> line_label(const Frame& frame, const Statement& statement) {
  return label(frame, statement, "");
}

std::optional<std::string> separator_label(const Frame& frame, const Statement& statement) {
  return label(frame, statement, " " + quoted(statement.text("sep")));
}

/// Marks a stream as being read for as long as it lives.
class Reading {
 public:
  explicit Reading(ProgramStream& stream) : stream_(stream) { stream_.reading = true; }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;
  ~Reading() { stream_.reading = false; }

 private:
  ProgramStream& stream_;
};

/// A read by one of StreamReader's functions.
using Read = Coro<std::string> (*)(StreamReader&, const Statement&);

template <Read kRead>
Coro<std::string> run_read(Frame& frame, const Statement& statement) {
  ProgramStream& stream = frame.world.stream(statement.text("on"));
  const Reading reading(stream);
  const std::string bytes = co_await kRead(*stream.reader, statement);
  co_return " " + quoted(bytes);
}

Coro<std::string> read(StreamReader& reader, const Statement& statement) {
  return reader.read(static_cast<std::ptrdiff_t>(statement.integer("n")));
}
Coro<std::string> readexactly(StreamReader& reader, const Statement& statement) {
  return reader.readexactly(static_cast<std::size_t>(statement.integer("n")));
}
Coro<std::string> readline(StreamReader& reader, const Statement& /*statement*/) { return reader.readline(); }
Coro<std::string> readuntil(StreamReader& reader, const Statement& statement) {
  return reader.readuntil(statement.text("sep"));
}

}  // namespace

void add_stream_operations(OperationTable& table) {
  table.emplace_back("feed", run_feed);
  table.emplace_back("feed_eof", run_feed_eof);
  table.emplace_back("stream_exc", run_stream_exception);
  table.emplace_back("at_eof", run_at_eof);
  table.emplace_back("read", AwaitingOperation{count_label, run_read<read>});
  table.emplace_back("readexactly", AwaitingOperation{count_label, run_read<readexactly>});
  table.emplace_back("readline", AwaitingOperation{line_label, run_read<readline>});
  table.emplace_back("readuntil", AwaitingOperation{separator_label, run_read<readuntil>});
}

}  // namespace conformance

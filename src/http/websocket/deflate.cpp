// SPDX-License-Identifier: Apache-2.0
#include "http/websocket/deflate.hpp"

#include <corolla/http/websocket_error.hpp>

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>

namespace corolla::inline v0::http {

namespace {

// Room for output, made a step at a time.
constexpr std::size_t kStep = std::size_t{16} * 1024;
constexpr std::size_t kLeastRoom = 64;
constexpr std::size_t kMostRoom = std::size_t{256} * 1024;
// What a flushed block ends with; it stays off the wire.
constexpr std::string_view kTail("\x00\x00\xFF\xFF", 4);
constexpr int kMemoryLevel = 8;

// zlib never writes through next_in; it takes at most 4 GiB at a time.
std::size_t give(z_stream& stream, std::string_view input) noexcept {
  const std::size_t given = std::min<std::size_t>(input.size(), std::numeric_limits<uInt>::max());
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
  stream.avail_in = static_cast<uInt>(given);
  return given;
}

void make_room(z_stream& stream, std::string& out, std::size_t room) {
  const std::size_t used = out.size();
  out.resize(used + room);
  stream.next_out = reinterpret_cast<Bytef*>(out.data() + used);
  stream.avail_out = static_cast<uInt>(room);
}

}  // namespace

MessageDeflater::MessageDeflater(int window_bits, bool context_takeover) : context_takeover_(context_takeover) {
  if (window_bits < 9) return;
  stream_ = std::make_unique<z_stream>();
  if (deflateInit2(stream_.get(), Z_BEST_SPEED, Z_DEFLATED, -window_bits, kMemoryLevel, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::bad_alloc();
}

MessageDeflater::~MessageDeflater() {
  if (stream_) deflateEnd(stream_.get());
}

void MessageDeflater::compress(std::string_view message, std::string& out) {
  out.clear();
  if (message.empty()) {
    out.push_back('\0');  // a flush with nothing to flush would write nothing at all
    return;
  }
  while (!message.empty()) {
    const std::size_t given = give(*stream_, message);
    message.remove_prefix(given);
    bool full = true;
    while (full) {
      make_room(*stream_, out, std::clamp(given, kLeastRoom, kMostRoom));
      static_cast<void>(::deflate(stream_.get(), message.empty() ? Z_SYNC_FLUSH : Z_NO_FLUSH));
      full = stream_->avail_out == 0;
      out.resize(out.size() - stream_->avail_out);
    }
  }
  out.resize(out.size() - kTail.size());
  if (!context_takeover_) deflateReset(stream_.get());
}

MessageInflater::MessageInflater(bool context_takeover)
    : stream_(std::make_unique<z_stream>()), context_takeover_(context_takeover) {
  if (inflateInit2(stream_.get(), -MAX_WBITS) != Z_OK) throw std::bad_alloc();
}

MessageInflater::~MessageInflater() { inflateEnd(stream_.get()); }

void MessageInflater::decompress(std::string_view piece, std::string& out, std::size_t most) {
  for (;;) {
    if (ended_) {
      if (piece.empty()) return;
      inflateReset(stream_.get());
      ended_ = false;
    }
    const std::size_t given = give(*stream_, piece);
    // One byte more than is allowed shows that it is too much.
    const std::size_t room = std::min(kStep, most - out.size()) + 1;
    make_room(*stream_, out, room);
    const int code = ::inflate(stream_.get(), Z_SYNC_FLUSH);
    piece.remove_prefix(given - stream_->avail_in);
    const bool full = stream_->avail_out == 0;
    out.resize(out.size() - stream_->avail_out);
    if (out.size() > most)
      throw WebSocketError(kWsMessageTooBig, "a message is above " + std::to_string(most) + " bytes, decompressed");
    if (code == Z_MEM_ERROR) throw std::bad_alloc();
    if (code != Z_OK && code != Z_BUF_ERROR && code != Z_STREAM_END)
      throw WebSocketError(kWsInvalidText, "a message does not decompress");
    ended_ = code == Z_STREAM_END;
    if (!ended_ && piece.empty() && !full) return;
  }
}

void MessageInflater::finish(std::string& out, std::size_t most) {
  decompress(kTail, out, most);
  if (context_takeover_) return;
  inflateReset(stream_.get());
  ended_ = false;
}

}  // namespace corolla::inline v0::http

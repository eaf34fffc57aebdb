// SPDX-License-Identifier: Apache-2.0
#include "targets.hpp"

#include <corolla/runtime.hpp>
#include <corolla/testkit/memory_stream.hpp>

#include "fuzz/http/sent_frames.hpp"
#include "fuzz/virtual_loop.hpp"
#include "http/http2/client_session.hpp"
#include "http/server/server_connection.hpp"
#include "http/server/web_server_state.hpp"
#include "tests/http/http2/frames.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace corolla::inline v0::http {

namespace {

using corolla_fuzz::require;
using corolla_fuzz::SentFrames;
using namespace std::chrono_literals;

constexpr std::size_t kMostBody = 70'000;  // more than a window

// What the input's first two bytes say; its rest is what the peer sends.
struct Plan {
  explicit Plan(std::string_view bytes) noexcept {
    const auto byte = [&](std::size_t at) { return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0U; };
    constexpr std::array<std::size_t, 4> kPieces{std::numeric_limits<std::size_t>::max(), 300, 1000, 9000};
    attacks_client = byte(0) % 2 == 1;
    framed = byte(0) / 2 % 2 == 1;
    half_closes = byte(0) / 4 % 2 == 1;
    deaf = byte(0) / 8 % 2 == 1;
    interrupts = byte(0) / 16 % 2 == 1;
    crumbles = byte(0) / 32 % 2 == 1;
    piece = kPieces[byte(0) / 64];
    steps = byte(1);
  }
  bool attacks_client;
  bool framed;       // the rest is a script of frames
  bool half_closes;  // behind its bytes
  bool deaf;         // reads nothing for a while
  bool interrupts;   // the server is stopped, or a request cancelled, after some steps of the loop
  bool crumbles;     // its first bytes come one by one
  std::size_t piece;
  unsigned steps;
};

// Frames whose lengths are right: type, flags, stream, length and payload. A high bit in the type makes the payload large;
// 0xFF instead repeats the last two frames on further streams.
std::string frames_of(std::string_view script) {
  constexpr std::size_t kMost = std::size_t{1} << 16U;
  constexpr std::size_t kLarge = 16384;
  struct Record {
    corolla_tests::FrameType type;
    std::uint8_t flags;
    std::uint32_t id;
    std::string payload;
  };
  std::vector<Record> records;
  std::string out;
  const auto write = [&](const Record& r, std::uint32_t more) {
    out += corolla_tests::frame(r.type, r.flags, r.id + more, r.payload);
  };
  while (script.size() >= 4 && out.size() < kMost) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(script[at]); };
    if (byte(0) == 0xFF && records.size() >= 2) {
      for (std::uint32_t i = 1; i <= byte(1) * 3U && out.size() < kMost; ++i) {
        write(records[records.size() - 2], 2 * i);
        write(records.back(), 2 * i);
      }
      script.remove_prefix(2);
      continue;
    }
    const std::uint32_t id = byte(2) < 250 ? byte(2) : 0x7FFFFF00U + byte(2);
    const std::size_t size = std::min<std::size_t>(byte(3), script.size() - 4);
    std::string payload(script.substr(4, size));
    while (byte(0) >= 128 && !payload.empty() && payload.size() < kLarge)
      payload.append(payload, 0, std::min(payload.size(), kLarge - payload.size()));
    records.push_back({static_cast<corolla_tests::FrameType>(byte(0) % 128 % 12), byte(1), id, std::move(payload)});
    script.remove_prefix(4 + size);
    write(records.back(), 0);
  }
  return out;
}

bool is_clean(std::string_view text) { return text.find_first_of(std::string_view("\r\n\0", 3)) == text.npos; }

void check_fields(const Headers& headers) {
  for (const auto& [name, value] : headers) {
    require(is_token(name), "a field's name is a token");
    require(is_clean(value), "a field is one line");
  }
}

Coro<ServerResponse> answer(ServerRequest& request) {
  require(is_token(request.method()), "a method is a token");
  require(!request.target().empty() && is_clean(request.target()) && is_clean(request.host()), "a target is one line");
  check_fields(request.headers());
  const std::string_view path = request.path();
  if (path.starts_with("/large")) co_return ServerResponse(200, std::string(kMostBody, 'l'));
  if (path.starts_with("/late")) co_await sleep(5s);
  if (path.starts_with("/error")) throw HttpError(418, "no");
  ServerResponse response(200);
  if (path.starts_with("/echo")) {
    response.set_producer([&request](BodyWriter& writer) -> Coro<void> {
      for (;;) {
        auto reading = request.chunk();
        const std::string_view piece = co_await std::move(reading);
        if (piece.empty()) break;
        co_await writer.write(piece);
      }
    });
    co_return response;
  }
  const auto announced = request.content_length();
  auto reading = request.read();
  const std::string body = co_await std::move(reading);
  require(!announced || *announced == body.size(), "a body has the length that was announced");
  response.set_text(std::to_string(body.size()));
  co_return response;
}

// Sends its bytes, then reads until the other end closes the connection.
Coro<void> attack(ByteStream stream, std::string bytes, const Plan& plan) {
  SentFrames sent(plan.attacks_client);
  std::string_view rest = bytes;
  for (unsigned i = 0; plan.crumbles && i < plan.steps && !rest.empty(); ++i) {
    stream.send_nowait(rest.substr(0, 1));
    rest.remove_prefix(1);
    co_await sleep(0ms);
  }
  stream.send_nowait(rest);
  if (plan.half_closes) stream.send_eof();
  if (plan.deaf) co_await sleep(10min);
  for (;;) {
    const std::string_view arrived = co_await stream.receive();
    if (arrived.empty()) break;
    sent.take(arrived);
    stream.consume(arrived.size());
  }
}

Coro<void> attack_server(const Plan& plan, std::string bytes, ByteStream ours, ByteStream theirs) {
  WebServerOptions options;
  options.h2c = true;
  options.max_concurrent_streams = 8;
  options.max_body_bytes = 20'000;
  options.parser.field = 300;
  options.parser.header_block = 1000;
  options.parser.fields = 10;
  const auto state = std::make_shared<WebServerState>(answer, options);
  auto attacking = create_task(attack(std::move(theirs), std::move(bytes), plan));
  auto serving = create_task(serve_connection(state, std::move(ours)));
  if (plan.interrupts) {
    for (unsigned i = 0; i < plan.steps; ++i) co_await sleep(0ms);
    state->close();
  }
  co_await serving;
  static_cast<void>(co_await outcome(attacking));
}

class NoPool final : public Http2SessionOwner {
 public:
  void http2_in_use(Http2ClientSession& /*session*/, bool /*in_use*/) noexcept override {}
  void http2_gone(Http2ClientSession& /*session*/) noexcept override {}
};

Coro<void> ask(FutureRef<Http2ClientSession> session, std::string body) {
  const Http2Lease lease(std::move(session));
  ByteStream stream = lease->make_stream();
  auto& state = static_cast<Http2ClientStream&>(*stream.state());
  stream.expires_after(1min);
  if (!body.empty()) {
    stream.send_nowait(body);
    state.finish_output();
  }
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  lease->submit_request(state, "POST", "http", "/", head, !body.empty());
  while (!state.head_complete()) {
    co_await Http2HeadWait(stream.state());
    static_cast<void>(state.take_continue());
  }
  const ResponseHead& response = state.head();
  require(response.status >= 200 && response.status <= 999, "a response has a final status");
  check_fields(response.headers);
  std::uint64_t received = 0;
  for (;;) {
    const std::string_view piece = co_await stream.receive();
    if (piece.empty()) break;
    received += piece.size();
    stream.consume(piece.size());
  }
  check_fields(state.trailers());
  if (response.content_length && response.status != 204 && response.status != 304)
    require(*response.content_length == received, "a body has the length that was announced");
}

Coro<void> attack_client(const Plan& plan, std::string bytes, ByteStream ours, ByteStream theirs) {
  NoPool pool;
  ParserLimits limits;
  limits.field = 300;
  limits.header_block = 1000;
  limits.fields = 10;
  auto session = FutureRef<Http2ClientSession>::adopt(new Http2ClientSession(std::move(ours), limits, 15s, pool));
  auto reading = create_task(Http2ClientSession::read, session);
  std::vector<Task<void>> requests;
  for (const std::size_t size : {std::size_t{0}, kMostBody, std::size_t{0}})
    requests.push_back(create_task(ask, session, std::string(size, 'b')));
  auto attacking = create_task(attack(std::move(theirs), std::move(bytes), plan));
  if (plan.interrupts) {
    for (unsigned i = 0; i < plan.steps / 2; ++i) co_await sleep(0ms);
    requests[plan.steps % 2].cancel();
  }
  for (auto& request : requests) {
    const auto ended = co_await outcome(request);
    if (ended || request.cancelled()) continue;
    try {
      std::rethrow_exception(ended.error());
    } catch (const Error&) {  // nothing else leaves a request
    }
  }
  co_await reading;
  static_cast<void>(co_await outcome(attacking));
}

Coro<void> converse(const Plan& plan, std::string bytes) {
  testkit::MemoryStreamOptions options;
  options.piece = plan.piece;
  auto ends = testkit::memory_stream_pair(options);
  auto attacking = plan.attacks_client
                       ? attack_client(plan, std::move(bytes), std::move(ends.first), std::move(ends.second))
                       : attack_server(plan, std::move(bytes), std::move(ends.first), std::move(ends.second));
  co_await std::move(attacking);
}

}  // namespace

void fuzz_http2(std::string_view bytes) {
  constexpr std::size_t kMost = 4096;
  const Plan plan(bytes);
  const std::string_view rest = bytes.substr(std::min<std::size_t>(2, bytes.size()), kMost);
  std::string sent = plan.attacks_client ? std::string() : std::string(corolla_tests::kPreface);
  if (plan.framed) sent += corolla_tests::settings() + frames_of(rest);
  else sent += rest;

  corolla_fuzz::run_on_virtual_clock(converse(plan, std::move(sent)));
}

}  // namespace corolla::inline v0::http

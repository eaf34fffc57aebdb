// SPDX-License-Identifier: Apache-2.0
// WebSockets of others in both roles, with compression and without: autobahn (asyncio), ws (Node.js), Boost.Beast.
//
// Their program, asked to serve, says its port, then serves one connection after the other: it sends back what it is
// sent, but "pieces" is answered with a message of three frames, "ping" with a ping and, behind the pong, a text that
// quotes it, "close" with a close frame of 4001 "bye"; and it tells each connection's close code and reason. Asked to
// be the client of a server that does likewise, it checks what comes back, and says "done".
#include "tests/http/peers/peer.hpp"

#include <corolla/http/accept_websocket.hpp>
#include <corolla/http/web_server.hpp>

namespace corolla::test {
namespace {

class WebSocketPeersTest : public SessionTest {};

const std::string kText = "a\xe2\x82\xac\xf0\x9f\x98\x80";

std::string bytes_of(std::size_t size) {
  std::string bytes(size, ' ');
  std::uint32_t number = 1;
  for (char& c : bytes) {
    number = number * 1664525U + 1013904223U;
    c = static_cast<char>(number >> 24U);
  }
  return bytes;
}

std::string times(std::size_t count, std::string_view text) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += text;
  return all;
}

Coro<Process> start_program(std::vector<std::string> argv, bool compress) {
  if (compress) argv.emplace_back("compress");
  SubprocessOptions options;
  options.stdout_to = Stdio::kPipe;
  auto starting = create_subprocess_exec(std::move(argv), options);
  co_return co_await std::move(starting);
}

// -- they serve -----------------------------------------------------------------------------------------------------

Coro<void> talk(http::WebSocket& ws) {
  for (const std::size_t count : {0, 1, 50'000}) {
    const std::string text = times(count, kText);
    co_await ws.send_text(text);
    auto receiving = ws.receive_text();
    const std::string got = co_await std::move(receiving);
    EXPECT_EQ(got == text, true) << "a text of " << text.size() << " bytes; " << got.size() << " came back";
  }
  for (const std::size_t size : {0, 65'536, 1 << 20}) {
    const std::string bytes = bytes_of(size);
    co_await ws.send_bytes(bytes);
    auto receiving = ws.receive_bytes();
    const std::string got = co_await std::move(receiving);
    EXPECT_EQ(got == bytes, true) << size << " bytes; " << got.size() << " came back";
  }
  co_await ws.send_text("pieces");
  auto receiving_pieces = ws.receive_text();
  const std::string whole = co_await std::move(receiving_pieces);
  EXPECT_EQ(whole, "fragmented");
  co_await ws.send_text("ping");
  auto receiving_pong = ws.receive_text();
  const std::string pong = co_await std::move(receiving_pong);
  EXPECT_EQ(pong, "pong are you there?");
}

Coro<void> be_their_client(std::vector<std::string> argv, bool compress) {
  argv.emplace_back("serve");
  auto starting = start_program(std::move(argv), compress);
  Process process = co_await std::move(starting);
  auto& said = process.stdout_pipe();
  auto reading_port = said.readline();
  std::string port = co_await std::move(reading_port);
  port.pop_back();
  const std::string url = "ws://127.0.0.1:" + port + "/";
  {
    Session session;
    http::ClientWebSocketOptions options;
    options.deflate.enabled = compress;
    {
      auto connecting = session.ws_connect(url, options);
      auto ws = co_await std::move(connecting);
      EXPECT_EQ(ws.compressed(), compress);
      auto talking = talk(ws);
      co_await std::move(talking);
      auto closing = ws.close(3000, "done");
      co_await std::move(closing);
      EXPECT_EQ(ws.close_code(), 3000);
    }
    auto reading_ours = said.readline();
    const std::string ours = co_await std::move(reading_ours);
    EXPECT_EQ(ours, "closed 3000 done\n");
    {
      auto connecting = session.ws_connect(url, options);
      auto ws = co_await std::move(connecting);
      co_await ws.send_text("close");
      auto receiving = ws.receive();
      const auto message = co_await std::move(receiving);
      EXPECT_EQ(message.type, http::WsMsgType::kClose);
      EXPECT_EQ(message.code, 4001);
      EXPECT_EQ(message.data, "bye");
    }
    auto reading_theirs = said.readline();
    const std::string theirs = co_await std::move(reading_theirs);
    EXPECT_TRUE(theirs.starts_with("closed 4001")) << theirs;
  }
  auto stopping = stop_peer(process);
  co_await std::move(stopping);
}

// -- they ask -------------------------------------------------------------------------------------------------------

struct Closed {
  Closed(int c, std::string r, bool d) : code(c), reason(std::move(r)), compressed(d) {}
  int code;
  std::string reason;
  bool compressed;
};

Coro<void> be_their_server(std::vector<std::string> argv, bool compress, bool by_url) {
  std::vector<Closed> closed;
  auto handler = [&closed](http::ServerRequest& request) -> Coro<http::ServerResponse> {
    auto accepting = http::accept_websocket(request);
    auto ws = co_await std::move(accepting);
    for (;;) {
      auto receiving = ws.receive();
      const auto message = co_await std::move(receiving);
      if (message.ends()) break;
      if (message.type == http::WsMsgType::kText && message.data == "close") {
        auto closing = ws.close(4001, "bye");
        co_await std::move(closing);
        break;
      }
      if (message.type == http::WsMsgType::kText) co_await ws.send_text(message.data);
      else co_await ws.send_bytes(message.data);
    }
    closed.emplace_back(ws.close_code(), ws.close_reason(), ws.compressed());
    co_return request.respond();
  };
  auto starting = http::start_web_server(handler, "127.0.0.1", 0, http::WebServerOptions());
  auto server = co_await std::move(starting);
  argv.emplace_back("ask");
  argv.push_back(by_url ? "ws" + server.url().substr(4) : std::to_string(server.port()));
  auto starting_program = start_program(std::move(argv), compress);
  Process process = co_await std::move(starting_program);
  auto communicating = process.communicate();
  const auto said = co_await std::move(communicating);
  EXPECT_EQ(said.first, "done\n");
  EXPECT_EQ(process.returncode(), 0);
  auto stopping = server.shutdown();
  co_await std::move(stopping);
  EXPECT_EQ(closed.size(), 2U);
  if (closed.size() != 2) co_return;
  EXPECT_EQ(closed[0].code, 3000);
  EXPECT_EQ(closed[0].reason, "done");
  EXPECT_EQ(closed[0].compressed, compress);
  EXPECT_EQ(closed[1].code, 4001);
}

Coro<void> talk_both_ways(std::vector<std::string> argv, bool by_url) {
  for (const bool compress : {false, true}) {
    auto asking = be_their_client(argv, compress);
    co_await std::move(asking);
    auto serving = be_their_server(argv, compress, by_url);
    co_await std::move(serving);
  }
}

const std::string kPeers = COROLLA_WEBSOCKET_PEERS;

TEST_F(WebSocketPeersTest, Autobahn) {
  run_test([]() -> Coro<void> {
    std::vector<std::string> argv = {"/usr/bin/python3", "-B", kPeers + "/autobahn_peer.py"};
    co_await talk_both_ways(std::move(argv), true);
  });
}

TEST_F(WebSocketPeersTest, Ws) {
  run_test([]() -> Coro<void> {
    std::vector<std::string> argv = {"env", "NODE_PATH=/usr/share/nodejs", "node", kPeers + "/ws_peer.js"};
    co_await talk_both_ways(std::move(argv), true);
  });
}

TEST_F(WebSocketPeersTest, Beast) {
  run_test([]() -> Coro<void> {
    std::vector<std::string> argv = {COROLLA_BEAST_PEER};
    co_await talk_both_ways(std::move(argv), false);
  });
}

}  // namespace
}  // namespace corolla::test

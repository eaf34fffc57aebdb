// SPDX-License-Identifier: Apache-2.0
//
// Boost.Beast, as a peer of websocket_peers_test.cpp, which says what is expected of it.
//   beast_peer serve [compress]         beast_peer ask PORT [compress]
#include <cstdlib>
#include <iostream>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using asio::ip::tcp;
using Stream = websocket::stream<tcp::socket>;

void check(bool condition, const char* what) {
  if (condition) return;
  std::cout << "not so: " << what << std::endl;
  std::exit(1);
}

void set_options(Stream& ws, bool compress) {
  websocket::permessage_deflate options;
  options.client_enable = options.server_enable = compress;
  ws.set_option(options);
  ws.read_message_max(1 << 22);
  ws.auto_fragment(false);
}

void send(Stream& ws, std::string_view bytes, bool binary) {
  ws.binary(binary);
  ws.write(asio::buffer(bytes.data(), bytes.size()));
}

void send_in_pieces(Stream& ws, const std::vector<std::string>& pieces) {
  ws.text(true);
  for (std::size_t i = 0; i < pieces.size(); ++i) ws.write_some(i + 1 == pieces.size(), asio::buffer(pieces[i]));
}

/// The next message, or nothing when the connection was closed.
std::optional<std::string> receive(Stream& ws) {
  beast::flat_buffer buffer;
  beast::error_code error;
  ws.read(buffer, error);
  if (error == websocket::error::closed) return std::nullopt;
  check(!error, "reading went well");
  return beast::buffers_to_string(buffer.data());
}

void serve(bool compress) {
  asio::io_context context;
  tcp::acceptor acceptor(context, {asio::ip::make_address("127.0.0.1"), 0});
  std::cout << acceptor.local_endpoint().port() << std::endl;
  for (;;) {
    Stream ws(acceptor.accept());
    set_options(ws, compress);
    ws.control_callback([&](websocket::frame_type kind, beast::string_view payload) {
      if (kind == websocket::frame_type::pong) send(ws, "pong " + std::string(payload), false);
    });
    ws.accept();
    while (const auto message = receive(ws)) {
      const bool text = ws.got_text();
      if (text && *message == "close") {
        ws.close({static_cast<websocket::close_code>(4001), "bye"});
        break;
      }
      if (text && *message == "pieces") send_in_pieces(ws, {"frag", "men", "ted"});
      else if (text && *message == "ping") ws.ping("are you there?");
      else send(ws, *message, !text);
    }
    std::cout << "closed " << ws.reason().code << ' ' << ws.reason().reason << std::endl;
  }
}

void connect(Stream& ws, unsigned short port, bool compress) {
  set_options(ws, compress);
  ws.next_layer().connect({asio::ip::make_address("127.0.0.1"), port});
  websocket::response_type response;
  ws.handshake(response, "127.0.0.1", "/");
  check(response.count("Sec-WebSocket-Extensions") == (compress ? 1U : 0U), "compression is agreed on");
}

void ask(unsigned short port, bool compress) {
  const std::string text = "a\xe2\x82\xac\xf0\x9f\x98\x80";
  asio::io_context context;
  Stream ws(context);
  connect(ws, port, compress);
  std::string pong;
  ws.control_callback([&](websocket::frame_type kind, beast::string_view payload) {
    if (kind == websocket::frame_type::pong) pong = std::string(payload);
  });
  const auto echoed = [&](const std::string& message, bool binary) {
    send(ws, message, binary);
    check(receive(ws) == message && ws.got_binary() == binary, "a message came back as it was");
  };
  std::string long_text;
  for (int i = 0; i < 50'000; ++i) long_text += text;
  std::mt19937 random(1);
  std::string bytes(1 << 20, ' ');
  for (char& c : bytes) c = static_cast<char>(random());
  for (const std::string& message : {std::string(), text, long_text}) echoed(message, false);
  for (const std::string& message : {std::string(), bytes.substr(0, 65536), bytes}) echoed(message, true);
  send_in_pieces(ws, {text.substr(0, 2), text.substr(2, 4), text.substr(6)});
  check(receive(ws) == text, "the pieces came back as one message");
  ws.ping("hello");
  echoed("behind the pong", false);
  check(pong == "hello", "a ping was answered");
  ws.close({static_cast<websocket::close_code>(3000), "done"});
  check(ws.reason().code == 3000, "they closed with the same code");

  Stream second(context);
  connect(second, port, compress);
  send(second, "close", false);
  check(!receive(second), "they close");
  check(second.reason().code == 4001 && second.reason().reason == "bye", "with a code and a reason");
  std::cout << "done" << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  const bool compress = !arguments.empty() && arguments.back() == "compress";
  if (!arguments.empty() && arguments[0] == "serve") serve(compress);
  else if (arguments.size() > 1) ask(static_cast<unsigned short>(std::atoi(argv[2])), compress);
  else return 2;
  return 0;
}

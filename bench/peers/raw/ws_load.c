// SPDX-License-Identifier: Apache-2.0
// Closed-loop binary messages over WebSockets, masked, without compression; each echo is compared byte by byte.
// usage: ws_load PORT CONNECTIONS SIZE SECONDS SERVER_PID      (SIZE is at most 65535)
#include <poll.h>

#include "echo_load.h"

static const char kHandshake[] =
    "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
static const char kAccept[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";  // of that key: RFC 6455, section 1.3
static const unsigned char kMask[4] = {0x37, 0xfa, 0x21, 0x3d};

static unsigned char *frame, *echo;  // what is sent, and what must come back: headers and payload
static size_t frame_size, echo_size, header_size;

static void make_frames(void) {
  header_size = message_size < 126 ? 2 : 4;
  frame_size = header_size + sizeof kMask + message_size;
  echo_size = header_size + message_size;
  frame = malloc(frame_size);
  echo = malloc(echo_size);
  received = realloc(received, echo_size);
  require(frame && echo && received, "memory");
  frame[0] = echo[0] = 0x82;  // FIN, binary
  if (header_size == 2) {
    echo[1] = (unsigned char)message_size;
  } else {
    echo[1] = 126;
    echo[2] = (unsigned char)(message_size >> 8);
    echo[3] = (unsigned char)message_size;
  }
  memcpy(frame + 1, echo + 1, header_size - 1);
  frame[1] |= 0x80;
  memcpy(frame + header_size, kMask, sizeof kMask);
}

// The message that the connection is at, in both forms. Only its first 8 bytes differ from the last one's.
static void set_message(const Connection* c, size_t first, size_t last) {
  memcpy(pattern, &c->sequence, sizeof c->sequence);
  for (size_t i = first; i < last; i++) frame[header_size + sizeof kMask + i] = pattern[i] ^ kMask[i % 4];
  memcpy(echo + header_size + first, pattern + first, last - first);
}

static void write_frame(Connection* c) {
  if (c->written < frame_size) set_message(c, 0, sizeof c->sequence);
  while (c->written < frame_size) {
    size_t n = put(c, frame + c->written, frame_size - c->written);
    if (n == 0) return;
    c->written += n;
  }
}

static void send_frame(Connection* c, double now) {
  c->sequence++;
  c->written = c->got = 0;
  c->sent_at = now;
  write_frame(c);
}

static int read_frame(Connection* c) {
  write_frame(c);
  while (c->got < echo_size) {
    size_t n = take(c, received, echo_size - c->got);
    if (n == 0) return 0;
    set_message(c, 0, sizeof c->sequence);
    require(!memcmp(received, echo + c->got, n), "the echo is one frame and equals the message");
    c->got += n;
  }
  return 1;
}

static void shake_hands(Connection* c) {
  char answer[4096];
  size_t got = 0;
  require(put(c, (const unsigned char*)kHandshake, sizeof kHandshake - 1) == sizeof kHandshake - 1, "the handshake leaves");
  for (answer[0] = 0; !strstr(answer, "\r\n\r\n"); answer[got] = 0) {
    struct pollfd readable = {.fd = c->fd, .events = POLLIN};
    require(poll(&readable, 1, 5000) == 1 && got < sizeof answer - 1, "an answer to the handshake within 5 s");
    got += take(c, (unsigned char*)answer + got, sizeof answer - 1 - got);
  }
  require(!strncmp(answer, "HTTP/1.1 101 ", 13) && strstr(answer, kAccept), "the server accepts the WebSocket");
  require(!strcasestr(answer, "sec-websocket-extensions"), "no extension is agreed on");
}

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  int port = atoi(argv[1]), pid = atoi(argv[5]), epoll = new_epoll();
  size_t count = strtoul(argv[2], NULL, 10), size = strtoul(argv[3], NULL, 10);
  require(size <= 65535, "SIZE is at most 65535");
  Connection* connections = make_connections(count, size);
  make_frames();
  set_message(&connections[0], 0, size);
  for (size_t i = 0; i < count; i++) {
    connections[i].fd = connect_loopback(port);
    shake_hands(&connections[i]);
    watch(epoll, &connections[i]);
  }
  start_exchange = send_frame;
  proceed = read_frame;
  closed_loop("websocket", connections, count, epoll, pid, atof(argv[4]));
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
// Closed-loop GET requests over kept connections; each answer's status, length and body are checked.
// usage: http_load PORT CONNECTIONS SECONDS SERVER_PID
#include "echo_load.h"

static const char kRequest[] = "GET /hello HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n\r\n";
static const char kBody[] = "Hello, World!";
enum { kMostBytes = 4096 };  // of an answer; a connection's buffer is its session

static void send_request(Connection* c, double now) {
  c->got = 0;
  c->sent_at = now;
  require(put(c, (const unsigned char*)kRequest, sizeof kRequest - 1) == sizeof kRequest - 1,
          "a request fits into the socket's buffer");
}

static int read_answer(Connection* c) {
  char* answer = c->session;
  size_t n = take(c, (unsigned char*)answer + c->got, kMostBytes - c->got);
  if (n == 0) return 0;
  c->got += n;
  answer[c->got] = 0;
  char* end = strstr(answer, "\r\n\r\n");
  if (!end) return 0;
  require(!strncmp(answer, "HTTP/1.1 200 ", 13), "the status is 200");
  char* length = strcasestr(answer, "\r\ncontent-length:");
  require(length && length < end && strtoul(length + 17, NULL, 10) == sizeof kBody - 1, "the body's length is announced");
  size_t whole = (size_t)(end + 4 - answer) + sizeof kBody - 1;
  if (c->got < whole) return 0;
  require(c->got == whole && !memcmp(end + 4, kBody, sizeof kBody - 1), "the body is the greeting, and nothing follows");
  return 1;
}

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  int port = atoi(argv[1]), pid = atoi(argv[4]), epoll = new_epoll();
  size_t count = strtoul(argv[2], NULL, 10);
  Connection* connections = make_connections(count, sizeof kRequest - 1);
  for (size_t i = 0; i < count; i++) {
    connections[i].fd = connect_loopback(port);
    connections[i].session = malloc(kMostBytes + 1);
    require(connections[i].session != NULL, "memory");
    watch(epoll, &connections[i]);
  }
  start_exchange = send_request;
  proceed = read_answer;
  closed_loop("http", connections, count, epoll, pid, atof(argv[3]));
  return 0;
}

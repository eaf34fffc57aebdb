// SPDX-License-Identifier: Apache-2.0
// The limit of the crawl case: keep-alive HTTP/1.1 over epoll, with the least parsing that is still correct for this
// server (status line, Content-Length), each body hashed and compared.
// usage: fetch_epoll PORT N CONNECTIONS MANIFEST|-
#include <openssl/sha.h>
#include <sys/epoll.h>

#include "common.h"

typedef struct {
  int fd;
  int page;
  size_t have;   // bytes in buffer
  size_t total;  // header and body, 0 while the header is incomplete
  size_t body;   // where the body starts
  char buffer[32768];
} Connection;

static unsigned char digests[kPages][kDigest];
static int port, wanted, asked, finished, hashing;
static uint64_t body_bytes;

static void ask_next(Connection* c) {
  char request[192];
  c->page = asked++;
  c->have = c->total = 0;
  int size = snprintf(request, sizeof request, "GET /p/%d.html?i=%d HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n",
                      c->page % kPages, c->page, port);
  if (send(c->fd, request, (size_t)size, MSG_NOSIGNAL) != size) fail("send");
}

static void parse_header(Connection* c) {
  static const char kLength[] = "\r\nContent-Length: ";
  const char* end = memmem(c->buffer, c->have, "\r\n\r\n", 4);
  if (!end) {
    require(c->have < sizeof c->buffer, "the header fits");
    return;
  }
  require(!memcmp(c->buffer, "HTTP/1.1 200 ", 13), "status is 200");
  const char* length = memmem(c->buffer, (size_t)(end - c->buffer), kLength, sizeof kLength - 1);
  require(length != NULL, "there is a Content-Length");
  c->body = (size_t)(end + 4 - c->buffer);
  c->total = c->body + strtoul(length + sizeof kLength - 1, NULL, 10);
  require(c->total > c->body && c->total <= sizeof c->buffer, "the page fits");
}

static void finish_page(Connection* c) {
  size_t size = c->total - c->body;
  require(c->have == c->total, "nothing follows the page");
  if (hashing) {
    unsigned char digest[kDigest];
    SHA256((const unsigned char*)c->buffer + c->body, size, digest);
    require(size == kPageBytes && !memcmp(digest, digests[c->page % kPages], kDigest), "the page's checksum");
  }
  body_bytes += size;
  finished++;
  if (asked < wanted) ask_next(c);
}

static void read_connection(Connection* c) {
  for (;;) {
    ssize_t n = recv(c->fd, c->buffer + c->have, sizeof c->buffer - c->have, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n < 0) fail("recv");
    require(n > 0, "the connection stays open");
    c->have += (size_t)n;
    if (!c->total) parse_header(c);
    if (c->total && c->have >= c->total) {
      finish_page(c);
      return;  // one request at a time: the next answer raises a new edge
    }
  }
}

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  port = atoi(argv[1]);
  wanted = atoi(argv[2]);
  int count = atoi(argv[3]);
  hashing = read_manifest(argv[4], digests);
  if (count > wanted) count = wanted;

  double start = wall_seconds(), cpu = cpu_seconds();
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  Connection* connections = malloc((size_t)count * sizeof *connections);
  require(connections != NULL, "memory");
  for (int i = 0; i < count; i++) {
    Connection* c = &connections[i];
    c->fd = connect_loopback(port);
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = c};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event)) fail("epoll_ctl");
    ask_next(c);
  }
  while (finished < wanted) {
    struct epoll_event events[128];
    int ready = epoll_wait(epoll, events, 128, 10000);
    require(ready > 0, "an answer within 10 s");
    for (int i = 0; i < ready; i++) read_connection(events[i].data.ptr);
  }
  double seconds = wall_seconds() - start;
  cpu = cpu_seconds() - cpu;
  char extra[64];
  snprintf(extra, sizeof extra, "bytes=%llu", (unsigned long long)body_bytes);
  print_result("crawl", hashing ? "raw-epoll" : "raw-epoll-nohash", finished, seconds, cpu, extra);
  return 0;
}

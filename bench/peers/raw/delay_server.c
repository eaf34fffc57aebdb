// SPDX-License-Identifier: Apache-2.0
// A keep-alive HTTP/1.1 server that answers each GET with the same page after a fixed delay. The delay is the same for
// all, so a FIFO is the timer queue.       usage: delay_server MILLISECONDS   (announces its port)
#include <sys/epoll.h>

#include "common.h"

enum { kRequest = 8192, kConnections = 65536, kParagraphs = 400 };
typedef struct {
  size_t have;
  unsigned generation;  // grows when the descriptor is closed: answers queued for an earlier peer are dropped
  char request[kRequest];
} Client;
typedef struct {
  double due;
  int fd;
  unsigned generation;
} Answer;

static Client* clients[kConnections];
static Answer queue[kConnections];
static size_t first, last;
static char page[16384];
static size_t page_size;

static void build_page(void) {
  static const char kParagraph[] = "<p>0123456789abcdef</p>\n";
  size_t body = kParagraphs * (sizeof kParagraph - 1);
  page_size = (size_t)snprintf(page, sizeof page,
                               "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %zu\r\n\r\n", body);
  for (int i = 0; i < kParagraphs; i++, page_size += sizeof kParagraph - 1)
    memcpy(page + page_size, kParagraph, sizeof kParagraph - 1);
}

static void drop(int fd) {
  clients[fd]->generation++;
  clients[fd]->have = 0;
  close(fd);
}

static void read_request(int fd, double delay) {
  Client* c = clients[fd];
  ssize_t n = recv(fd, c->request + c->have, kRequest - c->have, 0);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) {
    drop(fd);
    return;
  }
  c->have += (size_t)n;
  if (c->have < 4 || memcmp(c->request + c->have - 4, "\r\n\r\n", 4)) {
    if (c->have == kRequest) drop(fd);
    return;
  }
  c->have = 0;
  require(last - first < kConnections, "room for the answer");
  queue[last++ % kConnections] = (Answer){wall_seconds() + delay, fd, c->generation};
}

static void send_due(void) {
  for (; first < last && queue[first % kConnections].due <= wall_seconds(); first++) {
    Answer* a = &queue[first % kConnections];
    if (clients[a->fd]->generation != a->generation) continue;
    // the page is smaller than the socket's buffer, which is empty: the client waits for this answer
    if (send(a->fd, page, page_size, MSG_NOSIGNAL) != (ssize_t)page_size) drop(a->fd);
  }
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  double delay = atof(argv[1]) / 1000;
  build_page();
  int listener = listen_and_announce(), epoll = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event)) fail("epoll_ctl");
  for (;;) {
    struct epoll_event events[256];
    double wait = first < last ? queue[first % kConnections].due - wall_seconds() : 3600;
    int ready = epoll_wait(epoll, events, 256, wait > 0 ? (int)(wait * 1000) + 1 : 0);
    for (int i = 0; i < ready; i++) {
      if (events[i].data.fd != listener) {
        read_request(events[i].data.fd, delay);
        continue;
      }
      for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
        require(fd < kConnections, "few descriptors");
        no_delay(fd);
        if (!clients[fd] && !(clients[fd] = calloc(1, sizeof **clients))) fail("calloc");
        event = (struct epoll_event){.events = EPOLLIN, .data.fd = fd};
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event)) fail("epoll_ctl");
      }
    }
    send_due();
  }
}

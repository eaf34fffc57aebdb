// SPDX-License-Identifier: Apache-2.0
// The limit of the echo cases: one thread, epoll edge-triggered, one shared receive buffer that stays in the cache;
// only what send() did not take is kept with the connection.       usage: echo_epoll   (announces its port)
#include <sys/epoll.h>

#include "common.h"

enum { kBuffer = 65536 };
typedef struct {
  int fd;
  char* unsent;
  size_t begin, end;
} Peer;

static char shared[kBuffer];

static void close_peer(Peer* p) {
  close(p->fd);
  free(p->unsent);
  free(p);
}

// -1: the peer is gone, 0: the socket is full, 1: all is sent.
static int flush_unsent(Peer* p) {
  while (p->begin < p->end) {
    ssize_t n = send(p->fd, p->unsent + p->begin, p->end - p->begin, MSG_NOSIGNAL);
    if (n < 0) return errno == EAGAIN ? 0 : -1;
    p->begin += (size_t)n;
  }
  p->begin = p->end = 0;
  return 1;
}

static int echo_bytes(Peer* p, size_t size) {
  ssize_t n = send(p->fd, shared, size, MSG_NOSIGNAL);
  if (n < 0 && errno != EAGAIN) return -1;
  size_t sent = n < 0 ? 0 : (size_t)n;
  if (sent == size) return 1;
  if (!p->unsent && !(p->unsent = malloc(kBuffer))) fail("malloc");
  memcpy(p->unsent, shared + sent, size - sent);
  p->begin = 0;
  p->end = size - sent;
  return flush_unsent(p);
}

static void serve(Peer* p, int closing) {
  for (;;) {
    int state = flush_unsent(p);
    if (state == 0) return;
    ssize_t n = state < 0 ? 0 : recv(p->fd, shared, kBuffer, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0 || echo_bytes(p, (size_t)n) < 0) {
      close_peer(p);
      return;
    }
    if (n < kBuffer && !closing && p->begin == p->end) return;  // drained: the next arrival raises a new edge
  }
}

static void accept_all(int listener, int epoll) {
  for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
    no_delay(fd);
    Peer* p = calloc(1, sizeof *p);
    if (!p) fail("calloc");
    p->fd = fd;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = p};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event)) fail("epoll_ctl");
  }
}

int main(void) {
  int listener = listen_and_announce(), epoll = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event)) fail("epoll_ctl");
  for (;;) {
    struct epoll_event events[256];
    int ready = epoll_wait(epoll, events, 256, -1);
    for (int i = 0; i < ready; i++) {
      if (!events[i].data.ptr) accept_all(listener, epoll);
      else serve(events[i].data.ptr, (events[i].events & (EPOLLRDHUP | EPOLLHUP)) != 0);
    }
  }
}

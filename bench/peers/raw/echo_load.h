// SPDX-License-Identifier: Apache-2.0
// What the load generators share: messages that can be told apart, echoes that are compared byte by byte, how long they
// took, and the closed loop: one message in flight on each connection. http_load.c and ws_load.c have exchanges of their own.
#pragma once
#include <sys/epoll.h>

#include "server_usage.h"

typedef struct {
  int fd;
  void* session;  // TLS's
  size_t written, got;
  uint64_t sequence;
  double sent_at;
} Connection;

// How bytes leave and arrive: how many did, 0 when none can for now. Anything worse ends the program.
static inline size_t plain_put(Connection* c, const unsigned char* bytes, size_t size) {
  ssize_t n = send(c->fd, bytes, size, MSG_NOSIGNAL);
  if (n < 0 && errno != EAGAIN) fail("send");
  return n < 0 ? 0 : (size_t)n;
}

static inline size_t plain_take(Connection* c, unsigned char* bytes, size_t size) {
  ssize_t n = recv(c->fd, bytes, size, 0);
  if (n < 0 && errno != EAGAIN) fail("recv");
  require(n != 0, "the server keeps the connection");
  return n < 0 ? 0 : (size_t)n;
}

static size_t (*put)(Connection*, const unsigned char*, size_t) = plain_put;
static size_t (*take)(Connection*, unsigned char*, size_t) = plain_take;

static size_t message_size;
static unsigned char *pattern, *received;  // the first 8 bytes of a message are its sequence number

// What is sent from now on; and as many connections, which are opened by the caller. None has a message in flight.
static inline Connection* make_connections(size_t count, size_t size) {
  require(count > 0 && size >= sizeof(uint64_t), "CONNECTIONS is at least 1, SIZE at least 8");
  message_size = size;
  pattern = malloc(size);
  received = malloc(size);
  Connection* connections = calloc(count, sizeof *connections);
  require(pattern && received && connections, "memory");
  for (size_t i = 0; i < size; i++) pattern[i] = (unsigned char)(i * 31 + 7);
  for (size_t i = 0; i < count; i++) {
    connections[i].sequence = (uint64_t)i << 32;
    connections[i].written = connections[i].got = size;
  }
  return connections;
}

static inline int new_epoll(void) {
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) fail("epoll_create1");
  return epoll;
}

static inline void watch(int epoll, Connection* c) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event)) fail("epoll_ctl");
}

static inline int in_flight(const Connection* c) { return c->got < message_size; }

static inline void write_message(Connection* c) {
  while (c->written < message_size) {
    memcpy(pattern, &c->sequence, sizeof c->sequence);
    size_t n = put(c, pattern + c->written, message_size - c->written);
    if (n == 0) return;
    c->written += n;
  }
}

static inline void start_message(Connection* c, double now) {
  c->sequence++;
  c->written = c->got = 0;
  c->sent_at = now;
  write_message(c);
}

// Compares what arrived with the part of the message it must be. True when the message is whole.
static inline int read_echo(Connection* c) {
  while (in_flight(c)) {
    size_t n = take(c, received, message_size - c->got);
    if (n == 0) return 0;
    memcpy(pattern, &c->sequence, sizeof c->sequence);
    require(!memcmp(received, pattern + c->got, n), "the echo equals the message");
    c->got += n;
  }
  return 1;
}

// Goes on with an exchange as far as it can. True when the reply is whole, and right.
static inline int proceed_with_echo(Connection* c) {
  write_message(c);
  return read_echo(c);
}

static void (*start_exchange)(Connection*, double) = start_message;
static int (*proceed)(Connection*) = proceed_with_echo;

enum { kBuckets = 100000 };
static uint32_t histogram[kBuckets];  // of microseconds; the last one takes everything above 100 ms

static inline void count_latency(double seconds) {
  unsigned long bucket = (unsigned long)(seconds * 1e6);
  histogram[bucket < kBuckets ? bucket : kBuckets - 1]++;
}

// The latency, in microseconds, that a share of the `count` echoes did not exceed.
static inline unsigned long percentile(uint64_t count, double share) {
  uint64_t seen = 0;
  for (unsigned long i = 0; i < kBuckets; i++) {
    seen += histogram[i];
    if ((double)seen >= (double)count * share) return i + 1;
  }
  return kBuckets;
}

// After a warm-up of 0.3 s it measures for `duration` seconds and prints the result: rate, latency, and the server's own CPU
// time read from the scheduler.
static inline void closed_loop(const char* bench, Connection* connections, size_t count, int epoll, int pid,
                               double duration) {
  double begin = wall_seconds(), start = 0, now = begin, cpu = 0, own = 0;
  for (size_t i = 0; i < count; i++) start_exchange(&connections[i], wall_seconds());
  uint64_t echoes = 0;
  for (;;) {
    struct epoll_event events[256];
    int ready = epoll_wait(epoll, events, 256, 5000);
    now = wall_seconds();
    require(ready > 0, "an echo within 5 s");
    if (start == 0 && now - begin > 0.3) {
      start = now;
      echoes = 0;
      memset(histogram, 0, sizeof histogram);
      cpu = server_cpu(pid);
      own = cpu_seconds();
    }
    if (start > 0 && now - start > duration) break;
    for (int i = 0; i < ready; i++) {
      Connection* c = events[i].data.ptr;
      if (!proceed(c)) continue;
      double t = wall_seconds();
      count_latency(t - c->sent_at);
      echoes++;
      start_exchange(c, t);
    }
  }
  cpu = server_cpu(pid) - cpu;
  printf("RESULT bench=%s-%zu-%zu peer=- ops=%llu s=%.6f cpu=%.6f rss_mib=%.1f p50_us=%lu p99_us=%lu client_cpu=%.3f\n",
         bench, count, message_size, (unsigned long long)echoes, now - start, cpu, server_peak_rss_mib(pid),
         percentile(echoes, 0.5), percentile(echoes, 0.99), cpu_seconds() - own);
}

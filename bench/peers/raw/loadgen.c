// SPDX-License-Identifier: Apache-2.0
// Closed-loop echo load: each connection has one message in flight. Every echo is compared byte by byte. After a
// warm-up of 0.3 s it measures for SECONDS: rate, latency, and the server's own CPU time read from the scheduler.
// usage: loadgen PORT CONNECTIONS SIZE SECONDS SERVER_PID
#include <sys/epoll.h>

#include "server_usage.h"

enum { kBucketMicros = 5, kBuckets = 20000 };
typedef struct {
  int fd;
  size_t written, got;
  uint64_t sequence;
  double sent_at;
} Connection;

static size_t size;
static unsigned char *pattern, *received;  // the first 8 bytes of a message are its sequence number
static uint32_t histogram[kBuckets];       // the last bucket takes everything above 100 ms

static void write_message(Connection* c) {
  while (c->written < size) {
    memcpy(pattern, &c->sequence, sizeof c->sequence);
    ssize_t n = send(c->fd, pattern + c->written, size - c->written, MSG_NOSIGNAL);
    if (n < 0 && errno == EAGAIN) return;
    if (n < 0) fail("send");
    c->written += (size_t)n;
  }
}

static void start_message(Connection* c, double now) {
  c->sequence++;
  c->written = c->got = 0;
  c->sent_at = now;
  write_message(c);
}

// Compares what arrived with the part of the message it must be. True when the message is whole.
static int read_echo(Connection* c) {
  for (;;) {
    ssize_t n = recv(c->fd, received, size - c->got, 0);
    if (n < 0 && errno == EAGAIN) return 0;
    if (n < 0) fail("recv");
    require(n > 0, "the server keeps the connection");
    memcpy(pattern, &c->sequence, sizeof c->sequence);
    require(!memcmp(received, pattern + c->got, (size_t)n), "the echo equals the message");
    c->got += (size_t)n;
    if (c->got == size) return 1;
  }
}

static unsigned long percentile(uint64_t count, double share) {
  uint64_t seen = 0;
  for (unsigned long i = 0; i < kBuckets; i++) {
    seen += histogram[i];
    if ((double)seen >= (double)count * share) return (i + 1) * kBucketMicros;
  }
  return kBuckets * kBucketMicros;
}

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  int port = atoi(argv[1]), count = atoi(argv[2]), pid = atoi(argv[5]);
  size = strtoul(argv[3], NULL, 10);
  double duration = atof(argv[4]);
  require(size >= sizeof(uint64_t), "SIZE is at least 8");
  pattern = malloc(size);
  received = malloc(size);
  Connection* connections = calloc((size_t)count, sizeof *connections);
  require(pattern && received && connections, "memory");
  for (size_t i = 0; i < size; i++) pattern[i] = (unsigned char)(i * 31 + 7);

  int epoll = epoll_create1(EPOLL_CLOEXEC);
  for (int i = 0; i < count; i++) {
    Connection* c = &connections[i];
    c->fd = connect_loopback(port);
    c->sequence = (uint64_t)i << 32;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event)) fail("epoll_ctl");
  }
  double begin = wall_seconds(), start = 0, now = begin, cpu = 0, own = 0;
  for (int i = 0; i < count; i++) start_message(&connections[i], wall_seconds());
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
      write_message(c);
      if (!read_echo(c)) continue;
      double t = wall_seconds();
      unsigned long bucket = (unsigned long)((t - c->sent_at) * 1e6 / kBucketMicros);
      histogram[bucket < kBuckets ? bucket : kBuckets - 1]++;
      echoes++;
      start_message(c, t);
    }
  }
  cpu = server_cpu(pid) - cpu;
  printf(
      "RESULT bench=echo-%d-%zu peer=- ops=%llu s=%.6f cpu=%.6f rss_mib=%.1f p50_us=%lu p99_us=%lu client_cpu=%.3f\n",
      count, size, (unsigned long long)echoes, now - start, cpu, server_rss(pid), percentile(echoes, 0.5),
      percentile(echoes, 0.99), cpu_seconds() - own);
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
// Many connections held at once, each with an echo now and then. It fills the step, lets each connection echo once at full
// speed, then at a steady rate: ECHOES in all, RATE a second, in an order drawn once, so that what the server touches is
// not what it touched before. It prints what a connection took to accept and to echo, and the server's memory for each.
// usage: connections_load PORT SERVER_PID CONNECTIONS ECHOES RATE
#include <poll.h>
#include <sys/prctl.h>

#include "echo_load.h"

// Connections or echoes the server may be behind. Its queue has room for more, and a connection that found it full would wait
// a second; loopback drops packets, for which TCP waits longer and longer, where one core queues a thousand.
enum { kMessage = 64, kBehind = 256, kAtOnce = 64 };
// Less than half of the ports there are by default: connect() tries each second one first, and where it took all of those
// already each further connection costs a walk through them.
enum { kPerSource = 12000 };

static void echo_now(Connection* c) {
  start_message(c, wall_seconds());
  for (struct pollfd ready = {.fd = c->fd, .events = POLLIN}; !read_echo(c);)
    require(poll(&ready, 1, 5000) > 0, "an echo within 5 s");
}

// Connections are accepted in their order, so the echo of the last one says that all are.
static void fill(Connection* connections, size_t count, int epoll, int port) {
  for (size_t i = 0; i < count; i++) {
    Connection* c = &connections[i];
    c->fd = connect_loopback_from((uint32_t)(1 + i / kPerSource), port);
    if (i % kBehind == kBehind - 1 || i == count - 1) echo_now(c);
    watch(epoll, c);
  }
}

// The connections by a shuffle that is the same in every run.
static Connection** shuffled(Connection* connections, size_t count) {
  Connection** order = malloc(count * sizeof *order);
  require(order != NULL, "memory");
  uint64_t state = 88172645463325252ULL;
  for (size_t i = 0; i < count; i++) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    size_t j = (size_t)(state % (i + 1));
    order[i] = order[j];
    order[j] = &connections[i];
  }
  return order;
}

// One message after the other is due, each 1 / rate seconds after the one before. It waits where its connection has one in
// flight or `at_once` are under way.
static void echo_in_turn(Connection** order, size_t count, int epoll, uint64_t echoes, double rate, uint64_t at_once) {
  const double begin = wall_seconds();
  for (uint64_t sent = 0, done = 0; done < echoes;) {
    double due = 0;
    int held = 0;
    for (; sent < echoes; sent++) {
      Connection* c = order[sent % count];
      const double now = wall_seconds();
      due = begin + (double)sent / rate - now;
      held = sent - done >= at_once || in_flight(c);
      if (due > 0 || held) break;
      start_message(c, now);
    }
    const int pause = sent < echoes && !held;  // what ends the wait is the clock, or an echo
    const double wait = pause ? due : 5;
    struct timespec timeout = {.tv_sec = (time_t)wait, .tv_nsec = (long)((wait - (double)(time_t)wait) * 1e9)};
    struct epoll_event events[256];
    int ready = epoll_pwait2(epoll, events, 256, &timeout, NULL);
    if (ready < 0) fail("epoll_pwait2");
    require(ready > 0 || pause, "an echo within 5 s");
    for (int i = 0; i < ready; i++) {
      Connection* c = events[i].data.ptr;
      if (!in_flight(c)) continue;  // it can be written to
      write_message(c);
      if (!read_echo(c)) continue;
      count_latency(wall_seconds() - c->sent_at);
      done++;
    }
  }
}

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  const int port = atoi(argv[1]), pid = atoi(argv[2]), epoll = new_epoll();
  const size_t count = strtoul(argv[3], NULL, 10);
  const uint64_t echoes = strtoull(argv[4], NULL, 10);
  const double rate = atof(argv[5]);
  require(echoes > 0 && rate > 0, "ECHOES and RATE are positive");
  prctl(PR_SET_TIMERSLACK, 1UL);
  Connection* connections = make_connections(count + 1, kMessage);

  connections[count].fd = connect_loopback(port);  // what a server makes for its first connection is not the others'
  echo_now(&connections[count]);
  const Memory before = server_memory(pid);
  double cpu = server_cpu(pid), start = wall_seconds();
  fill(connections, count, epoll, port);
  const double fill_seconds = wall_seconds() - start, fill_cpu = server_cpu(pid) - cpu;

  Connection** order = shuffled(connections, count);
  echo_in_turn(order, count, epoll, count, 1e9, kAtOnce);
  memset(histogram, 0, sizeof histogram);
  cpu = server_cpu(pid);
  start = wall_seconds();
  echo_in_turn(order, count, epoll, echoes, rate, kBehind);
  const double seconds = wall_seconds() - start;
  cpu = server_cpu(pid) - cpu;
  const Memory after = server_memory(pid);
  printf("RESULT bench=connections-%zu peer=- ops=%llu s=%.6f cpu=%.6f rss_mib=%.1f accepts_per_s=%.0f accept_cpu_us=%.3f "
         "p50_us=%lu p99_us=%lu bytes_each=%.0f private_each=%.0f\n",
         count, (unsigned long long)echoes, seconds, cpu, server_peak_rss_mib(pid), (double)count / fill_seconds,
         fill_cpu / (double)count * 1e6, percentile(echoes, 0.5), percentile(echoes, 0.99),
         (after.resident - before.resident) / (double)count, (after.unshared - before.unshared) / (double)count);
  return 0;
}

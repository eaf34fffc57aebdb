// SPDX-License-Identifier: Apache-2.0
// The runtime cases that libuv has: timers, idle timers, calls from another thread, the thread pool. It has no tasks,
// queues or locks to await.      usage: uv_runtime CASE [N]
#include <uv.h>

#include "../raw/common.h"

static uv_loop_t* loop;
static const char* name;
static long finished, wanted;

static void count_timer(uv_timer_t* timer) {
  (void)timer;
  finished++;
}

static void idle(long n) {
  double rss = peak_rss_mib(), start = wall_seconds(), cpu = cpu_seconds();
  for (long i = 0; i < n; i++) {
    uv_timer_t* timer = malloc(sizeof *timer);
    require(timer != NULL, "memory");
    uv_timer_init(loop, timer);
    uv_update_time(loop);
    uv_timer_start(timer, count_timer, 10000, 0);
  }
  uv_run(loop, UV_RUN_DEFAULT);
  double seconds = wall_seconds() - start;
  require(finished == n, "every timer fired");
  char extra[128];
  snprintf(extra, sizeof extra, "bytes_per_task=%.0f over_s=%.3f", (peak_rss_mib() - rss) * 1048576 / (double)n,
           seconds - 10);
  print_result(name, "libuv", (double)n, seconds, cpu_seconds() - cpu, extra);
}

static void timers(long n) {
  uint64_t random = 0x9E3779B97F4A7C15ULL;
  unsigned* delays = malloc((size_t)n * sizeof *delays);
  require(delays != NULL, "memory");
  for (long i = 0; i < n; i++) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    delays[i] = (unsigned)(random % 1000);
  }
  double start = wall_seconds(), cpu = cpu_seconds();
  uv_timer_t* all = malloc((size_t)n * sizeof *all);
  require(all != NULL, "memory");
  uv_update_time(loop);
  for (long i = 0; i < n; i++) {
    uv_timer_init(loop, &all[i]);
    uv_timer_start(&all[i], count_timer, delays[i], 0);
  }
  long cancelled = 0;
  for (long i = 0; i < n; i++)
    if (i % 10) {
      uv_timer_stop(&all[i]);
      cancelled++;
    }
  double start_cancel = wall_seconds() - start;
  uv_run(loop, UV_RUN_DEFAULT);
  require(finished + cancelled == n && cancelled == n - (n + 9) / 10, "each timer fired or was cancelled");
  char extra[64];
  snprintf(extra, sizeof extra, "start_cancel_s=%.3f", start_cancel);
  print_result(name, "libuv", (double)n, wall_seconds() - start, cpu_seconds() - cpu, extra);
}

// uv_async_send coalesces wake-ups, so a list under a mutex carries the calls.
typedef struct Call {
  struct Call* next;
  void (*run)(void);
} Call;

static uv_mutex_t mutex;
static Call *head, **tail = &head;
static uv_async_t wake;

static void count_call(void) { finished++; }

static void run_calls(uv_async_t* handle) {
  uv_mutex_lock(&mutex);
  Call* call = head;
  head = NULL;
  tail = &head;
  uv_mutex_unlock(&mutex);
  while (call) {
    Call* next = call->next;
    call->run();
    free(call);
    call = next;
  }
  if (finished == wanted) uv_close((uv_handle_t*)handle, NULL);
}

static void send_calls(void* unused) {
  (void)unused;
  for (long i = 0; i < wanted; i++) {
    Call* call = malloc(sizeof *call);
    require(call != NULL, "memory");
    *call = (Call){NULL, count_call};
    uv_mutex_lock(&mutex);
    *tail = call;
    tail = &call->next;
    uv_mutex_unlock(&mutex);
    uv_async_send(&wake);
  }
}

static void xthread(long n) {
  wanted = n;
  uv_mutex_init(&mutex);
  uv_async_init(loop, &wake, run_calls);
  double start = wall_seconds(), cpu = cpu_seconds();
  uv_thread_t caller;
  require(uv_thread_create(&caller, send_calls, NULL) == 0, "uv_thread_create");
  uv_run(loop, UV_RUN_DEFAULT);
  uv_thread_join(&caller);
  require(finished == n, "every call ran");
  print_result(name, "libuv", (double)n, wall_seconds() - start, cpu_seconds() - cpu, "");
}

typedef struct {
  uv_work_t work;
  long next, times, result;
} Worker;

static long sum;

static void add_one(uv_work_t* work) {
  Worker* w = (Worker*)work;
  w->result = w->next + 1;
}

static void work_done(uv_work_t* work, int status) {
  Worker* w = (Worker*)work;
  require(status == 0, "the work was not cancelled");
  sum += w->result;
  finished++;
  if (++w->next < w->times) uv_queue_work(loop, work, add_one, work_done);
}

static void executor(long n) {
  enum { kInFlight = 100 };
  setenv("UV_THREADPOOL_SIZE", "4", 1);
  long times = n / kInFlight;
  double start = wall_seconds(), cpu = cpu_seconds();
  Worker* workers = calloc(kInFlight, sizeof *workers);
  require(workers != NULL, "memory");
  for (int i = 0; i < kInFlight; i++) {
    workers[i].times = times;
    uv_queue_work(loop, &workers[i].work, add_one, work_done);
  }
  uv_run(loop, UV_RUN_DEFAULT);
  require(finished == kInFlight * times && sum == kInFlight * (times * (times + 1) / 2), "the sum of the results");
  print_result(name, "libuv", (double)finished, wall_seconds() - start, cpu_seconds() - cpu, "");
}

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  name = argv[1];
  long given = argc > 2 ? atol(argv[2]) : 0;
  loop = uv_default_loop();
  if (!strcmp(name, "idle")) idle(given > 0 ? given : 1000000);
  else if (!strcmp(name, "timers")) timers(given > 0 ? given : 1000000);
  else if (!strcmp(name, "xthread")) xthread(given > 0 ? given : 1000000);
  else if (!strcmp(name, "executor")) executor(given > 0 ? given : 200000);
  else return 2;
  return 0;
}

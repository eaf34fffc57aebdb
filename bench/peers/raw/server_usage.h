// SPDX-License-Identifier: Apache-2.0
// What a load generator reads about the server it loads: its CPU time and memory, as the kernel counts them.
#pragma once
#include <dirent.h>

#include "common.h"

// Of all threads that live, in the scheduler's nanoseconds.
static inline double server_cpu(int pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/task", pid);
  DIR* tasks = opendir(path);
  if (!tasks) fail("the server's tasks");
  double seconds = 0;
  for (struct dirent* entry; (entry = readdir(tasks));) {
    if (entry->d_name[0] == '.') continue;
    char file[400];
    snprintf(file, sizeof file, "%s/%s/schedstat", path, entry->d_name);
    FILE* stat = fopen(file, "r");
    unsigned long long nanos = 0;
    if (!stat) continue;
    if (fscanf(stat, "%llu", &nanos) == 1) seconds += (double)nanos * 1e-9;
    fclose(stat);
  }
  closedir(tasks);
  return seconds;
}

static inline double server_peak_rss_mib(int pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/status", pid);
  return (double)kib_in(path, "VmHWM:") / 1024.0;
}

// What the server's own memory holds now, in bytes, counted page by page; the counters of /proc/PID/status lag behind.
typedef struct {
  double resident, unshared;
} Memory;

static inline Memory server_memory(int pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pid);
  return (Memory){.resident = 1024.0 * (double)kib_in(path, "Rss:"),
                  .unshared = 1024.0 * (double)(kib_in(path, "Private_Clean:") + kib_in(path, "Private_Dirty:"))};
}

// SPDX-License-Identifier: Apache-2.0
// Runs a command pinned to the given cores and appends to FILE what it used: wall, CPU, peak RSS, exit status.
// A small process of its own because ru_maxrss starts at the size of the process that forked.
// usage: measure FILE CORES COMMAND [ARG…]     CORES like 0 or 0,1
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "common.h"

static cpu_set_t parse_cores(const char* text) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  for (const char* p = text; *p;) {
    char* end;
    long core = strtol(p, &end, 10);
    require(end != p && core >= 0 && core < CPU_SETSIZE, "CORES is a list of numbers");
    CPU_SET((size_t)core, &cores);
    p = *end == ',' ? end + 1 : end;
  }
  return cores;
}

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  cpu_set_t cores = parse_cores(argv[2]);
  double start = wall_seconds();
  pid_t child = fork();
  if (child < 0) fail("fork");
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (sched_setaffinity(0, sizeof cores, &cores)) fail("sched_setaffinity");
    execvp(argv[3], argv + 3);
    fail(argv[3]);
  }
  int status = 0;
  struct rusage used;
  while (wait4(child, &status, 0, &used) < 0)
    if (errno != EINTR) fail("wait4");
  double seconds = wall_seconds() - start;
  double cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
               (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6;
  int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  FILE* out = fopen(argv[1], "w");
  if (!out) fail(argv[1]);
  fprintf(out, "{\"seconds\": %.6f, \"cpu\": %.6f, \"rss_mib\": %.2f, \"code\": %d}\n", seconds, cpu,
          (double)used.ru_maxrss / 1024.0, code);
  fclose(out);
  return code;
}

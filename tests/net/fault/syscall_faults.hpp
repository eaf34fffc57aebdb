// SPDX-License-Identifier: Apache-2.0
/// \file
/// fail_system_calls: code under test meets errors of the kernel that cannot be brought about.
///
/// The seam is the kernel's own: a seccomp filter hands one system call of one thread to a supervisor, which answers with
/// an error or lets it go on. So what is tested is the code that ships, and the filter is gone with its thread. Calls that
/// io_uring makes inside the kernel are not seen.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <thread>
#include <vector>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace corolla_tests {

/// The calling thread hands its calls of `number` to who reads the descriptor that is returned; -1 where that is denied.
inline int watch_system_call(long number) {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  sock_fprog program{};
  program.len = static_cast<unsigned short>(sizeof filter / sizeof filter[0]);
  program.filter = filter;
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
  return static_cast<int>(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program));
}

/// Runs `body` in a thread of its own, whose first calls of `number` fail with `errors`, one each (0: that one
/// goes on); the later ones succeed or not by themselves. Returns how many calls there were; 0 where the kernel denies all this.
inline std::size_t fail_system_calls(long number, const std::vector<int>& errors, const std::function<void()>& body) {
  std::promise<int> watching;
  auto watched = watching.get_future();
  std::thread thread([&] {
    const int supervisor = watch_system_call(number);
    watching.set_value(supervisor);
    if (supervisor >= 0) body();
  });
  const int supervisor = watched.get();
  std::size_t calls = 0;
  for (pollfd event{supervisor, POLLIN, 0}; supervisor >= 0;) {
    if (::poll(&event, 1, -1) < 0) continue;
    if ((event.revents & POLLIN) == 0) break;  // the thread is gone
    seccomp_notif call{};
    if (::ioctl(supervisor, SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) continue;
    seccomp_notif_resp answer{};
    answer.id = call.id;
    if (calls < errors.size() && errors[calls] != 0) answer.error = -errors[calls];
    else answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    ++calls;
    ::ioctl(supervisor, SECCOMP_IOCTL_NOTIF_SEND, &answer);
  }
  thread.join();
  if (supervisor >= 0) ::close(supervisor);
  return calls;
}

}  // namespace corolla_tests

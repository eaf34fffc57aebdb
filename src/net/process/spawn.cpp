// SPDX-License-Identifier: Apache-2.0
#include "net/process/spawn.hpp"

#include "net/socket/owned_descriptor.hpp"

#include <corolla/runtime/error.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <new>
#include <string_view>

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <unistd.h>

namespace corolla {
inline namespace v0 {

namespace {

constexpr int kFirstOther = 3;

// posix_spawn's functions return an errno, and what they need is memory.
void check(int error) {
  if (error == ENOMEM) throw std::bad_alloc();
  if (error != 0) throw OSError(error, "posix_spawn");
}

class FileActions {
 public:
  FileActions() { check(::posix_spawn_file_actions_init(&actions_)); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  ~FileActions() { ::posix_spawn_file_actions_destroy(&actions_); }

  // On itself it clears FD_CLOEXEC.
  void duplicate(int from, int to) { check(::posix_spawn_file_actions_adddup2(&actions_, from, to)); }
  void change_directory(const std::string& path) {
    check(::posix_spawn_file_actions_addchdir_np(&actions_, path.c_str()));
  }
  void close(int descriptor) { check(::posix_spawn_file_actions_addclose(&actions_, descriptor)); }
  void close_from(int first) { check(::posix_spawn_file_actions_addclosefrom_np(&actions_, first)); }
  [[nodiscard]] const posix_spawn_file_actions_t* get() const noexcept { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

class Attributes {
 public:
  explicit Attributes(const SubprocessOptions& options) {
    check(::posix_spawnattr_init(&attributes_));
    short flags = 0;
    if (options.start_new_session) flags |= POSIX_SPAWN_SETSID;
    if (options.process_group) {
      flags |= POSIX_SPAWN_SETPGROUP;
      ::posix_spawnattr_setpgroup(&attributes_, *options.process_group);
    }
    if (options.restore_signals) {
      flags |= POSIX_SPAWN_SETSIGDEF;
      sigset_t defaults{};
      ::sigemptyset(&defaults);
      ::sigaddset(&defaults, SIGPIPE);
      ::sigaddset(&defaults, SIGXFSZ);
      ::posix_spawnattr_setsigdefault(&attributes_, &defaults);
    }
    ::posix_spawnattr_setflags(&attributes_, flags);
  }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  ~Attributes() { ::posix_spawnattr_destroy(&attributes_); }
  [[nodiscard]] const posix_spawnattr_t* get() const noexcept { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

void refuse_nul(std::string_view text, const char* what) {
  if (text.find('\0') != std::string_view::npos) throw ValueError(std::string(what) + " contains a NUL byte");
}

std::vector<std::string> environment_of(const SubprocessOptions& options) {
  std::vector<std::string> lines;
  for (const auto& [name, value] : *options.env) {
    if (name.empty() || name.find('=') != std::string::npos)
      throw ValueError("illegal name of an environment variable: '" + name + "'");
    lines.push_back(name + "=" + value);
    refuse_nul(lines.back(), "an environment variable");
  }
  return lines;
}

std::string path_of(const SubprocessOptions& options) {
  if (options.env) {
    for (const auto& [name, value] : *options.env)
      if (name == "PATH") return value;
  } else if (const char* path = std::getenv("PATH")) {
    return path;
  }
  return "/bin:/usr/bin";
}

// posix_spawnp would use this process's PATH, and run a file that is no program as a shell script.
std::string find_program(const std::string& name, const SubprocessOptions& options) {
  if (name.find('/') != std::string::npos) return name;
  const std::string path = path_of(options);
  bool forbidden = false;
  for (std::size_t begin = 0; begin <= path.size() && !name.empty();) {
    const std::size_t end = std::min(path.find(':', begin), path.size());
    std::string candidate = path.substr(begin, end - begin);
    candidate = (candidate.empty() ? "." : candidate) + "/" + name;
    begin = end + 1;
    const bool relative = candidate.front() != '/' && !options.cwd.empty();
    const std::string seen_from_here = relative ? options.cwd + "/" + candidate : candidate;
    struct stat about{};
    if (::stat(seen_from_here.c_str(), &about) != 0 || !S_ISREG(about.st_mode)) continue;
    if (::access(seen_from_here.c_str(), X_OK) == 0) return candidate;
    forbidden = true;
  }
  throw OSError(forbidden ? EACCES : ENOENT, "cannot run '" + name + "'");
}

std::vector<char*> pointers_to(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& text : strings) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// Whichever of 0, 1 and 2 leads somewhere else is copied out of the way first, so that no copy overwrites a source.
void redirect(FileActions& actions, const StandardStreams& streams, std::array<OwnedDescriptor, 3>& moved) {
  for (int target = 0; target < kFirstOther; ++target) {
    const auto at = static_cast<std::size_t>(target);
    int source = streams[at];
    if (source < 0) continue;
    if (source < kFirstOther && source != target) {
      moved[at] = OwnedDescriptor(::fcntl(source, F_DUPFD_CLOEXEC, kFirstOther));
      source = moved[at].get();
      if (source < 0) throw OSError(errno, "descriptor " + std::to_string(streams[at]));
    }
    actions.duplicate(source, target);
  }
}

void choose_others(FileActions& actions, const SubprocessOptions& options) {
  std::vector<int> passed = options.pass_fds;
  std::sort(passed.begin(), passed.end());
  if (!passed.empty() && passed.front() < 0) throw ValueError("pass_fds contains a negative number");
  int next = kFirstOther;
  for (const int descriptor : passed) {
    if (descriptor < next) continue;
    for (; options.close_fds && next < descriptor; ++next) actions.close(next);
    actions.duplicate(descriptor, descriptor);
    next = descriptor + 1;
  }
  if (options.close_fds) actions.close_from(next);
}

}  // namespace

int spawn(const std::vector<std::string>& argv, const SubprocessOptions& options, const StandardStreams& streams) {
  if (argv.empty()) throw ValueError("there is no program to run");
  for (const std::string& argument : argv) refuse_nul(argument, "an argument");
  refuse_nul(options.cwd, "cwd");
  std::vector<std::string> environment;
  if (options.env) environment = environment_of(options);
  const std::string program = find_program(argv.front(), options);

  FileActions actions;
  std::array<OwnedDescriptor, 3> moved;
  redirect(actions, streams, moved);
  if (options.stderr_to == Stdio::kStdout) actions.duplicate(STDOUT_FILENO, STDERR_FILENO);
  if (!options.cwd.empty()) actions.change_directory(options.cwd);
  choose_others(actions, options);
  const Attributes attributes(options);

  pid_t child = -1;
  const int error = ::posix_spawn(&child, program.c_str(), actions.get(), attributes.get(), pointers_to(argv).data(),
                                  options.env ? pointers_to(environment).data() : environ);
  if (error == 0) return child;
  struct stat about{};
  const bool no_directory = !options.cwd.empty() && ::stat(options.cwd.c_str(), &about) != 0;
  throw OSError(error, no_directory ? "cannot run in '" + options.cwd + "'" : "cannot run '" + program + "'");
}

}  // namespace v0
}  // namespace corolla

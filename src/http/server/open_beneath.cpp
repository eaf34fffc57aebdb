// SPDX-License-Identifier: Apache-2.0
#include "http/server/open_beneath.hpp"

#include <corolla/http/percent.hpp>
#include <corolla/runtime/error.hpp>

#include <atomic>
#include <cerrno>
#include <optional>
#include <system_error>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace corolla::inline v0::http {

namespace {

// O_NONBLOCK: opening a FIFO must not wait; it means nothing for regular files.
constexpr int kReading = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

OpenResult opened(int descriptor) {
  if (descriptor < 0) return OpenResult(errno);
  try {
    return OpenResult(OpenFile(descriptor));
  } catch (const OSError& error) {
    return OpenResult(error.code().value());
  }
}

}  // namespace

// -- OpenFile -------------------------------------------------------------------------------------------------------

OpenFile::OpenFile(int descriptor) : descriptor_(descriptor) {
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) {
    const int error = errno;
    close();
    throw OSError(error, "fstat");
  }
  kind_ = S_ISREG(status.st_mode) ? Kind::kRegular : S_ISDIR(status.st_mode) ? Kind::kDirectory : Kind::kOther;
  size_ = static_cast<std::uint64_t>(status.st_size);
  mtime_ns_ = std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
}

OpenFile OpenFile::open(const std::string& path) {
  const int descriptor = ::open(path.c_str(), kReading);
  if (descriptor < 0) throw OSError(errno, path);
  return OpenFile(descriptor);
}

OpenFile& OpenFile::operator=(OpenFile&& other) noexcept {
  if (this != &other) {
    close();
    descriptor_ = std::exchange(other.descriptor_, -1);
    kind_ = std::exchange(other.kind_, Kind::kNone);
    size_ = other.size_;
    mtime_ns_ = other.mtime_ns_;
  }
  return *this;
}

void OpenFile::close() noexcept {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

// -- beneath --------------------------------------------------------------------------------------------------------

OpenResult open_beneath(int directory, const std::string& path) {
  static std::atomic<bool> missing{false};
  if (missing.load(std::memory_order_relaxed)) return open_beneath_by_steps(directory, path);
  open_how how{};
  how.flags = static_cast<unsigned>(kReading);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  // EAGAIN: something was renamed meanwhile, so that the kernel could not be sure; a few attempts are enough for anything
  // but an attack.
  for (int attempt = 0;; ++attempt) {
    const long descriptor = ::syscall(SYS_openat2, directory, path.empty() ? "." : path.c_str(), &how, sizeof how);
    if (descriptor >= 0) return opened(static_cast<int>(descriptor));
    if (errno == ENOSYS || errno == EPERM) {  // EPERM: a seccomp filter that does not know the call
      missing.store(true, std::memory_order_relaxed);
      return open_beneath_by_steps(directory, path);
    }
    if ((errno != EAGAIN && errno != EINTR) || attempt == 16) return OpenResult(errno);
  }
}

OpenResult open_beneath_by_steps(int directory, std::string_view path) {
  std::optional<OpenFile> parent;
  for (;;) {
    const auto slash = path.find('/');
    const bool last = slash == std::string_view::npos;
    std::string name(path.substr(0, slash));
    if (name.empty()) name = ".";
    if (name == "..") return OpenResult(EXDEV);
    const int flags = last ? kReading | O_NOFOLLOW : O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    OpenResult result = opened(::openat(parent ? parent->descriptor() : directory, name.c_str(), flags));
    if (last || result.error != 0) return result;
    parent.emplace(std::move(result.file));
    path.remove_prefix(slash + 1);
  }
}

OpenResult open_following_links(int directory, const std::string& path) {
  return opened(::openat(directory, path.empty() ? "." : path.c_str(), kReading));
}

bool relative_path(std::string_view encoded, bool hidden, std::string& path) {
  path.clear();
  if (!encoded.starts_with('/')) return false;
  encoded.remove_prefix(1);
  for (bool first = true;; first = false) {
    const auto slash = encoded.find('/');
    const bool last = slash == std::string_view::npos;
    const std::string_view segment = encoded.substr(0, slash);
    const std::size_t begin = path.size();
    if (segment.find('%') == std::string_view::npos) path += segment;
    else path += percent_decode(segment);
    const std::string_view name = std::string_view(path).substr(begin);
    if (name.empty() && !last) return false;
    if (name == "." || name == "..") return false;
    if (name.find('/') != std::string_view::npos || name.find('\0') != std::string_view::npos) return false;
    if (!hidden && name.starts_with('.') && !(first && name == ".well-known")) return false;
    if (last) return true;
    path += '/';
    encoded.remove_prefix(slash + 1);
  }
}

}  // namespace corolla::inline v0::http

// SPDX-License-Identifier: Apache-2.0
#include <corolla/runtime/error.hpp>

#include "crawl/store_lock.hpp"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace corolla::inline v0::crawl {
namespace {

bool is_same_file(int descriptor, const std::string& path) {
  struct stat held = {};
  struct stat present = {};
  return ::fstat(descriptor, &held) == 0 && ::stat(path.c_str(), &present) == 0 && held.st_dev == present.st_dev &&
         held.st_ino == present.st_ino;
}

}  // namespace

StoreLock::StoreLock(const std::string& database_path) : path_(database_path + "-lock") {
  // The owner removes the file while it holds the lock; whoever locked the removed one in between starts again.
  do {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor_ < 0) throw OSError(errno, "cannot write " + database_path);
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      const int error = errno;
      ::close(descriptor_);
      if (error == EWOULDBLOCK) throw RuntimeError(database_path + " is in use by another crawl");
      throw OSError(error, "cannot lock " + path_);
    }
  } while (!is_same_file(descriptor_, path_));
}

StoreLock::StoreLock(StoreLock&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

StoreLock::~StoreLock() {
  if (descriptor_ < 0) return;
  ::unlink(path_.c_str());
  ::close(descriptor_);
}

}  // namespace corolla::inline v0::crawl

// SPDX-License-Identifier: Apache-2.0
#include <corolla/crawl/jsonl.hpp>
#include <corolla/runtime/error.hpp>

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace corolla::inline v0::crawl {
namespace {

int open_file(const std::string& path) {
  int descriptor = -1;
  do {
    descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_APPEND, 0666);
  } while (descriptor < 0 && errno == EINTR);
  if (descriptor < 0) throw OSError(errno, "cannot open " + path + " for writing");
  return descriptor;
}

}  // namespace

JsonlFile::JsonlFile(std::string path, std::optional<std::uint64_t> committed)
    : path_(std::move(path)), descriptor_(open_file(path_)) {
  try {
    struct stat status = {};
    if (::fstat(descriptor_, &status) != 0) throw OSError(errno, "cannot examine " + path_);
    regular_ = S_ISREG(status.st_mode);
    if (!regular_) return;
    const auto present = static_cast<std::uint64_t>(status.st_size);
    if (!committed && present > 0)
      throw ValueError(path_ + " has content that this crawl did not write; remove it or choose another file");
    if (present < committed.value_or(0))
      throw ValueError(path_ + " has " + std::to_string(present) + " bytes where this crawl wrote " +
                       std::to_string(*committed) + "; restore it or choose another file");
    truncate(committed.value_or(0));
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

JsonlFile::JsonlFile(JsonlFile&& other) noexcept
    : path_(std::move(other.path_)),
      size_(other.size_),
      descriptor_(std::exchange(other.descriptor_, -1)),
      regular_(other.regular_) {}

JsonlFile& JsonlFile::operator=(JsonlFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(size_, other.size_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(regular_, other.regular_);
  return *this;
}

JsonlFile::~JsonlFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void JsonlFile::write(std::string_view lines) {
  const std::uint64_t before = size_;
  while (!lines.empty()) {
    const ssize_t written = ::write(descriptor_, lines.data(), lines.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int error = errno;
      if (regular_ && ::ftruncate(descriptor_, static_cast<off_t>(before)) == 0) size_ = before;
      throw OSError(error, "cannot write " + path_);
    }
    size_ += static_cast<std::uint64_t>(written);
    lines.remove_prefix(static_cast<std::size_t>(written));
  }
}

void JsonlFile::sync() {
  if (regular_ && ::fdatasync(descriptor_) != 0) throw OSError(errno, "cannot sync " + path_);
}

void JsonlFile::truncate(std::uint64_t size) {
  if (!regular_) return;
  if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) throw OSError(errno, "cannot truncate " + path_);
  size_ = size;
}

}  // namespace corolla::inline v0::crawl

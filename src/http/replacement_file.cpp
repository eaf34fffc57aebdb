// SPDX-License-Identifier: Apache-2.0
#include "http/replacement_file.hpp"

#include <corolla/runtime/error.hpp>

#include <cerrno>
#include <cstdio>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace corolla::inline v0::http {

ReplacementFile::ReplacementFile(std::string path)
    : path_(std::move(path)),
      name_(path_ + ".new"),
      descriptor_(::open(name_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)) {
  if (descriptor_ < 0) throw OSError(errno, "open " + name_);
}

ReplacementFile::~ReplacementFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(name_.c_str());
}

void ReplacementFile::write(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw OSError(errno, "write " + name_);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void ReplacementFile::commit() {
  if (::fsync(descriptor_) != 0) throw OSError(errno, "fsync " + name_);
  if (::rename(name_.c_str(), path_.c_str()) != 0) throw OSError(errno, "rename " + name_ + " to " + path_);
  ::close(descriptor_);
  descriptor_ = -1;
}

}  // namespace corolla::inline v0::http

// SPDX-License-Identifier: Apache-2.0
#include "corolla/output_file.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

namespace corolla::app {

OutputFile::OutputFile(const std::string& path, bool append)
    : path_(path), file_(path.empty() ? stdout : std::fopen(path.c_str(), append ? "ab" : "wb")) {
  if (file_ == nullptr) fail();
}

OutputFile::~OutputFile() {
  if (file_ != nullptr && file_ != stdout) std::fclose(file_);
}

void OutputFile::write(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) fail();
  // Who reads along in a pipe need not wait for more.
  if (file_ == stdout && std::fflush(file_) != 0) fail();
}

void OutputFile::close() {
  std::FILE* file = std::exchange(file_, nullptr);
  if ((file == stdout ? std::fflush(file) : std::fclose(file)) != 0) fail();
}

void OutputFile::fail() const {
  throw OutputError((path_.empty() ? "standard output" : path_) + ": " + std::strerror(errno));
}

}  // namespace corolla::app

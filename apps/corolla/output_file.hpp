// SPDX-License-Identifier: Apache-2.0
/// \file
/// OutputFile: where a body goes, a file or standard output.
#pragma once

#include <corolla/runtime/error.hpp>

#include <cstdio>
#include <string>
#include <string_view>

namespace corolla::app {

/// What should be written cannot be.
class OutputError : public Error {
 public:
  using Error::Error;
};

class OutputFile {
 public:
  /// "" is standard output. OutputError.
  OutputFile(const std::string& path, bool append);
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile();

  /// OutputError.
  void write(std::string_view bytes);
  /// Everything was written. OutputError.
  void close();

 private:
  [[noreturn]] void fail() const;

  std::string path_;
  std::FILE* file_;
};

}  // namespace corolla::app

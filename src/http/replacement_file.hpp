// SPDX-License-Identifier: Apache-2.0
/// \file
/// ReplacementFile: a file written beside the one whose place it takes at last.
#pragma once

#include <string>
#include <string_view>

namespace corolla::inline v0::http {

/// Only its owner can read it. Destroyed without commit() it is gone, and the old one is what it was.
class ReplacementFile {
 public:
  /// OSError.
  explicit ReplacementFile(std::string path);
  ReplacementFile(const ReplacementFile&) = delete;
  ReplacementFile& operator=(const ReplacementFile&) = delete;
  ~ReplacementFile();
  /// OSError.
  void write(std::string_view bytes) const;
  /// OSError.
  void commit();

 private:
  const std::string path_;
  const std::string name_;
  int descriptor_;
};

}  // namespace corolla::inline v0::http

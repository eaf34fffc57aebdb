// SPDX-License-Identifier: Apache-2.0
// The lines a program prints.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace conformance {

/// At most kMaxLines events; the line that would be one more is the mark of truncation, and the last.
class Trace {
 public:
  static constexpr std::size_t kMaxLines = 2000;

  /// False when nothing can be written any more.
  [[nodiscard]] bool write(std::string line) {
    if (!closed_ && lines_.size() == kMaxLines) end("TRUNCATED");
    if (closed_) return false;
    lines_.push_back(std::move(line));
    return true;
  }
  /// A last line, whatever the limit.
  void end(std::string line) {
    if (!closed_) lines_.push_back(std::move(line));
    closed_ = true;
  }
  void close() noexcept { closed_ = true; }
  [[nodiscard]] bool closed() const noexcept { return closed_; }

  /// What is wrong with the interpreter or the library rather than an event: a line no expected trace has.
  void add_error(std::string line) {
    lines_.push_back(std::move(line));
    closed_ = in_error_ = true;
  }
  /// A line that is no event, after the trace.
  void add_note(std::string line) { lines_.push_back(std::move(line)); }
  [[nodiscard]] bool in_error() const noexcept { return in_error_; }
  [[nodiscard]] const std::vector<std::string>& lines() const noexcept { return lines_; }

 private:
  std::vector<std::string> lines_;
  bool closed_ = false;
  bool in_error_ = false;
};

}  // namespace conformance

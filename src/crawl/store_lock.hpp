// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace corolla::inline v0::crawl {

/// Held while a store is open: a lock on PATH-lock, which ends with the process however that ends.
///
/// The database itself is not locked, because closing any descriptor of it would drop the locks that SQLite holds.
class StoreLock {
 public:
  /// Throws RuntimeError when another Store has it.
  explicit StoreLock(const std::string& database_path);
  StoreLock(StoreLock&& other) noexcept;
  StoreLock& operator=(StoreLock&&) = delete;
  ~StoreLock();

 private:
  std::string path_;
  int descriptor_ = -1;
};

}  // namespace corolla::inline v0::crawl

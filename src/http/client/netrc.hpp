// SPDX-License-Identifier: Apache-2.0
/// \file
/// Netrc: the credentials of a .netrc file, as curl, ftp and aiohttp read it.
///
/// Words with white space between: `machine NAME` or `default`, then `login`, `password` and `account` with a word each; `macdef`
/// with all up to an empty line is passed over, and so is what stands behind a word that begins with '#' on its line. A word may
/// stand in double quotes, with \", \\, \n, \r and \t in it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace corolla::inline v0::http {

class Netrc {
 public:
  static constexpr std::size_t kLargestFile = std::size_t{1} << 20U;

  Netrc() = default;
  /// ValueError names the line that is wrong.
  explicit Netrc(std::string_view text);
  /// The file that the environment names: $NETRC, or .netrc in $HOME. One that is not there is empty. OSError, ValueError.
  [[nodiscard]] static Netrc of_environment();
  /// The value of Authorization for a host; empty: none. The first entry of its name, else the default.
  [[nodiscard]] const std::string& authorization(std::string_view host) const noexcept;

 private:
  struct Entry {
    std::string machine;
    std::string authorization;
    bool is_default = false;
  };
  std::vector<Entry> entries_;
};

}  // namespace corolla::inline v0::http

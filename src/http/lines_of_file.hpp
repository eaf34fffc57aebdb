// SPDX-License-Identifier: Apache-2.0
/// \file
/// read_lines: a file of others, line by line.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace corolla::inline v0::http {

/// Calls `take` with each line, without its LF or CR LF, until it says false: then, and for a line above 16 KiB or after
/// 100,000 of them, ValueError with the path, the line's number and `complaint`. A file that is not there has no lines.
/// OSError.
void read_lines(const std::string& path, std::string_view complaint,
                const std::function<bool(std::string_view line)>& take);

}  // namespace corolla::inline v0::http

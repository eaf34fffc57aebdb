// SPDX-License-Identifier: Apache-2.0
/// \file
/// Starting a program with posix_spawn.
#pragma once

#include <corolla/net/subprocess.hpp>

#include <array>
#include <string>
#include <vector>

namespace corolla {
inline namespace v0 {

/// Descriptors for a child's 0, 1 and 2; -1: this process's own.
using StandardStreams = std::array<int, 3>;

/// The child's process id. `options` says everything but the standard streams, except that stderr may be kStdout.
/// ValueError, OSError; then there is no child.
[[nodiscard]] int spawn(const std::vector<std::string>& argv, const SubprocessOptions& options,
                        const StandardStreams& streams);

}  // namespace v0
}  // namespace corolla

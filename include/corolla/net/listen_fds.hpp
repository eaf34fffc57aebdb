// SPDX-License-Identifier: Apache-2.0
/// \file
/// listen_fds: the sockets that systemd, or another supervisor, bound and handed to this process.
///
///     std::vector<Socket> sockets = listen_fds();
///     for (Socket& socket : sockets) co_await runner.start(std::move(socket));
///
/// Source: sd_listen_fds(3). LISTEN_FDS says how many there are, from descriptor 3 on, if LISTEN_PID is this process.
#pragma once

#include <corolla/net/socket.hpp>
#include <corolla/runtime/api.hpp>

#include <vector>

namespace corolla {
inline namespace v0 {

/// In the supervisor's order; none when the environment speaks of none, or to another process. They are closed on exec from now on, and
/// what was said of them leaves the environment, so that child processes do not take it for theirs, and a second call finds none. ValueError
/// for what is no number of descriptors, OSError for a descriptor that is not open (EBADF) or no socket (ENOTSOCK). Not while other
/// threads read the environment.
[[nodiscard]] COROLLA_API std::vector<Socket> listen_fds();

}  // namespace v0
}  // namespace corolla

// SPDX-License-Identifier: Apache-2.0
/// \file
/// Small calls on a socket that several sources need.
#pragma once

#include <corolla/net/address.hpp>

namespace corolla {
inline namespace v0 {

/// Unspecified when the socket is not connected (any more).
[[nodiscard]] SocketAddress peer_of(int descriptor) noexcept;
[[nodiscard]] SocketAddress local_address_of(int descriptor) noexcept;
/// TCP_NODELAY; a failure is no one's business.
void set_no_delay(int descriptor) noexcept;
/// A stream socket for `address`, closed on exec; the descriptor or -errno.
[[nodiscard]] int open_stream_socket(const SocketAddress& address, bool nonblocking) noexcept;
/// Whether its calls return at once, as Backend::nonblocking_sockets asks for; 0 or -errno.
int set_nonblocking(int descriptor, bool on) noexcept;
/// The kernel's AF_ constant.
[[nodiscard]] int family_constant(SocketAddress::Family family) noexcept;

}  // namespace v0
}  // namespace corolla

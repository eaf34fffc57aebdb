// SPDX-License-Identifier: Apache-2.0
/// \file
/// add_reader, add_writer and their counterparts: callbacks for descriptors that other libraries read and write.
///
/// Source: asyncio's loop.add_reader and add_writer. The callback runs in the loop once an iteration while the descriptor
/// is ready (level triggered). Take the callback away before the descriptor is closed. Not thread safe.
#pragma once

#include <corolla/runtime/api.hpp>

#include <functional>

namespace corolla {
inline namespace v0 {

/// Calls `callback` whenever `descriptor` can be read, or its peer is gone. Replaces an earlier callback. Needs the running
/// loop. RuntimeError when the descriptor belongs to a stream, a transport or a server, and with epoll while a task waits in
/// sock_recv or its kin for it; OSError when the kernel cannot wait for it (EPERM for regular files). What the callback
/// throws goes to the loop's exception handler.
COROLLA_API void add_reader(int descriptor, std::function<void()> callback);
/// As add_reader, when it can be written.
COROLLA_API void add_writer(int descriptor, std::function<void()> callback);
/// False when there was no such callback. It is not called any more, not even if it was due.
COROLLA_API bool remove_reader(int descriptor) noexcept;
COROLLA_API bool remove_writer(int descriptor) noexcept;

}  // namespace v0
}  // namespace corolla

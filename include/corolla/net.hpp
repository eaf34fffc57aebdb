// SPDX-License-Identifier: Apache-2.0
/// \file
/// The network: addresses, name look-up, streams, TLS, servers.
#pragma once

#include <corolla/net/address.hpp>
#include <corolla/net/byte_stream.hpp>
#include <corolla/net/connect.hpp>
#include <corolla/net/create_connection.hpp>
#include <corolla/net/create_server.hpp>
#include <corolla/net/datagram.hpp>
#include <corolla/net/detached_stream.hpp>
#include <corolla/net/dns.hpp>
#include <corolla/net/fd_watch.hpp>
#include <corolla/net/file.hpp>
#include <corolla/net/listen_fds.hpp>
#include <corolla/net/pipe.hpp>
#include <corolla/net/protocol.hpp>
#include <corolla/net/resolver.hpp>
#include <corolla/net/server.hpp>
#include <corolla/net/signals.hpp>
#include <corolla/net/sock.hpp>
#include <corolla/net/socket.hpp>
#include <corolla/net/stream_reader.hpp>
#include <corolla/net/stream_writer.hpp>
#include <corolla/net/streams.hpp>
#include <corolla/net/subprocess.hpp>
#include <corolla/net/subprocess_protocol.hpp>
#include <corolla/net/tls.hpp>
#include <corolla/net/tls_connection.hpp>
#include <corolla/net/tls_context.hpp>
#include <corolla/net/tls_error.hpp>
#include <corolla/net/transport.hpp>

// SPDX-License-Identifier: Apache-2.0
/// \file
/// TlsWire: where OpenSSL gets records from and puts them, in place of a socket.
///
/// Where the kernel is to encrypt it is the one OpenSSL directs (kernel_tls.hpp).
///
/// It reads right out of a ReceiveBuffer, so that received records are not copied once more on their way, and writes into
/// a string, so that the records of one call leave with one system call.
#pragma once

#include "net/tls/kernel_tls.hpp"

#include <corolla/net/receive_buffer.hpp>

#include <cstdint>
#include <memory>
#include <string>

#include <openssl/bio.h>

namespace corolla {
inline namespace v0 {

struct TlsWire {
  TlsWire(ReceiveBuffer& in, StreamState& below) noexcept : input(in), stream(below) {}
  ReceiveBuffer& input;
  std::string output;
  StreamState& stream;                // below
  std::unique_ptr<KernelTls> kernel;  // where the kernel is to encrypt, if it can
  std::uint8_t next_record = 0;       // its type, when it is no data and the kernel encrypts
};

/// For SSL_set_bio(); `wire` must outlive it. Null when memory is out.
[[nodiscard]] BIO* make_wire_bio(TlsWire& wire) noexcept;

/// Sends what was written to the stream below. What that throws, and nothing is left to send.
void send_records(TlsWire& wire);

}  // namespace v0
}  // namespace corolla

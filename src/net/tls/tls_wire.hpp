// SPDX-License-Identifier: Apache-2.0
/// \file
/// TlsWire: where OpenSSL gets records from and puts them, in place of a socket.
///
/// It reads right out of a ReceiveBuffer, so that received records are not copied once more on their way, and writes into
/// a string, so that the records of one call leave with one system call.
#pragma once

#include <corolla/net/receive_buffer.hpp>

#include <string>

#include <openssl/bio.h>

namespace corolla {
inline namespace v0 {

struct TlsWire {
  explicit TlsWire(ReceiveBuffer& in) noexcept : input(in) {}
  ReceiveBuffer& input;
  std::string output;
};

/// For SSL_set_bio(); `wire` must outlive it. Null when memory is out.
[[nodiscard]] BIO* make_wire_bio(TlsWire& wire) noexcept;

/// Takes what was written, in a string that lends its memory from the thread; give_back() returns that.
[[nodiscard]] std::string take_records(TlsWire& wire) noexcept;
void give_back_records(std::string records) noexcept;

}  // namespace v0
}  // namespace corolla

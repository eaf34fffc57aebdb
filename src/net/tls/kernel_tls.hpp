// SPDX-License-Identifier: Apache-2.0
/// \file
/// KernelTls: lets the kernel encrypt what a TLS stream sends (kTLS), under OpenSSL's direction.
///
/// OpenSSL offers its keys for sending to the BIO below it, once, when the handshake comes to the keys of the data. From the
/// moment they are accepted it writes data as it is, and announces the type of every record that is no data: of an alert, a
/// ticket, TLS 1.2's Finished. The kernel makes records of what the socket is sent; a record of another type takes a call of
/// its own. So two things have to be seen to. Before the keys: each byte that OpenSSL encrypted itself has to be the
/// kernel's already, else they are declined, and all goes on as without. After them: a record that is no data keeps its place
/// behind the data that was sent before it. It waits here until all that is out, and the stream sends nothing while one waits.
///
/// Receiving stays OpenSSL's. New keys for sending (KeyUpdate) are refused: kernels before 6.14 cannot take them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>

namespace corolla {
inline namespace v0 {

class SocketState;
class StreamState;

class KernelTls {
 public:
  /// `below` outlives it.
  explicit KernelTls(StreamState& below) noexcept;

  /// It does, since take_keys() said so.
  [[nodiscard]] bool encrypts() const noexcept { return encrypts_; }
  /// OpenSSL's keys for sending, one of Linux's tls12_crypto_info_*; all that was written before was given to the stream
  /// below. False: the kernel, the cipher or the stream below does not serve.
  [[nodiscard]] bool take_keys(const void* keys) noexcept;

  /// Sends a record that is no data, behind what the stream below was given. False for a message that cannot be sent:
  /// KeyUpdate. std::bad_alloc.
  [[nodiscard]] bool put(std::uint8_t type, std::string_view record);
  /// A KeyUpdate was to be sent.
  [[nodiscard]] bool keys_refused() const noexcept { return keys_refused_; }
  /// Bytes of records that wait for the data before them.
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }
  /// The stream below moved: sends those whose turn has come.
  void send_waiting() noexcept;

  /// The socket whose sendfile() does for the stream, null while it does not.
  [[nodiscard]] SocketState* socket() const noexcept { return encrypts_ ? socket_ : nullptr; }

 private:
  struct Record {
    std::uint8_t type;
    std::string bytes;
  };
  SocketState* const socket_;  // null: the stream below is none
  bool encrypts_ = false;
  bool keys_refused_ = false;
  std::size_t waiting_ = 0;
  std::list<Record> records_;  // mostly none
};

}  // namespace v0
}  // namespace corolla

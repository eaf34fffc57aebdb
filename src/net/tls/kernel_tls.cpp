// SPDX-License-Identifier: Apache-2.0
#include "net/tls/kernel_tls.hpp"

#include "net/stream/socket_state.hpp"

#include <utility>

#include <linux/tls.h>
#include <openssl/ssl3.h>

namespace corolla {
inline namespace v0 {

namespace {

// RFC 8446, section 4: the type of the handshake message KeyUpdate.
constexpr char kKeyUpdate = 24;

std::size_t size_of(const tls_crypto_info& keys) noexcept {
  switch (keys.cipher_type) {
    case TLS_CIPHER_AES_GCM_128: return sizeof(tls12_crypto_info_aes_gcm_128);
    case TLS_CIPHER_AES_GCM_256: return sizeof(tls12_crypto_info_aes_gcm_256);
    case TLS_CIPHER_CHACHA20_POLY1305: return sizeof(tls12_crypto_info_chacha20_poly1305);
    default: return 0;
  }
}

}  // namespace

KernelTls::KernelTls(StreamState& below) noexcept : socket_(dynamic_cast<SocketState*>(&below)) {}

bool KernelTls::take_keys(const void* keys) noexcept {
  if (encrypts_ || !socket_ || socket_->unsent() > 0 || socket_->send_error()) return false;
  const std::size_t size = size_of(*static_cast<const tls_crypto_info*>(keys));
  encrypts_ = size > 0 && socket_->encrypt_in_kernel(keys, size);
  return encrypts_;
}

bool KernelTls::put(std::uint8_t type, std::string_view record) {
  if (type == SSL3_RT_HANDSHAKE && record.starts_with(kKeyUpdate)) {
    keys_refused_ = true;
    return false;
  }
  records_.push_back({type, std::string(record)});
  waiting_ += record.size();
  send_waiting();
  return true;
}

void KernelTls::send_waiting() noexcept {
  while (!records_.empty() && socket_->unsent() == 0 && !socket_->send_error()) {
    const Record record = std::move(records_.front());
    records_.pop_front();
    waiting_ -= record.bytes.size();
    socket_->send_record(record.type, record.bytes);
  }
}

}  // namespace v0
}  // namespace corolla

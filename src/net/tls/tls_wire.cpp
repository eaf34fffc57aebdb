// SPDX-License-Identifier: Apache-2.0
#include "net/tls/tls_wire.hpp"

#include <corolla/net/stream_state.hpp>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

namespace corolla {
inline namespace v0 {

namespace {

// A buffer for records that the streams of a thread lend each other; one that grew beyond this is not kept.
constexpr std::size_t kMostKept = std::size_t{512} << 10;
thread_local std::string spare;

TlsWire& wire_of(BIO* bio) noexcept { return *static_cast<TlsWire*>(BIO_get_data(bio)); }

int read_wire(BIO* bio, char* out, std::size_t size, std::size_t* got) {
  BIO_clear_retry_flags(bio);
  ReceiveBuffer& input = wire_of(bio).input;
  const std::string_view there = input.unread();
  if (there.empty()) {
    BIO_set_retry_read(bio);
    return 0;
  }
  *got = std::min(size, there.size());
  std::memcpy(out, there.data(), *got);
  input.consume(*got);
  return 1;
}

int write_wire(BIO* bio, const char* bytes, std::size_t size, std::size_t* written) {
  BIO_clear_retry_flags(bio);
  try {
    TlsWire& wire = wire_of(bio);
    if (const std::uint8_t type = std::exchange(wire.next_record, 0); type != 0) {
      send_records(wire);
      if (!wire.kernel->put(type, {bytes, size})) return 0;
      *written = size;
      return 1;
    }
    std::string& output = wire.output;
    if (output.empty() && output.capacity() < spare.capacity()) output = std::exchange(spare, {});
    output.append(bytes, size);
  } catch (...) {  // OpenSSL takes no exceptions; its caller sees a failed write
    return 0;
  }
  *written = size;
  return 1;
}

// OpenSSL's orders to a BIO that can encrypt; openssl/bio.h reserves the numbers, and names those that others may need.
constexpr int kTakeKeys = 72;
constexpr int kNextIsRecord = 74;
constexpr int kNextIsData = 75;

// Nothing may be left of what OpenSSL encrypted itself when the kernel begins to.
bool take_keys(TlsWire& wire, const void* keys) noexcept {
  try {
    send_records(wire);
  } catch (...) {  // out of memory, and part of the handshake is lost
    wire.stream.abort();
    return false;
  }
  return wire.kernel->take_keys(keys);
}

long control_wire(BIO* bio, int command, long number, void* pointer) {
  if (command == BIO_CTRL_FLUSH) return 1;
  TlsWire& wire = wire_of(bio);
  if (!wire.kernel) return 0;
  switch (command) {
    case kTakeKeys: {
      const bool for_sending = number != 0;
      return for_sending && take_keys(wire, pointer) ? 1 : 0;
    }
    case BIO_CTRL_GET_KTLS_SEND: return wire.kernel->encrypts() ? 1 : 0;
    case kNextIsRecord: wire.next_record = static_cast<std::uint8_t>(number); return 1;
    case kNextIsData: wire.next_record = 0; return 1;
    default: return 0;
  }
}

const BIO_METHOD* wire_method() noexcept {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "corolla stream");
    if (made) {
      BIO_meth_set_read_ex(made, read_wire);
      BIO_meth_set_write_ex(made, write_wire);
      BIO_meth_set_ctrl(made, control_wire);
    }
    return made;
  }();
  return method;
}

}  // namespace

BIO* make_wire_bio(TlsWire& wire) noexcept {
  const BIO_METHOD* const method = wire_method();
  BIO* const bio = method ? BIO_new(method) : nullptr;
  if (!bio) return nullptr;
  BIO_set_data(bio, &wire);
  BIO_set_init(bio, 1);
  return bio;
}

void send_records(TlsWire& wire) {
  if (wire.output.empty()) return;
  std::string records = std::exchange(wire.output, {});
  const std::string_view piece = records;
  wire.stream.send(&piece, 1);
  if (records.capacity() > kMostKept || records.capacity() <= spare.capacity()) return;
  records.clear();
  spare = std::move(records);
}

}  // namespace v0
}  // namespace corolla

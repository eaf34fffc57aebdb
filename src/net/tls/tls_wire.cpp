// SPDX-License-Identifier: Apache-2.0
#include "net/tls/tls_wire.hpp"

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
    std::string& output = wire_of(bio).output;
    if (output.empty() && output.capacity() < spare.capacity()) output = std::exchange(spare, {});
    output.append(bytes, size);
  } catch (...) {  // OpenSSL takes no exceptions; its caller sees a failed write
    return 0;
  }
  *written = size;
  return 1;
}

long control_wire(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

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

std::string take_records(TlsWire& wire) noexcept { return std::exchange(wire.output, {}); }

void give_back_records(std::string records) noexcept {
  if (records.capacity() > kMostKept || records.capacity() <= spare.capacity()) return;
  records.clear();
  spare = std::move(records);
}

}  // namespace v0
}  // namespace corolla

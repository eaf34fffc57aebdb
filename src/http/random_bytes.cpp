// SPDX-License-Identifier: Apache-2.0
#include "http/random_bytes.hpp"

#include <corolla/runtime/error.hpp>

#include <openssl/rand.h>

namespace corolla::inline v0::http {

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) != 1)
    throw RuntimeError("no random bytes");
  return bytes;
}

}  // namespace corolla::inline v0::http

// SPDX-License-Identifier: Apache-2.0
#include "http/server/reset_connection.hpp"

#include <sys/socket.h>

namespace corolla::inline v0::http {

void reset_connection(ByteStream& stream) noexcept {
  const struct ::linger at_once{1, 0};
  // In memory there is no descriptor, and on a Unix socket no effect.
  if (stream.descriptor() >= 0)
    static_cast<void>(::setsockopt(stream.descriptor(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once));
  stream.abort();
}

}  // namespace corolla::inline v0::http

// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the tests of https share: contexts of the tests' own authority.
#pragma once

#include "tests/http/client/session_test.hpp"
#include "tests/support/certificates.hpp"

#include <corolla/net/tls_context.hpp>

#include <string>
#include <utility>

namespace corolla::test {

using corolla_tests::authorities;
using corolla_tests::Certificate;

inline TlsContext trusting() {
  TlsContext context = TlsContext::client();
  context.forget_verify_locations();
  context.load_verify_locations("", "", authorities().root.pem());
  return context;
}

inline TlsContext serving(const Certificate& host, const std::string& more = {}) {
  TlsContext context = TlsContext::server();
  context.use_cert_chain(host.pem() + more, host.key_pem());
  return context;
}

inline TlsContext serving() { return serving(authorities().host, authorities().intermediate.pem()); }

inline SessionOptions with(TlsContext context) {
  SessionOptions options;
  options.ssl = std::move(context);
  return options;
}

}  // namespace corolla::test

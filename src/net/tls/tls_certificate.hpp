// SPDX-License-Identifier: Apache-2.0
/// \file
/// Reading certificates, and saying what is wrong with one.
#pragma once

#include <corolla/net/tls_connection.hpp>

#include <string>

#include <openssl/x509.h>

namespace corolla {
inline namespace v0 {

/// What stands in it. std::bad_alloc.
[[nodiscard]] TlsCertificate read_certificate(const X509& certificate);

/// The fault that verification found, in words: `code` is X509_V_ERR_…, `certificate` the one it was found in (null:
/// unknown), `host` the name that was checked.
[[nodiscard]] std::string describe_fault(int code, const X509* certificate, const std::string& host);

}  // namespace v0
}  // namespace corolla

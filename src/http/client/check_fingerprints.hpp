// SPDX-License-Identifier: Apache-2.0
/// \file
/// Whether a server shows the certificate that it must.
#pragma once

#include <corolla/http/fingerprint.hpp>
#include <corolla/net/tls_connection.hpp>

#include <string_view>
#include <vector>

namespace corolla::inline v0::http {

/// ServerFingerprintMismatch when the peer's certificate has none of the fingerprints.
void check_fingerprints(const std::vector<Fingerprint>& wanted, const TlsConnection& tls, std::string_view peer);

}  // namespace corolla::inline v0::http

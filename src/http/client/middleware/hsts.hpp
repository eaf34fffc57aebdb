// SPDX-License-Identifier: Apache-2.0
/// \file
/// The middleware behind SessionOptions::hsts.
#pragma once

#include <corolla/http/client_middleware.hpp>
#include <corolla/http/hsts.hpp>
#include <corolla/net/tls_context.hpp>

#include <memory>

namespace corolla::inline v0::http {

/// Asks by https where the store says so. It learns nothing where the certificate is not verified, or another name's.
[[nodiscard]] ClientMiddleware remember_https(std::shared_ptr<HstsStore> store, const TlsContext& ssl);

}  // namespace corolla::inline v0::http

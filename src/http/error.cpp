// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/error.hpp>

namespace corolla::inline v0::http {

// Out of line, so that each class has one vtable and one type_info however many libraries see it.
ClientError::~ClientError() = default;
ClientConnectionError::~ClientConnectionError() = default;
ClientOSError::~ClientOSError() = default;
ClientConnectorError::~ClientConnectorError() = default;
ClientSSLError::~ClientSSLError() = default;
ClientConnectorCertificateError::~ClientConnectorCertificateError() = default;
ServerDisconnectedError::~ServerDisconnectedError() = default;
ClientPayloadError::~ClientPayloadError() = default;
ContentTooLarge::~ContentTooLarge() = default;
ClientResponseError::~ClientResponseError() = default;
TooManyRedirects::~TooManyRedirects() = default;
ClientHttpProxyError::~ClientHttpProxyError() = default;
ClientProxyConnectionError::~ClientProxyConnectionError() = default;
ContentTypeError::~ContentTypeError() = default;
HttpProtocolError::~HttpProtocolError() = default;
HeaderTooLarge::~HeaderTooLarge() = default;
ServerFingerprintMismatch::~ServerFingerprintMismatch() = default;
ServerTimeoutError::~ServerTimeoutError() = default;
ConnectionTimeoutError::~ConnectionTimeoutError() = default;
SocketTimeoutError::~SocketTimeoutError() = default;
InvalidUrl::~InvalidUrl() = default;
HeaderInjection::~HeaderInjection() = default;

}  // namespace corolla::inline v0::http

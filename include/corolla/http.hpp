// SPDX-License-Identifier: Apache-2.0
/// \file
/// HTTP: the client, the server, URLs and header fields.
#pragma once

#include <corolla/http/accept_websocket.hpp>
#include <corolla/http/access_log.hpp>
#include <corolla/http/app_runner.hpp>
#include <corolla/http/application.hpp>
#include <corolla/http/client_middleware.hpp>
#include <corolla/http/client_options.hpp>
#include <corolla/http/compression.hpp>
#include <corolla/http/cookie.hpp>
#include <corolla/http/cookie_jar.hpp>
#include <corolla/http/error.hpp>
#include <corolla/http/event_source.hpp>
#include <corolla/http/event_stream.hpp>
#include <corolla/http/form_data.hpp>
#include <corolla/http/forwarded.hpp>
#include <corolla/http/headers.hpp>
#include <corolla/http/middleware.hpp>
#include <corolla/http/multipart.hpp>
#include <corolla/http/multipart_reader.hpp>
#include <corolla/http/rate_limit.hpp>
#include <corolla/http/request.hpp>
#include <corolla/http/response.hpp>
#include <corolla/http/retry.hpp>
#include <corolla/http/server_request.hpp>
#include <corolla/http/server_response.hpp>
#include <corolla/http/session.hpp>
#include <corolla/http/state_key.hpp>
#include <corolla/http/static_files.hpp>
#include <corolla/http/test_client.hpp>
#include <corolla/http/url.hpp>
#include <corolla/http/web_server.hpp>
#include <corolla/http/websocket.hpp>
#include <corolla/http/websocket_error.hpp>

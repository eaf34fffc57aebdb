// SPDX-License-Identifier: Apache-2.0
/// \file
/// HTTP: the client, URLs and header fields.
#pragma once

#include <corolla/http/client_options.hpp>
#include <corolla/http/error.hpp>
#include <corolla/http/headers.hpp>
#include <corolla/http/request.hpp>
#include <corolla/http/response.hpp>
#include <corolla/http/session.hpp>
#include <corolla/http/url.hpp>

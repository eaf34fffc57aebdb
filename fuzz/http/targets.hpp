// SPDX-License-Identifier: Apache-2.0
/// \file
/// What is fuzzed in corolla::http. Each function takes any bytes and aborts when something that must hold does not.
/// The fuzzers call one of them each; the test suite replays fuzz/corpus/http/<name>/ through the same functions.
#pragma once

#include <array>
#include <string_view>

namespace corolla::inline v0::http {

void fuzz_url(std::string_view bytes);
void fuzz_response(std::string_view bytes);
void fuzz_request(std::string_view bytes);
void fuzz_chunked(std::string_view bytes);
void fuzz_coding(std::string_view bytes);
void fuzz_multipart(std::string_view bytes);
void fuzz_events(std::string_view bytes);
void fuzz_values(std::string_view bytes);
void fuzz_websocket(std::string_view bytes);
void fuzz_cookie(std::string_view bytes);
void fuzz_routes(std::string_view bytes);
void fuzz_http2(std::string_view bytes);

struct FuzzTarget {
  std::string_view name;
  void (*run)(std::string_view);
};

inline constexpr std::array<FuzzTarget, 12> kFuzzTargets{{{"url", fuzz_url},
                                                          {"response", fuzz_response},
                                                          {"request", fuzz_request},
                                                          {"chunked", fuzz_chunked},
                                                          {"coding", fuzz_coding},
                                                          {"multipart", fuzz_multipart},
                                                          {"events", fuzz_events},
                                                          {"values", fuzz_values},
                                                          {"websocket", fuzz_websocket},
                                                          {"cookie", fuzz_cookie},
                                                          {"routes", fuzz_routes},
                                                          {"http2", fuzz_http2}}};

}  // namespace corolla::inline v0::http

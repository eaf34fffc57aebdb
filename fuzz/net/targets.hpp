// SPDX-License-Identifier: Apache-2.0
/// \file
/// What is fuzzed in corolla::net: the bytes that the peer of a TLS stream sends, in the handshake and afterwards. Each
/// function takes any bytes and aborts when something that must hold does not. The fuzzers call one of them each; the test
/// suite replays fuzz/corpus/net/<name>/ through the same functions.
///
/// The first byte says how the bytes from the fourth on meet those of a real peer (0: there is none, they are all that
/// comes; 1: they come between; 2: instead of as many; 3: combined by exclusive or), the next two where, counted from
/// the connection's beginning.
#pragma once

#include <array>
#include <string_view>

namespace corolla {
inline namespace v0 {

void fuzz_tls_client(std::string_view bytes);
void fuzz_tls_server(std::string_view bytes);

struct FuzzTarget {
  std::string_view name;
  void (*run)(std::string_view);
};

inline constexpr std::array<FuzzTarget, 2> kFuzzTargets{
    {{"tls_client", fuzz_tls_client}, {"tls_server", fuzz_tls_server}}};

}  // namespace v0
}  // namespace corolla

// SPDX-License-Identifier: Apache-2.0
#include "http/websocket/handshake.hpp"

#include <corolla/runtime/error.hpp>

#include "http/base64.hpp"
#include "http/websocket/frame.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>

namespace corolla::inline v0::http {

void check_options(const WebSocketOptions& options) {
  for (const std::string& protocol : options.protocols)
    if (!is_token(protocol)) throw ValueError("no name of a subprotocol: \"" + protocol + "\"");
  for (const int bits : {options.deflate.server_max_window_bits, options.deflate.client_max_window_bits})
    if (bits < 9 || bits > 15) throw ValueError("a window of permessage-deflate has 9 to 15 bits");
  if (options.heartbeat && *options.heartbeat <= std::chrono::nanoseconds(0))
    throw ValueError("a heartbeat needs an interval above zero");
}

std::string make_websocket_key() {
  std::string bytes;
  for (int i = 0; i < 4; ++i) {
    const WsMask part = random_mask();
    bytes.append(reinterpret_cast<const char*>(part.data()), part.size());
  }
  return base64_encode(bytes);
}

bool is_websocket_key(std::string_view key) noexcept {
  // 16 bytes: 22 digits and "==".
  static constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  return key.size() == 24 && key.ends_with("==") &&
         key.substr(0, 22).find_first_not_of(kDigits) == std::string_view::npos;
}

std::string accept_for_key(std::string_view key) {
  static constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  const std::string text = std::string(key) + std::string(kGuid);
  unsigned char digest[SHA_DIGEST_LENGTH];
  if (EVP_Digest(text.data(), text.size(), digest, nullptr, EVP_sha1(), nullptr) != 1)
    throw RuntimeError("OpenSSL has no SHA-1");
  return base64_encode({reinterpret_cast<const char*>(digest), sizeof digest});
}

std::string joined_values(const Headers& headers, std::string_view name) {
  std::string joined;
  for (const std::string_view value : headers.get_all(name)) {
    if (!joined.empty()) joined += ", ";
    joined += value;
  }
  return joined;
}

std::vector<std::string_view> split_list(std::string_view list) {
  std::vector<std::string_view> parts;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    std::string_view part = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    part.remove_prefix(std::min(part.find_first_not_of(" \t"), part.size()));
    part = part.substr(0, part.find_last_not_of(" \t") + 1);
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

}  // namespace corolla::inline v0::http

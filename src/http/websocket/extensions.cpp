// SPDX-License-Identifier: Apache-2.0
#include "http/websocket/extensions.hpp"

#include <corolla/http/headers.hpp>
#include <corolla/http/websocket_error.hpp>

#include <algorithm>
#include <vector>

namespace corolla::inline v0::http {

namespace {

constexpr std::string_view kName = "permessage-deflate";
// More is nothing that anybody who means well asks for.
constexpr std::size_t kMostExtensions = 32;
constexpr std::size_t kMostParameters = 32;

struct Parameter {
  std::string_view name;
  std::optional<std::string_view> value;
};

struct Extension {
  std::string_view name;
  std::vector<Parameter> parameters;
};

[[noreturn]] void refuse(std::string_view why) {
  throw WebSocketError(kWsMandatoryExtension, "Sec-WebSocket-Extensions: " + std::string(why));
}

void skip_space(std::string_view& text) { text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size())); }

bool skip(std::string_view& text, char c) {
  skip_space(text);
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  skip_space(text);
  return true;
}

std::string_view take_token(std::string_view& text) {
  skip_space(text);
  const std::string_view token = text.substr(0, std::min(text.find_first_of(" \t,;=\""), text.size()));
  if (!is_token(token)) refuse("a token is missing");
  text.remove_prefix(token.size());
  return token;
}

// A token, or one in quotes: what stands between the quotes has to be a token, too.
std::string_view take_value(std::string_view& text) {
  if (!skip(text, '"')) return take_token(text);
  const std::size_t end = text.find('"');
  if (end == std::string_view::npos) refuse("a quote is not closed");
  const std::string_view value = text.substr(0, end);
  if (!is_token(value)) refuse("a value is no token");
  text.remove_prefix(end + 1);
  return value;
}

std::vector<Extension> parse(std::string_view text) {
  std::vector<Extension> extensions;
  for (;;) {
    while (skip(text, ',')) {
    }
    skip_space(text);
    if (text.empty()) return extensions;
    if (extensions.size() == kMostExtensions) refuse("too many extensions");
    Extension extension;
    extension.name = take_token(text);
    while (skip(text, ';')) {
      if (extension.parameters.size() == kMostParameters) refuse("too many parameters");
      Parameter parameter;
      parameter.name = take_token(text);
      if (skip(text, '=')) parameter.value = take_value(text);
      extension.parameters.push_back(parameter);
    }
    extensions.push_back(std::move(extension));
    skip_space(text);
    if (!text.empty() && text.front() != ',') refuse("a comma is missing");
  }
}

// "8" to "15", without leading zeros; 0 for anything else.
int window_bits(std::string_view value) {
  if (value.size() == 1 && (value == "8" || value == "9")) return value.front() - '0';
  if (value.size() == 2 && value.front() == '1' && value[1] >= '0' && value[1] <= '5') return 10 + (value[1] - '0');
  return 0;
}

// An extension's parameters taken apart; `valid` is false when one is unknown, doubled or has no value that it may have.
struct DeflateParameters {
  explicit DeflateParameters(const Extension& extension) {
    for (const Parameter& parameter : extension.parameters)
      if (!take(parameter)) return;
    valid = true;
  }
  bool valid = false;
  bool server_no_context_takeover = false;
  bool client_no_context_takeover = false;
  int server_max_window_bits = 0;  // 0: not mentioned
  int client_max_window_bits = 0;
  bool client_bits_without_value = false;

 private:
  bool take(const Parameter& parameter) {
    if (parameter.name == "server_no_context_takeover")
      return !parameter.value && !std::exchange(server_no_context_takeover, true);
    if (parameter.name == "client_no_context_takeover")
      return !parameter.value && !std::exchange(client_no_context_takeover, true);
    if (parameter.name == "server_max_window_bits") return take_bits(parameter, server_max_window_bits);
    if (parameter.name != "client_max_window_bits" || client_bits_without_value) return false;
    if (parameter.value) return take_bits(parameter, client_max_window_bits);
    return client_max_window_bits == 0 && (client_bits_without_value = true);
  }
  static bool take_bits(const Parameter& parameter, int& bits) {
    if (!parameter.value || bits != 0) return false;
    bits = window_bits(*parameter.value);
    return bits != 0;
  }
};

void append_bits(std::string& text, std::string_view name, int bits) {
  text.append("; ").append(name).append("=").append(std::to_string(bits));
}

}  // namespace

std::string offer_deflate(const PerMessageDeflate& options) {
  std::string offer(kName);
  if (options.server_no_context_takeover) offer += "; server_no_context_takeover";
  if (options.client_no_context_takeover) offer += "; client_no_context_takeover";
  if (options.server_max_window_bits < 15) append_bits(offer, "server_max_window_bits", options.server_max_window_bits);
  if (options.client_max_window_bits < 15) append_bits(offer, "client_max_window_bits", options.client_max_window_bits);
  else offer += "; client_max_window_bits";
  return offer;
}

std::optional<DeflateAgreement> choose_deflate(std::string_view offers, const PerMessageDeflate& options,
                                               std::string& answer) {
  for (const Extension& extension : parse(offers)) {
    if (extension.name != kName) continue;
    const DeflateParameters offer(extension);
    if (!offer.valid) continue;
    const bool client_takes_bits = offer.client_max_window_bits != 0 || offer.client_bits_without_value;
    // A limit for the client can be set only where it says that it knows what that is.
    if (options.client_max_window_bits < 15 && !client_takes_bits) continue;
    DeflateAgreement agreed;
    agreed.server_no_context_takeover = options.server_no_context_takeover || offer.server_no_context_takeover;
    agreed.client_no_context_takeover = options.client_no_context_takeover || offer.client_no_context_takeover;
    agreed.server_max_window_bits = options.server_max_window_bits;
    if (offer.server_max_window_bits != 0)
      agreed.server_max_window_bits = std::min(agreed.server_max_window_bits, offer.server_max_window_bits);
    agreed.client_max_window_bits = options.client_max_window_bits;
    if (offer.client_max_window_bits != 0)
      agreed.client_max_window_bits = std::min(agreed.client_max_window_bits, offer.client_max_window_bits);
    answer = kName;
    if (agreed.server_no_context_takeover) answer += "; server_no_context_takeover";
    if (agreed.client_no_context_takeover) answer += "; client_no_context_takeover";
    if (agreed.server_max_window_bits < 15)
      append_bits(answer, "server_max_window_bits", agreed.server_max_window_bits);
    if (client_takes_bits && agreed.client_max_window_bits < 15)
      append_bits(answer, "client_max_window_bits", agreed.client_max_window_bits);
    return agreed;
  }
  return std::nullopt;
}

std::optional<DeflateAgreement> read_deflate_answer(std::string_view answer, const PerMessageDeflate& options) {
  const std::vector<Extension> extensions = parse(answer);
  if (extensions.empty()) return std::nullopt;
  if (!options.enabled || extensions.size() > 1 || extensions.front().name != kName)
    refuse("the server uses an extension that it was not offered");
  const DeflateParameters parameters(extensions.front());
  if (!parameters.valid || parameters.client_bits_without_value)
    refuse("the server's parameters of permessage-deflate are invalid");
  if (options.server_no_context_takeover && !parameters.server_no_context_takeover)
    refuse("the server does not give up its context");
  const int server_bits = parameters.server_max_window_bits != 0 ? parameters.server_max_window_bits : 15;
  if (server_bits > options.server_max_window_bits) refuse("the server's window is larger than allowed");
  DeflateAgreement agreed;
  agreed.server_no_context_takeover = parameters.server_no_context_takeover;
  agreed.client_no_context_takeover = options.client_no_context_takeover || parameters.client_no_context_takeover;
  agreed.server_max_window_bits = server_bits;
  agreed.client_max_window_bits = options.client_max_window_bits;
  if (parameters.client_max_window_bits != 0)
    agreed.client_max_window_bits = std::min(agreed.client_max_window_bits, parameters.client_max_window_bits);
  return agreed;
}

}  // namespace corolla::inline v0::http

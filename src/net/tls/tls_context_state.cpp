// SPDX-License-Identifier: Apache-2.0
#include "net/tls/tls_context_state.hpp"

#include "net/tls/tls_state.hpp"

#include <corolla/net/tls_error.hpp>

#include <algorithm>
#include <cctype>
#include <string_view>

#include <openssl/err.h>

namespace corolla {
inline namespace v0 {

namespace {

// Forward secrecy and authenticated encryption; what a server offers of TLS 1.2.
constexpr const char* kServerCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
// Sessions belong to programs of this library alone.
constexpr std::string_view kSessionIdContext = "corolla";

TlsContextState& state_of(void* argument) noexcept { return *static_cast<TlsContextState*>(argument); }

int choose_alpn(SSL* ssl, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                unsigned int offered_size, void* argument) {
  const std::string& set = state_of(argument).alpn();
  const TlsState* const stream = TlsState::of(ssl);
  const std::string& own = set.empty() && stream ? stream->default_alpn() : set;
  if (own.empty()) return SSL_TLSEXT_ERR_NOACK;
  unsigned char* chosen = nullptr;
  const int result = SSL_select_next_proto(&chosen, out_size, reinterpret_cast<const unsigned char*>(own.data()),
                                           static_cast<unsigned>(own.size()), offered, offered_size);
  if (result != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_NOACK;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

int choose_certificate(SSL* ssl, int*, void* argument) {
  const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
  if (const TlsContextState* named = state_of(argument).named(name)) SSL_set_SSL_CTX(ssl, named->context());
  return SSL_TLSEXT_ERR_OK;
}

int store_session(SSL* ssl, SSL_SESSION* session) {
  TlsState* const stream = TlsState::of(ssl);
  return stream && stream->keep_session(session) ? 1 : 0;
}

// Nobody is asked at a terminal.
int no_password(char*, int, int, void*) { return -1; }

bool same_name(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

}  // namespace

std::string take_openssl_reason() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  if (code == 0) return {};
  if (const char* const reason = ERR_reason_error_string(code)) return reason;
  char text[256];
  ERR_error_string_n(code, text, sizeof text);
  return text;
}

void throw_openssl_error(const std::string& what) {
  std::string reason = take_openssl_reason();
  throw TlsError(reason.empty() ? what : what + ": " + reason, std::move(reason));
}

TlsContextState::TlsContextState(bool is_server)
    : server(is_server), context_(SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method())) {
  if (!context_) throw_openssl_error("no TLS context can be made");
  SSL_CTX* const raw = context_.get();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_options(raw, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(raw, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_default_passwd_cb(raw, no_password);
  if (server) {
    if (SSL_CTX_set_cipher_list(raw, kServerCiphers) != 1) throw_openssl_error("the ciphers of TLS 1.2");
    SSL_CTX_set_options(raw, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);  // tickets keep the state at the client
    SSL_CTX_set_session_id_context(raw, reinterpret_cast<const unsigned char*>(kSessionIdContext.data()),
                                   static_cast<unsigned>(kSessionIdContext.size()));
    SSL_CTX_set_tlsext_servername_callback(raw, choose_certificate);
    SSL_CTX_set_tlsext_servername_arg(raw, this);
    SSL_CTX_set_alpn_select_cb(raw, choose_alpn, this);
  } else {
    SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(raw, store_session);
    resume = true;
  }
}

TlsContextState::TlsContextState(std::shared_ptr<TlsContextState> of, std::string alpn)
    : shared(std::move(of)),
      server(shared->server),
      check_hostname(shared->check_hostname),
      verify_mode(shared->verify_mode),
      alpn_(std::move(alpn)) {}

void TlsContextState::load_default_authorities() {
  const std::lock_guard lock(loading_);
  if (!defaults_wanted_) return;
  ERR_clear_error();
  if (SSL_CTX_set_default_verify_paths(context_.get()) != 1) throw_openssl_error("the system's authorities");
  defaults_wanted_ = false;
}

SslPtr TlsContextState::make_ssl() {
  if (defaults_wanted_) load_default_authorities();
  SslPtr ssl(SSL_new(context_.get()));
  if (!ssl) throw_openssl_error("no TLS connection can be made");
  return ssl;
}

TlsContextState* TlsContextState::named(std::string_view server_name) const noexcept {
  const std::size_t dot = server_name.find('.');
  TlsContextState* wild = nullptr;
  for (const auto& [name, state] : names) {
    if (same_name(name, server_name)) return state.get();
    if (name.starts_with("*.") && dot != std::string_view::npos &&
        same_name(std::string_view(name).substr(1), server_name.substr(dot)))
      wild = state.get();
  }
  return wild;
}

void TlsContextState::set_alpn(std::string protocols) {
  alpn_ = std::move(protocols);
  if (!server && SSL_CTX_set_alpn_protos(context_.get(), reinterpret_cast<const unsigned char*>(alpn_.data()),
                                         static_cast<unsigned>(alpn_.size())) != 0)
    throw_openssl_error("the protocols of ALPN");
}

}  // namespace v0
}  // namespace corolla

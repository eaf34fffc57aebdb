// SPDX-License-Identifier: Apache-2.0
//
// TlsState's beginning, what it tells about itself, and the words of its failures.
#include "net/tls/tls_certificate.hpp"
#include "net/tls/tls_state.hpp"

#include <corolla/net/tls_error.hpp>

#include <cerrno>
#include <new>

#include <openssl/err.h>
#include <openssl/x509v3.h>

namespace corolla {
inline namespace v0 {

namespace {

int own_index() noexcept {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

// OpenSSL's reason for an alert that was received is this much more than the alert's number.
constexpr int kAlertReasons = SSL_AD_REASON_OFFSET;

// RFC 8446, section 6; OpenSSL 3.0 knows no words for the newer ones.
std::string words_of_alert(int number) {
  switch (number) {
    case SSL_AD_INAPPROPRIATE_FALLBACK: return "inappropriate fallback";
    case SSL_AD_MISSING_EXTENSION: return "missing extension";
    case SSL_AD_CERTIFICATE_REQUIRED: return "certificate required";
    default: return SSL_alert_desc_string_long(number);
  }
}

}  // namespace

TlsState::TlsState(ByteStream stream, std::shared_ptr<TlsContextState> context, const TlsOptions& options)
    : StreamState(stream.state()->core()),
      context_(context->shared ? context->shared : context),
      default_alpn_(context->shared ? context->alpn() : std::string()),
      below_(std::move(stream)),
      wire_(below().input(), below()),
      ssl_(context_->make_ssl()),
      shutdown_timeout_(options.shutdown_timeout) {
  BIO* const bio = make_wire_bio(wire_);
  if (!bio) throw std::bad_alloc();
  SSL_set_bio(ssl_.get(), bio, bio);
  if (SSL_get_options(ssl_.get()) & SSL_OP_ENABLE_KTLS) wire_.kernel = std::make_unique<KernelTls>(below());
  SSL_set_ex_data(ssl_.get(), own_index(), this);
  int mode = SSL_VERIFY_NONE;
  if (context_->verify_mode != TlsVerifyMode::kNone) mode = SSL_VERIFY_PEER;
  if (context_->verify_mode == TlsVerifyMode::kRequired) mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  SSL_set_verify(ssl_.get(), mode, verify);
  if (context_->server) SSL_set_accept_state(ssl_.get());
  else set_up_client(options);
  below().set_layer(this);
}

TlsState::~TlsState() {
  if (below_) below().set_layer(nullptr);
  // OpenSSL would take a connection that was just dropped for a sign that its session is not to be trusted.
  if (phase_ == Phase::kOpen) SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

void TlsState::set_up_client(const TlsOptions& options) {
  SSL* const ssl = ssl_.get();
  SSL_set_connect_state(ssl);
  if (context_->alpn().empty() && !default_alpn_.empty() &&
      SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(default_alpn_.data()),
                          static_cast<unsigned>(default_alpn_.size())) != 0)
    throw_openssl_error("the protocols of ALPN");
  hostname_ = options.server_hostname;
  if (!hostname_.empty() && hostname_.back() == '.') hostname_.pop_back();
  if (hostname_.empty()) {
    if (context_->check_hostname) throw ValueError("a context that checks names needs a server_hostname");
    return;
  }
  if (hostname_.find('\0') != std::string::npos) throw ValueError("server_hostname with a zero byte");
  SocketAddress numeric;
  const bool is_numeric = SocketAddress::parse_ip(hostname_, 0, numeric);
  if (!is_numeric && SSL_set_tlsext_host_name(ssl, hostname_.c_str()) != 1)
    throw_openssl_error("server_hostname '" + hostname_ + "'");
  if (context_->check_hostname) {
    X509_VERIFY_PARAM* const rules = SSL_get0_param(ssl);
    X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    const int set = is_numeric ? X509_VERIFY_PARAM_set1_ip_asc(rules, numeric.host().c_str())
                               : X509_VERIFY_PARAM_set1_host(rules, hostname_.data(), hostname_.size());
    if (set != 1) throw ValueError("not a host name: '" + hostname_ + "'");
  }
  if (!context_->resume) return;
  session_key_ = hostname_ + ":" + std::to_string(below_.peername().port());
  if (const SslSessionPtr session = context_->sessions.take(session_key_)) SSL_set_session(ssl, session.get());
}

TlsState* TlsState::of(const SSL* ssl) noexcept { return static_cast<TlsState*>(SSL_get_ex_data(ssl, own_index())); }

void TlsState::start() noexcept { below_received(false); }

bool TlsState::keep_session(SSL_SESSION* session) noexcept {
  if (session_key_.empty() || SSL_SESSION_is_resumable(session) != 1) return false;
  try {
    SslSessionPtr owned(session);
    context_->sessions.put(session_key_, std::move(owned));
  } catch (...) {  // out of memory: one session less; it was freed
  }
  return true;
}

int TlsState::verify(int sound, X509_STORE_CTX* store) {
  if (sound == 1) return 1;
  const auto* const ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  TlsState* const self = ssl ? of(ssl) : nullptr;
  if (!self || !self->fault_.empty()) return 0;
  try {
    self->fault_ =
        describe_fault(X509_STORE_CTX_get_error(store), X509_STORE_CTX_get_current_cert(store), self->hostname_);
  } catch (...) {  // out of memory: refused all the same, in fewer words
  }
  return 0;
}

// -- failures -----------------------------------------------------------------------------------------------------

std::string TlsState::peer() const {
  const std::string address = below_.peername().to_string();
  if (hostname_.empty() || address.starts_with(hostname_)) return address.empty() ? "the peer" : address;
  return address.empty() ? hostname_ : hostname_ + " (" + address + ")";
}

std::exception_ptr TlsState::openssl_failure() noexcept {
  try {
    const bool shaking = phase_ == Phase::kHandshaking;
    const unsigned long code = ERR_peek_last_error();
    const std::string reason = take_openssl_reason();
    const int number = ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0;
    if (shaking && number == SSL_R_CERTIFICATE_VERIFY_FAILED) {
      const int verdict = static_cast<int>(SSL_get_verify_result(ssl_.get()));
      const std::string fault = fault_.empty() ? X509_verify_cert_error_string(verdict) : fault_;
      return std::make_exception_ptr(
          TlsCertificateError("the certificate of " + peer() + " is refused: " + fault, reason, verdict));
    }
    std::string words = reason.empty() ? "the connection broke" : reason;
    if (number >= kAlertReasons) words = "the peer refuses: " + words_of_alert(number - kAlertReasons);
    else if (number == SSL_R_HTTP_REQUEST) words = "the peer speaks plain HTTP (" + reason + ")";
    else if (wire_.kernel && wire_.kernel->keys_refused())
      words = "the peer wants the keys changed, and the kernel keeps those it has";
    else if (answered_in_http_) words = "the peer answers in plain HTTP, not TLS (" + reason + ")";
    return std::make_exception_ptr(
        TlsError((shaking ? "TLS handshake with " : "TLS connection with ") + peer() + " failed: " + words, reason));
  } catch (...) {
    return std::current_exception();
  }
}

// -- about it -----------------------------------------------------------------------------------------------------

std::string_view TlsState::version() const noexcept { return SSL_get_version(ssl_.get()); }

std::string_view TlsState::cipher() const noexcept {
  const SSL_CIPHER* const cipher = SSL_get_current_cipher(ssl_.get());
  return cipher ? std::string_view(SSL_CIPHER_get_name(cipher)) : std::string_view();
}

int TlsState::cipher_bits() const noexcept {
  const SSL_CIPHER* const cipher = SSL_get_current_cipher(ssl_.get());
  return cipher ? SSL_CIPHER_get_bits(cipher, nullptr) : 0;
}

std::string_view TlsState::alpn_protocol() const noexcept {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

bool TlsState::resumed() const noexcept { return SSL_session_reused(ssl_.get()) == 1; }

std::string_view TlsState::server_name() const noexcept {
  const char* const name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
  return name ? std::string_view(name) : std::string_view();
}

std::optional<TlsCertificate> TlsState::peer_certificate() const {
  const X509* const certificate = SSL_get0_peer_certificate(ssl_.get());
  if (!certificate) return std::nullopt;
  return read_certificate(*certificate);
}

}  // namespace v0
}  // namespace corolla

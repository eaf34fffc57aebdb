// SPDX-License-Identifier: Apache-2.0
#include <corolla/net/tls_context.hpp>

#include <corolla/net/tls_error.hpp>

#include "net/tls/tls_context_state.hpp"

#include <cerrno>
#include <climits>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>

#include <openssl/err.h>
#include <openssl/pem.h>

namespace corolla {
inline namespace v0 {

TlsError::~TlsError() = default;
TlsCertificateError::~TlsCertificateError() = default;

namespace {

std::string read_file(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string bytes;
  if (file) bytes.assign(std::istreambuf_iterator<char>(file), {});
  if (!file || file.bad()) throw OSError(errno != 0 ? errno : EIO, "cannot read " + path);
  return bytes;
}

BioPtr reader_of(const std::string& text) {
  if (text.size() > INT_MAX) throw ValueError("a PEM text of more than 2 GiB");
  BioPtr bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  if (!bio) throw_openssl_error("out of memory");
  return bio;
}

// OpenSSL's way to ask for a password; without one nobody is asked.
int give_password(char* out, int size, int, void* argument) {
  const std::string& password = *static_cast<const std::string*>(argument);
  if (password.empty() || password.size() > static_cast<std::size_t>(size)) return -1;
  password.copy(out, password.size());
  return static_cast<int>(password.size());
}

// The next certificate of a PEM text, null at its end.
X509Ptr next_certificate(BIO* text, const std::string& where) {
  ERR_clear_error();
  X509Ptr certificate(PEM_read_bio_X509(text, nullptr, nullptr, nullptr));
  if (!certificate && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
    throw_openssl_error("a bad certificate in " + where);
  ERR_clear_error();
  return certificate;
}

void use_chain(TlsContextState& state, const std::string& certificates, const std::string& where) {
  const BioPtr text = reader_of(certificates);
  const X509Ptr own = next_certificate(text.get(), where);
  if (!own) throw TlsError("no certificate in " + where, "no start line");
  if (SSL_CTX_use_certificate(state.context(), own.get()) != 1) throw_openssl_error("the certificate in " + where);
  SSL_CTX_clear_chain_certs(state.context());
  while (const X509Ptr next = next_certificate(text.get(), where)) {
    if (SSL_CTX_add1_chain_cert(state.context(), next.get()) != 1)
      throw_openssl_error("a certificate of the chain in " + where);
  }
}

void use_key(TlsContextState& state, const std::string& key, const std::string& password, const std::string& where) {
  const BioPtr text = reader_of(key);
  ERR_clear_error();
  const KeyPtr own(PEM_read_bio_PrivateKey(text.get(), nullptr, give_password, const_cast<std::string*>(&password)));
  if (!own) throw_openssl_error("no private key can be read in " + where);
  if (SSL_CTX_use_PrivateKey(state.context(), own.get()) != 1 || SSL_CTX_check_private_key(state.context()) != 1)
    throw_openssl_error("the key in " + where + " is not the certificate's");
}

void add_authorities(TlsContextState& state, const std::string& certificates, const std::string& where) {
  const BioPtr text = reader_of(certificates);
  X509_STORE* const store = SSL_CTX_get_cert_store(state.context());
  int found = 0;
  while (const X509Ptr next = next_certificate(text.get(), where)) {
    if (X509_STORE_add_cert(store, next.get()) != 1) throw_openssl_error("a certificate in " + where);
    ++found;
  }
  if (found == 0) throw TlsError("no certificate in " + where, "no start line");
}

int version_number(TlsVersion version) noexcept {
  return version == TlsVersion::kTls12 ? TLS1_2_VERSION : TLS1_3_VERSION;
}

// Protocols of ALPN: a length, a name, …
std::string on_the_wire(const std::vector<std::string>& protocols) {
  std::string wire;
  for (const std::string& protocol : protocols) {
    if (protocol.empty() || protocol.size() > 255) throw ValueError("a protocol of ALPN has 1 to 255 bytes");
    wire += static_cast<char>(protocol.size());
    wire += protocol;
  }
  if (wire.size() > 65535) throw ValueError("the protocols of ALPN are longer than 65535 bytes");
  return wire;
}

}  // namespace

TlsContext TlsContext::client() {
  TlsContext context(std::make_shared<TlsContextState>(false));
  context.set_check_hostname(true);
  context.load_default_certs();
  return context;
}

TlsContext TlsContext::server() { return TlsContext(std::make_shared<TlsContextState>(true)); }

TlsContext TlsContext::server(const std::string& certfile, const std::string& keyfile) {
  TlsContext context = server();
  context.load_cert_chain(certfile, keyfile);
  return context;
}

bool TlsContext::is_server() const noexcept { return state_ && state_->server; }

TlsContextState& TlsContext::rules() const {
  if (!state_) throw ValueError("an empty TlsContext; TlsContext::client() and server() make one");
  if (state_->shared) throw RuntimeError("what with_default_alpn() gave cannot be configured");
  return *state_;
}

void TlsContext::load_cert_chain(const std::string& certfile, const std::string& keyfile, const std::string& password) {
  rules().sessions.clear();
  const std::string certificates = read_file(certfile);
  use_chain(rules(), certificates, certfile);
  if (keyfile.empty()) use_key(rules(), certificates, password, certfile);
  else use_key(rules(), read_file(keyfile), password, keyfile);
}

void TlsContext::use_cert_chain(const std::string& certificates, const std::string& key, const std::string& password) {
  rules().sessions.clear();
  use_chain(rules(), certificates, "the text given");
  use_key(rules(), key, password, "the text given");
}

void TlsContext::load_verify_locations(const std::string& cafile, const std::string& capath,
                                       const std::string& cadata) {
  if (cafile.empty() && capath.empty() && cadata.empty()) throw ValueError("no authorities are given");
  rules().sessions.clear();
  if (!cafile.empty()) add_authorities(rules(), read_file(cafile), cafile);
  if (!capath.empty() && SSL_CTX_load_verify_dir(rules().context(), capath.c_str()) != 1)
    throw_openssl_error("cannot use the directory " + capath);
  if (!cadata.empty()) add_authorities(rules(), cadata, "the text given");
}

void TlsContext::load_default_certs() {
  rules().sessions.clear();
  rules().want_default_authorities(true);
}

void TlsContext::forget_verify_locations() {
  rules().sessions.clear();
  X509_STORE* const store = X509_STORE_new();
  if (!store) throw_openssl_error("out of memory");
  SSL_CTX_set_cert_store(rules().context(), store);
  rules().want_default_authorities(false);
}

void TlsContext::set_check_hostname(bool check) {
  rules().sessions.clear();
  rules().check_hostname = check;
  if (check) rules().verify_mode = TlsVerifyMode::kRequired;
}

bool TlsContext::check_hostname() const noexcept { return state_ && state_->check_hostname; }

void TlsContext::set_verify_mode(TlsVerifyMode mode) {
  if (mode == TlsVerifyMode::kNone && rules().check_hostname)
    throw ValueError("certificates must be verified as long as names are checked: set_check_hostname(false) first");
  rules().sessions.clear();
  rules().verify_mode = mode;
}

TlsVerifyMode TlsContext::verify_mode() const noexcept { return state_ ? state_->verify_mode : TlsVerifyMode::kNone; }

void TlsContext::set_alpn_protocols(const std::vector<std::string>& protocols) {
  rules().set_alpn(on_the_wire(protocols));
}

TlsContext TlsContext::with_default_alpn(const std::vector<std::string>& protocols) const {
  if (!state_) throw ValueError("an empty TlsContext has no rules to share");
  return TlsContext(
      std::make_shared<TlsContextState>(state_->shared ? state_->shared : state_, on_the_wire(protocols)));
}

void TlsContext::set_minimum_version(TlsVersion version) {
  rules().sessions.clear();
  SSL_CTX_set_min_proto_version(rules().context(), version_number(version));
}

void TlsContext::set_maximum_version(TlsVersion version) {
  rules().sessions.clear();
  SSL_CTX_set_max_proto_version(rules().context(), version_number(version));
}

void TlsContext::set_ciphers(const std::string& ciphers) {
  ERR_clear_error();
  if (SSL_CTX_set_cipher_list(rules().context(), ciphers.c_str()) != 1)
    throw_openssl_error("no cipher can be selected by '" + ciphers + "'");
}

void TlsContext::set_ciphersuites(const std::string& ciphersuites) {
  ERR_clear_error();
  if (SSL_CTX_set_ciphersuites(rules().context(), ciphersuites.c_str()) != 1)
    throw_openssl_error("no cipher suite can be selected by '" + ciphersuites + "'");
}

void TlsContext::set_num_tickets(unsigned count) {
  SSL_CTX_set_num_tickets(rules().context(), count);
  if (count == 0) SSL_CTX_set_options(rules().context(), SSL_OP_NO_TICKET);
  else SSL_CTX_clear_options(rules().context(), SSL_OP_NO_TICKET);
}

void TlsContext::set_session_resumption(bool resume) {
  rules().sessions.clear();
  rules().resume = resume && !rules().server;
}

void TlsContext::set_kernel_tls(bool wanted) {
  if (wanted) SSL_CTX_set_options(rules().context(), SSL_OP_ENABLE_KTLS);
  else SSL_CTX_clear_options(rules().context(), SSL_OP_ENABLE_KTLS);
}

void TlsContext::add_server_name(const std::string& name, const TlsContext& context) {
  if (!is_server() || !context.is_server()) throw ValueError("server names are for contexts of servers");
  if (name.empty()) throw ValueError("a server name must not be empty");
  if (context.state_ == state_) throw ValueError("a context is not its own for another name");
  rules().names.emplace_back(name, context.state_);
}

}  // namespace v0
}  // namespace corolla

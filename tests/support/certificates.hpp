// SPDX-License-Identifier: Apache-2.0
/// \file
/// Certificates for tests, made when they are needed.
#pragma once

#include "net/tls/openssl_ptr.hpp"

#include <ctime>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

namespace corolla_tests {

/// What a certificate shall say.
struct CertificateRequest {
  explicit CertificateRequest(std::string name) : common_name(std::move(name)) {}
  std::string common_name;
  std::string names;  ///< "DNS:localhost,IP:127.0.0.1"; empty: none
  int first_day = -1;
  int last_day = 30;
  bool authority = false;
};

/// A certificate and its key.
class Certificate {
 public:
  /// Signed by `issuer`, or by itself.
  explicit Certificate(const CertificateRequest& request, const Certificate* issuer = nullptr)
      : key_(EVP_EC_gen("P-256")), x509_(X509_new()) {
    check(key_ && x509_);
    X509* const x = x509_.get();
    X509_set_version(x, 2);
    unsigned char serial[16] = {};
    check(RAND_bytes(serial, sizeof serial) == 1);
    serial[0] = 1;
    BIGNUM* const number = BN_bin2bn(serial, sizeof serial, nullptr);
    BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x));
    BN_free(number);
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_time_adj_ex(X509_getm_notBefore(x), request.first_day, 0, nullptr);
    X509_time_adj_ex(X509_getm_notAfter(x), request.last_day, 0, nullptr);
    X509_set_pubkey(x, key_.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(request.common_name.c_str()), -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(issuer ? issuer->x509_.get() : x));
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer ? issuer->x509_.get() : x, x, nullptr, nullptr, 0);
    extend(context, NID_basic_constraints, request.authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    extend(context, NID_subject_key_identifier, "hash");
    if (issuer) extend(context, NID_authority_key_identifier, "keyid");
    if (request.authority) extend(context, NID_key_usage, "critical,keyCertSign,cRLSign");
    if (!request.names.empty()) extend(context, NID_subject_alt_name, request.names);
    check(X509_sign(x, issuer ? issuer->key_.get() : key_.get(), EVP_sha256()) > 0);
  }

  [[nodiscard]] std::string pem() const {
    const corolla::BioPtr out(BIO_new(BIO_s_mem()));
    check(PEM_write_bio_X509(out.get(), x509_.get()) == 1);
    return text_of(out.get());
  }
  [[nodiscard]] std::string key_pem() const {
    const corolla::BioPtr out(BIO_new(BIO_s_mem()));
    check(PEM_write_bio_PrivateKey(out.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
    return text_of(out.get());
  }
  /// Encrypted with a password.
  [[nodiscard]] std::string key_pem(const std::string& password) const {
    const corolla::BioPtr out(BIO_new(BIO_s_mem()));
    check(PEM_write_bio_PKCS8PrivateKey(out.get(), key_.get(), EVP_aes_128_cbc(), password.data(),
                                        static_cast<int>(password.size()), nullptr, nullptr) == 1);
    return text_of(out.get());
  }

 private:
  static void check(bool good) {
    if (!good) throw std::runtime_error("a certificate for a test cannot be made");
  }
  static std::string text_of(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
  }
  void extend(X509V3_CTX& context, int nid, const std::string& value) {
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    check(extension != nullptr);
    X509_add_ext(x509_.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }

  corolla::KeyPtr key_;
  corolla::X509Ptr x509_;
};

inline CertificateRequest authority_request(std::string name) {
  CertificateRequest request(std::move(name));
  request.authority = true;
  return request;
}

inline CertificateRequest host_request(std::string names, int first_day = -1, int last_day = 30) {
  CertificateRequest request("a host of the tests");
  request.names = std::move(names);
  request.first_day = first_day;
  request.last_day = last_day;
  return request;
}

/// An authority, one below it, and a certificate of localhost that the latter signed.
struct Authorities {
  Authorities()
      : root(authority_request("root of the tests")),
        intermediate(authority_request("intermediate of the tests"), &root),
        host(host_request("DNS:localhost,DNS:*.wild.example,IP:127.0.0.1,IP:::1"), &intermediate) {}
  /// What a server shows.
  [[nodiscard]] std::string chain() const { return host.pem() + intermediate.pem(); }
  Certificate root;
  Certificate intermediate;
  Certificate host;
};

inline const Authorities& authorities() {
  static const Authorities made;
  return made;
}

}  // namespace corolla_tests

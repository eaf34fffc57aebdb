// SPDX-License-Identifier: Apache-2.0
#include "net/tls/tls_certificate.hpp"

#include "net/tls/openssl_ptr.hpp"

#include <corolla/net/address.hpp>

#include <array>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <string_view>

#include <arpa/inet.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

namespace corolla {
inline namespace v0 {

namespace {

constexpr std::size_t kMostNamesShown = 5;

std::string printable(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return result;
}

std::string hexadecimal(const unsigned char* bytes, std::size_t size) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

std::string text_of(const X509_NAME* name) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  if (!out || X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0) return {};
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return printable(std::string_view(text, static_cast<std::size_t>(size)));
}

std::chrono::sys_seconds time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return std::chrono::sys_seconds(std::chrono::seconds(::timegm(&parts)));
}

std::string text_of(std::chrono::sys_seconds time) {
  const std::time_t seconds = time.time_since_epoch().count();
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S GMT", &parts)};
}

std::string text_of(const ASN1_STRING* string) {
  return printable({reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
                    static_cast<std::size_t>(ASN1_STRING_length(string))});
}

std::string ip_text(const ASN1_OCTET_STRING* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = ASN1_STRING_length(address) == 4 ? AF_INET : AF_INET6;
  const bool sound = ASN1_STRING_length(address) == 4 || ASN1_STRING_length(address) == 16;
  if (!sound || !::inet_ntop(family, ASN1_STRING_get0_data(address), text.data(), text.size())) return "?";
  return text.data();
}

std::vector<std::string> alternative_names(const X509& certificate) {
  std::vector<std::string> result;
  const std::unique_ptr<GENERAL_NAMES, OpensslFree<GENERAL_NAMES_free>> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME& name = *sk_GENERAL_NAME_value(names.get(), i);
    switch (name.type) {
      case GEN_DNS: result.push_back("DNS:" + text_of(name.d.dNSName)); break;
      case GEN_IPADD: result.push_back("IP Address:" + ip_text(name.d.iPAddress)); break;
      case GEN_EMAIL: result.push_back("email:" + text_of(name.d.rfc822Name)); break;
      case GEN_URI: result.push_back("URI:" + text_of(name.d.uniformResourceIdentifier)); break;
      default: break;
    }
  }
  ERR_clear_error();
  return result;
}

// 'a', 'b' and 3 more: what the certificate is for.
std::string names_of(const X509& certificate) {
  std::string text;
  std::size_t count = 0;
  for (const std::string& name : alternative_names(certificate)) {
    const bool counts = name.starts_with("DNS:") || name.starts_with("IP Address:");
    if (counts && ++count <= kMostNamesShown)
      text += (text.empty() ? "'" : ", '") + name.substr(name.find(':') + 1) + "'";
  }
  if (count > kMostNamesShown) text += " and " + std::to_string(count - kMostNamesShown) + " more";
  return count > 0 ? text : "any name: the certificate has none";
}

}  // namespace

TlsCertificate read_certificate(const X509& certificate) {
  TlsCertificate result;
  result.subject = text_of(X509_get_subject_name(&certificate));
  result.issuer = text_of(X509_get_issuer_name(&certificate));
  result.subject_alt_names = alternative_names(certificate);
  const ASN1_INTEGER* const serial = X509_get0_serialNumber(&certificate);
  result.serial_number =
      hexadecimal(ASN1_STRING_get0_data(serial), static_cast<std::size_t>(ASN1_STRING_length(serial)));
  result.not_before = time_of(X509_get0_notBefore(&certificate));
  result.not_after = time_of(X509_get0_notAfter(&certificate));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (X509_digest(&certificate, EVP_sha256(), digest.data(), &size) == 1)
    result.fingerprint_sha256 = hexadecimal(digest.data(), size);
  const int der_size = i2d_X509(&certificate, nullptr);
  if (der_size > 0) {
    result.der.resize(static_cast<std::size_t>(der_size));
    auto* out = reinterpret_cast<unsigned char*>(result.der.data());
    i2d_X509(&certificate, &out);
  }
  return result;
}

std::string describe_fault(int code, const X509* certificate, const std::string& host) {
  const std::string words = X509_verify_cert_error_string(code);
  if (!certificate) return words;
  switch (code) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return words + " (not after " + text_of(time_of(X509_get0_notAfter(certificate))) + ")";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return words + " (not before " + text_of(time_of(X509_get0_notBefore(certificate))) + ")";
    case X509_V_ERR_HOSTNAME_MISMATCH: return "hostname '" + host + "' does not match " + names_of(*certificate);
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return "IP address '" + host + "' does not match " + names_of(*certificate);
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
      return words + " (issued by '" + text_of(X509_get_issuer_name(certificate)) + "')";
    default: return words;
  }
}

}  // namespace v0
}  // namespace corolla

// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/cookie.hpp>

#include <string>

#include <libpsl.h>

namespace corolla::inline v0::http {

// One label is a public suffix even where the list does not know it, except for names of one's own network.
bool is_public_suffix(std::string_view domain) {
  const std::string name(domain);
  if (name == "localhost") return false;
  return ::psl_is_public_suffix(::psl_builtin(), name.c_str()) != 0;
}

}  // namespace corolla::inline v0::http

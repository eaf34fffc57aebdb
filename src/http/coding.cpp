// SPDX-License-Identifier: Apache-2.0
#include "coding.hpp"

#include <corolla/http/headers.hpp>

namespace corolla::inline v0::http {

namespace {

struct NamedCoding {
  std::string_view name;
  std::unique_ptr<Coding> (*make)();
};

constexpr NamedCoding kCodings[] = {{"gzip", make_gzip_coding},
                                    {"x-gzip", make_gzip_coding},
                                    {"deflate", make_deflate_coding},
                                    {"br", make_brotli_coding},
                                    {"zstd", make_zstd_coding}};

const NamedCoding* find(std::string_view name) noexcept {
  for (const NamedCoding& coding : kCodings)
    if (iequals(name, coding.name)) return &coding;
  return nullptr;
}

}  // namespace

bool is_known_coding(std::string_view name) noexcept { return find(name) != nullptr; }

std::unique_ptr<Coding> make_coding(std::string_view name) {
  const NamedCoding* coding = find(name);
  return coding == nullptr ? nullptr : coding->make();
}

}  // namespace corolla::inline v0::http

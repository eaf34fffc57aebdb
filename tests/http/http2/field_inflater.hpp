// SPDX-License-Identifier: Apache-2.0
/// \file
/// Blocks of fields of HTTP/2, decoded by nghttp2.
#pragma once

#include "tests/http/http2/frames.hpp"

#include <cstddef>
#include <cstdint>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>

#include <nghttp2/nghttp2.h>

namespace corolla_tests {

class FieldInflater {
 public:
  FieldInflater() {
    if (nghttp2_hd_inflate_new(&inflater_) != 0) throw std::bad_alloc();
  }
  FieldInflater(const FieldInflater&) = delete;
  FieldInflater& operator=(const FieldInflater&) = delete;
  ~FieldInflater() { nghttp2_hd_inflate_del(inflater_); }

  /// The fields of one whole block. std::runtime_error when it cannot be decoded.
  Fields inflate(std::string_view block) {
    Fields fields;
    auto* at = reinterpret_cast<const std::uint8_t*>(block.data());
    std::size_t left = block.size();
    for (;;) {
      nghttp2_nv field{};
      int flags = 0;
      const auto used = nghttp2_hd_inflate_hd2(inflater_, &field, &flags, at, left, 1);
      if (used < 0) throw std::runtime_error("a header block that cannot be decoded");
      at += used;
      left -= static_cast<std::size_t>(used);
      if (flags & NGHTTP2_HD_INFLATE_EMIT) {
        fields.emplace_back(std::string(reinterpret_cast<const char*>(field.name), field.namelen),
                            std::string(reinterpret_cast<const char*>(field.value), field.valuelen));
      }
      if (flags & NGHTTP2_HD_INFLATE_FINAL) break;
    }
    nghttp2_hd_inflate_end_headers(inflater_);
    return fields;
  }

 private:
  nghttp2_hd_inflater* inflater_ = nullptr;
};

}  // namespace corolla_tests

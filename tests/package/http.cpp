// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/url.hpp>

int main() {
  const auto base = corolla::http::Url::parse("http://a.example/b/c");
  return corolla::http::Url::parse("../d?q", base).href() == "http://a.example/d?q" ? 0 : 1;
}

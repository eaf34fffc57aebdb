// SPDX-License-Identifier: Apache-2.0
// Each selector of data/selectors.json (written by oracle.py) finds here what parsel found.
#include <corolla/crawl/fields.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

namespace corolla::inline v0::crawl {
namespace {

using nlohmann::json;

std::string read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

json summary(const std::vector<std::string>& values) {
  std::size_t length = 0;
  std::string joined;
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (const char c : values[i]) length += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
    if (i > 0) joined.push_back('\0');
    joined += values[i];
  }
  if (length <= 300) return values;
  std::uint64_t state = 0xCBF29CE484222325U;
  for (const char c : joined) state = (state ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  return json{{"count", values.size()}, {"fnv1a", std::to_string(state)}};
}

TEST(Selectors, FindWhatParselFinds) {
  const json oracle = json::parse(read_file(COROLLA_EXTRACT_DATA "/selectors.json"));
  std::map<std::string, std::string> documents = oracle["documents"];
  for (const std::string page : oracle["pages"]) documents[page] = read_file(COROLLA_PYTHON_DOC "/" + page);
  std::size_t found = 0;
  for (const json& c : oracle["cases"]) {
    FieldSpec spec;
    spec.name = "x";
    spec.kind = c["kind"] == "css" ? FieldKind::kCss : FieldKind::kXPath;
    spec.expression = c["expression"];
    spec.all = true;
    const FieldSet all({spec});
    const std::string& page = documents.at(c["document"]);
    const Extraction extraction = all.extract_utf8(page);
    const FieldValue& value = extraction.fields.at(0);
    EXPECT_EQ(value.error, "") << c;
    EXPECT_EQ(summary(value.values), c["values"]) << c["document"] << ' ' << spec.expression;
    spec.all = false;
    const Extraction first = FieldSet({spec}).extract_utf8(page);
    ASSERT_EQ(first.fields[0].values.size(), value.values.empty() ? 0U : 1U) << c["document"] << ' ' << spec.expression;
    if (!value.values.empty()) {
      EXPECT_EQ(first.fields[0].values[0], value.values[0]) << spec.expression;
      ++found;
    }
  }
  EXPECT_GE(found, 400U);
}

}  // namespace
}  // namespace corolla::inline v0::crawl

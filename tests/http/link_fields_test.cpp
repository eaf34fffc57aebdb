// SPDX-License-Identifier: Apache-2.0
// Fields with parameters: Content-Disposition and Link.
#include <corolla/http/content_disposition.hpp>
#include <corolla/http/link.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace corolla::inline v0::http {
namespace {

TEST(ContentDisposition, NamesOfFieldsAndFiles) {
  struct Given {
    const char* field;
    const char* name;
    const char* filename;  // null: none
  };
  const std::vector<Given> cases = {
      {"form-data; name=\"a\"", "a", nullptr},
      {"Form-Data ;NAME = a ; filename= b.txt", "a", "b.txt"},
      {R"(form-data; name="a \"b\" \\ c; d=e"; filename="")", R"(a "b" \ c; d=e)", ""},
      {R"(form-data; name="a"; filename="C:\folder\file.txt")", "a", R"(C:\folder\file.txt)"},
      {"form-data; name=a; filename=old; filename*=UTF-8''%e2%82%ac%20rates", "a", "\xE2\x82\xAC rates"},
      {"form-data; name=a; filename*=iso-8859-1'en'%A3; filename=old", "a", "\xC2\xA3"},
      {"form-data; name=a; filename*=koi8-r''x; filename=old", "a", "old"},
      {"form-data; name=a; filename*=nonsense", "a", nullptr},
      {"form-data; name=a; name=b; filename=c; filename=d", "a", "c"},
      {"form-data; name=\"unclosed", "unclosed", nullptr},
      {"form-data; name", "", nullptr},
      {";;;=;=x;name=a;", "a", nullptr},
      {"", "", nullptr},
  };
  for (const auto& [field, name, filename] : cases) {
    const ContentDisposition read = ContentDisposition::parse(field);
    EXPECT_EQ(read.parameters.get("name").value_or(""), name) << field;
    EXPECT_EQ(read.parameters.get("FileName").value_or("none"), filename ? filename : "none") << field;
  }
  EXPECT_EQ(ContentDisposition::parse(" Form-Data ; name=a").type, "form-data");
}

TEST(ContentDisposition, FileNamesAreNoPaths) {
  const auto filename = [](const std::string& value) {
    return ContentDisposition::parse("attachment; filename=\"" + value + "\"").filename().value_or("none");
  };
  EXPECT_EQ(filename("report 1.pdf"), "report 1.pdf");
  EXPECT_EQ(filename("/etc/passwd"), "passwd");
  EXPECT_EQ(filename("..\\..\\boot.ini"), "boot.ini");
  EXPECT_EQ(filename("a\\../b"), "b");
  EXPECT_EQ(filename(".bashrc"), "bashrc");
  EXPECT_EQ(filename(" . name. . "), "name");
  EXPECT_EQ(filename(".."), "none");
  EXPECT_EQ(filename("dir/"), "none");
  EXPECT_EQ(filename(""), "none");
  EXPECT_EQ(filename("a\tb\x7f.txt"), "a_b_.txt");
  EXPECT_EQ(filename("\xFF.txt"), "\xEF\xBF\xBD.txt") << "what is no UTF-8 becomes it";
  const auto hidden = ContentDisposition::parse("attachment; filename*=UTF-8''..%2F..%5C%00x").filename();
  EXPECT_EQ(hidden.value_or("none"), "_x") << "percent-encoded separators are separators";
  std::string long_name = "x";
  for (int i = 0; i < 200; ++i) long_name += "\xC3\xA9";
  const std::string cut = filename(long_name);
  EXPECT_EQ(cut, long_name.substr(0, 255)) << "between two characters";
  EXPECT_EQ(filename("y" + long_name), ("y" + long_name).substr(0, 254));
  EXPECT_EQ(ContentDisposition::parse("inline").filename(), std::nullopt);
}

std::string describe_links(const std::string& field, const char* base = "http://example.org/a/b?c") {
  std::string text;
  for (const Link& link : Link::parse(field, Url::parse(base))) {
    text += link.url.href();
    for (const auto& [name, value] : link.parameters.all) text.append(" ").append(name).append("=").append(value);
    text += "|";
  }
  return text;
}

TEST(LinkField, TargetsAndParameters) {
  EXPECT_EQ(describe_links("<next>; rel=next"), "http://example.org/a/next rel=next|");
  EXPECT_EQ(describe_links("<?page=2>; rel=\"next\", </>; REL=\"first  up\" ; crossorigin"),
            "http://example.org/a/b?page=2 rel=next|http://example.org/ rel=first  up crossorigin=|");
  EXPECT_EQ(describe_links("<https://other.example/x,y;z>;title=\"a, \\\"b\\\"; \\c\";rel=alternate"),
            "https://other.example/x,y;z title=a, \"b\"; c rel=alternate|")
      << "commas and semicolons within brackets and quotes";
  EXPECT_EQ(describe_links("<x>; title*=UTF-8'de'n%c3%a4chstes; title=next; rel=a; rel=b"),
            "http://example.org/a/x title=n\xC3\xA4"
            "chstes rel=a|");
  EXPECT_EQ(describe_links(",, <a> , ,<b>;;rel=x;=y"), "http://example.org/a/a|http://example.org/a/b rel=x|");
  EXPECT_EQ(describe_links("<http://[bad>; rel=next, <good>"), "http://example.org/a/good|");
  EXPECT_EQ(describe_links("<a>; rel=\"unclosed, <b>"), "http://example.org/a/a rel=unclosed, <b>|");
  for (const char* none : {"", "next; rel=next", "<a", "rel=next, <a>"}) EXPECT_EQ(describe_links(none), "") << none;
  EXPECT_EQ(describe_links("<a> junk, <b>"), "http://example.org/a/a|") << "what is malformed ends it";
}

TEST(LinkField, Relations) {
  const auto links = Link::parse("<a>; rel=\" next\tHTTP://example.org/REL \"", Url::parse("http://example.org/"));
  ASSERT_EQ(links.size(), 1U);
  EXPECT_TRUE(links[0].has_rel("Next"));
  EXPECT_TRUE(links[0].has_rel("http://example.org/rel"));
  EXPECT_FALSE(links[0].has_rel("nex"));
  EXPECT_FALSE(links[0].has_rel(""));
}

TEST(LinkField, Limits) {
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "<>,";
  EXPECT_EQ(Link::parse(many, Url::parse("http://example.org/")).size(), 256U);
  std::string parameters = "<a>";
  for (int i = 0; i < 1000; ++i) parameters += ";p" + std::to_string(i) + "=";
  const auto links = Link::parse(parameters + ", <b>", Url::parse("http://example.org/"));
  ASSERT_EQ(links.size(), 2U);
  EXPECT_EQ(links[0].parameters.all.size(), 64U);
}

}  // namespace
}  // namespace corolla::inline v0::http

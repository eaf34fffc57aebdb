// SPDX-License-Identifier: Apache-2.0
#include "crawl/engine/page_parser.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace corolla::crawl {
namespace {

ParsedPage parse(std::string body, std::string charset = "utf-8", std::vector<FieldSpec> fields = {},
                 BodyKind kind = BodyKind::kHtml) {
  const http::Url url = http::Url::parse("http://a.example/dir/page?q#f");
  Scope scope;
  scope.add_seed(url);
  PageJob job(std::make_shared<ParserSettings>(std::move(scope), FieldSet(std::move(fields))), url);
  job.kind = kind;
  job.charset = std::move(charset);
  job.body = std::move(body);
  return parse_page(std::move(job));
}

std::vector<std::string> urls_of(const ParsedPage& page) {
  std::vector<std::string> urls;
  for (std::size_t i = 0; i < page.urls.size(); ++i) urls.emplace_back(page.urls[i]);
  return urls;
}

using Urls = std::vector<std::string>;

TEST(PageParser, EachTargetOnce) {
  const ParsedPage page =
      parse("<a href=x><a href='x#1'><a href=./x><a href=/dir/x><a href='#top'><a href=''><a href=%78>");
  EXPECT_EQ(urls_of(page), Urls{"http://a.example/dir/x"});
  EXPECT_EQ(page.found, 6U);  // an empty value is none
}

TEST(PageParser, TheBaseElementHoldsForAllLinks) {
  EXPECT_EQ(urls_of(parse("<a href=x><base href='/other/'><a href=y>")),
            (Urls{"http://a.example/other/x", "http://a.example/other/y"}));
  EXPECT_EQ(urls_of(parse("<base href='http://[bad/'><a href=y>")), Urls{"http://a.example/dir/y"});
  EXPECT_EQ(urls_of(parse("<base href='http://b.example/'><a href=y>")), Urls{});  // out of scope
}

TEST(PageParser, LinksThatAreNoUrlsAreLeftOut) {
  EXPECT_EQ(
      urls_of(parse(
          "<a href='http://[::1/'><a href='http://a b/'><a href='mailto:x@y'><a href='javascript:0'><a href=ok>")),
      Urls{"http://a.example/dir/ok"});
}

TEST(PageParser, LinksAreReadInThePagesCharset) {
  const Urls expected{"http://a.example/%D1%8F"};
  EXPECT_EQ(urls_of(parse("<a href='/\xD1\x8F'>")), expected);
  EXPECT_EQ(urls_of(parse("<a href='/\xD1\x8F'>", "")), expected);
  EXPECT_EQ(urls_of(parse("<a href='/\xFF'>", "windows-1251")), expected);
  EXPECT_EQ(urls_of(parse("<meta charset=koi8-r><a href='/\xD1'>", "")), expected);
  EXPECT_EQ(urls_of(parse("<a href='/\xC4\x8F'>", "latin1")), Urls{"http://a.example/%C3%84%C2%8F"});
}

TEST(PageParser, WidePagesAreDecodedFirst) {
  std::string wide = "\xFF\xFE";
  for (const char c : std::string("<a href='/x'>")) {
    wide += c;
    wide += '\0';
  }
  EXPECT_EQ(urls_of(parse(wide, "")), Urls{"http://a.example/x"});
  EXPECT_EQ(urls_of(parse(wide.substr(2), "utf-16le")), Urls{"http://a.example/x"});
}

TEST(PageParser, StyleSheets) {
  EXPECT_EQ(urls_of(parse("@import 'a.css'; p { background: url(b.png) } <a href=no>", "", {}, BodyKind::kCss)),
            (Urls{"http://a.example/dir/a.css", "http://a.example/dir/b.png"}));
}

TEST(PageParser, FieldsAndTheBodyComeBack) {
  const std::string body = "<title>caf\xE9</title><a href=x>";
  const ParsedPage page = parse(body, "latin1", {FieldSpec::parse("t=css:title")});
  ASSERT_TRUE(page.item);
  EXPECT_EQ(page.item->at(0).values, (std::vector<std::string>{"caf\xC3\xA9"}));
  EXPECT_EQ(page.body, body);
  EXPECT_EQ(urls_of(page), Urls{"http://a.example/dir/x"});
}

TEST(PageParser, ATrapOfLinksIsBounded) {
  std::string body;
  for (int i = 0; i < 150'000; ++i) body += "<a href=" + std::to_string(i) + ">";
  const ParsedPage page = parse(body);
  EXPECT_EQ(page.urls.size(), LinkCollector::kMostLinks);
  EXPECT_EQ(page.found, 150'000U);
}

TEST(PageParser, KindsOfBodies) {
  EXPECT_EQ(kind_of_body("text/html; charset=x", ""), BodyKind::kHtml);
  EXPECT_EQ(kind_of_body("Application/XHTML+xml", ""), BodyKind::kHtml);
  EXPECT_EQ(kind_of_body("TEXT/CSS", ""), BodyKind::kCss);
  EXPECT_EQ(kind_of_body("text/plain", "<html>"), BodyKind::kOther);
  EXPECT_EQ(kind_of_body("", "\n <html>"), BodyKind::kHtml);
  EXPECT_EQ(kind_of_body("", "\xEF\xBB\xBF<!doctype html>"), BodyKind::kHtml);
  EXPECT_EQ(kind_of_body("", "GIF89a"), BodyKind::kOther);
  EXPECT_EQ(kind_of_body("nonsense", "<p>"), BodyKind::kHtml);
}

}  // namespace
}  // namespace corolla::crawl

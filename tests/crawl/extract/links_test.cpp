// SPDX-License-Identifier: Apache-2.0
#include <corolla/crawl/links.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace corolla::inline v0::crawl {
namespace {

using Found = std::vector<std::string>;

Found links(std::string_view html, LinkOptions options = {}) {
  Found out;
  for_each_link(html, [&](const Link& link) { out.emplace_back(link.value); }, options);
  return out;
}

Found described(std::string_view html, LinkOptions options = {}) {
  constexpr std::string_view kKinds[] = {"navigation", "frame", "resource", "stylesheet",
                                         "relation",   "css",   "refresh",  "form"};
  Found out;
  for_each_link(
      html,
      [&](const Link& link) {
        out.push_back(std::string(link.tag) + "[" + std::string(link.attribute) + "]=" + std::string(link.value) + " " +
                      std::string(kKinds[static_cast<std::size_t>(link.kind)]) + (link.nofollow ? " nofollow" : ""));
      },
      options);
  return out;
}

TEST(Links, NamesTagAttributeAndKind) {
  EXPECT_EQ(
      described("<A HREF='/a'>x</A><area href=b><iframe src=c></iframe><frame src=d><img SRC=e><link rel='x "
                "StyleSheet' href=f>"
                "<link rel=icon href=g><object data=h><video poster=i src=j><source src=k><embed src=l><track src=m>"
                "<input type=image src=n><script src=o></script><body background=p><audio src=q>"),
      (Found{"a[href]=/a navigation", "area[href]=b navigation", "iframe[src]=c frame", "frame[src]=d frame",
             "img[src]=e resource", "link[href]=f stylesheet", "link[href]=g relation", "object[data]=h resource",
             "video[poster]=i resource", "video[src]=j resource", "source[src]=k resource", "embed[src]=l resource",
             "track[src]=m resource", "input[src]=n resource", "script[src]=o resource", "body[background]=p resource",
             "audio[src]=q resource"}));
}

TEST(Links, FormsOnlyWhenAsked) {
  const std::string_view html = "<form action=/go><button formaction=/b>";
  EXPECT_EQ(links(html), Found{});
  EXPECT_EQ(described(html, {.css = true, .forms = true}),
            (Found{"form[action]=/go form", "button[formaction]=/b form"}));
}

TEST(Links, DataIsALinkOnObjectsOnly) { EXPECT_EQ(links("<div data=/x><table data=/y><object data=/z>"), Found{"/z"}); }

TEST(Links, DecodesReferencesAndTrims) {
  EXPECT_EQ(links("<a href='?a=1&amp;b=2'><a href=\"?a=1&copy=2&lt\"><a href=' \n x&#46;html '><a href=&#x2f;y><a "
                  "href='?&not;in'>"),
            (Found{"?a=1&b=2", "?a=1&copy=2<", "x.html", "/y", "?\xC2\xACin"}));
}

TEST(Links, OfTwoAttributesOfOneNameTheFirstCounts) {
  EXPECT_EQ(links("<a href=1 HREF=2 src=3 href=4 src=5>"), (Found{"1", "3"}));
  EXPECT_EQ(links("<object data=1 href=2 data=3 icon=4>"), (Found{"1", "2", "4"}));
}

TEST(Links, EmptyOnesAreNone) {
  EXPECT_EQ(links("<a href><a href=''><a href='  '><img src><img srcset=' , '>"), Found{});
}

TEST(Links, NotInCommentsScriptsAndRawText) {
  EXPECT_EQ(
      links("<!-- <a href=1> --><script>'<a href=2>'</script><textarea><a href=3></textarea><title><a href=4></title>"
            "<style>/*<a href=5>*/</style><xmp><a href=6></xmp><iframe><a href=7></iframe><noembed><a href=8></noembed>"
            "<noframes><a href=9></noframes><a href=ok1><noscript><img src=ok2></noscript><template><a "
            "href=ok3></template>"
            "<!DOCTYPE html \"><a href=ok4>\"><?php <a href=no> ?><plaintext></plaintext><a href=10>"),
      (Found{"ok1", "ok2", "ok3", "ok4"}));
}

TEST(Links, ATagThatNeverEndsIsNone) {
  EXPECT_EQ(links("<a href=1><a href=2"), Found{"1"});
  EXPECT_EQ(links("<a href='1><a href=2>"), Found{});
}

TEST(Links, Srcset) {
  EXPECT_EQ(
      links("<img srcset='a.png 1x, b.png 2x'><source srcset=' c,d 100w , e(f,g) 2x,h'><img srcset='data:x,y 1x, i,,'>"
            "<img srcset='j (a, b) 1x, k'><link imagesrcset='l 1x'>"),
      (Found{"a.png", "b.png", "c,d", "e(f,g)", "h", "data:x,y", "i", "j", "k", "l"}));
}

TEST(Links, RefreshOnlyWithATarget) {
  EXPECT_EQ(described("<meta http-equiv=Refresh content='5; URL=/a'><meta http-equiv=refresh content=\"0;url='/b' x\">"
                      "<meta http-equiv=refresh content='5'><meta http-equiv=refresh content='1 , /c'><meta "
                      "http-equiv=refresh content='x;url=/d'>"
                      "<meta http-equiv=refresh content='.5; url = /e'><meta name=refresh content='1;url=/f'>"
                      "<meta http-equiv=refresh content='1;urls/g'>"),
            (Found{"meta[content]=/a refresh", "meta[content]=/b refresh", "meta[content]=/c refresh",
                   "meta[content]=/e refresh", "meta[content]=urls/g refresh"}));
}

TEST(Links, NofollowAndBaseAndRobots) {
  Found out;
  const PageDirectives page = for_each_link(
      "<a href=1 rel='noopener NoFollow'><base target=x><base href=' /b/ '><base href=/c/><a href=2>"
      "<meta name=ROBOTS content='max-image-preview:large, NoIndex'>",
      [&](const Link& link) { out.push_back(std::string(link.value) + (link.nofollow ? "!" : "")); });
  EXPECT_EQ(out, (Found{"1!", "2"}));
  EXPECT_EQ(page.base, "/b/");
  EXPECT_TRUE(page.noindex);
  EXPECT_FALSE(page.nofollow);
}

TEST(Links, RobotsOfOneRobot) {
  const auto directives = [](std::string_view html, std::string_view robot) {
    const PageDirectives page = for_each_link(html, [](const Link&) {}, {}, robot);
    return std::pair(page.nofollow, page.noindex);
  };
  const std::string_view html = "<meta name=corolla content=none>";
  EXPECT_EQ(directives(html, "corolla"), std::pair(true, true));
  EXPECT_EQ(directives(html, "other"), std::pair(false, false));
  EXPECT_EQ(directives(html, ""), std::pair(false, false));
  EXPECT_EQ(directives("<meta content=nofollow name=robots>", ""), std::pair(true, false));
  EXPECT_EQ(directives("<meta name content=none>", ""), std::pair(false, false));
}

TEST(Links, InStyles) {
  EXPECT_EQ(described("<p style='background:url(&quot;a&quot;)'><style>@import 'b'; p{background:url( c )}</style>"),
            (Found{"p[style]=a css", "style[]=b stylesheet", "style[]=c css"}));
  EXPECT_EQ(links("<p style='background:url(a)'><style>@import 'b'</style>", {.css = false, .forms = false}), Found{});
}

TEST(Links, TooLongOnesAreLeftOut) {
  const std::string ok(64 * 1024, 'a');
  EXPECT_EQ(links("<a href=" + ok + ">").size(), 1U);
  EXPECT_EQ(links("<a href=" + ok + "a><img srcset=" + ok + "a><a href=x>"), Found{"x"});
}

TEST(Links, TheCallbackMayThrow) {
  EXPECT_THROW(for_each_link("<a href=1>", [](const Link&) { throw std::runtime_error("stop"); }), std::runtime_error);
}

Found css(std::string_view text) {
  Found out;
  for_each_css_link(text, [&](const Link& link) {
    out.push_back(std::string(link.value) + (link.kind == LinkKind::kStylesheet ? " import" : ""));
  });
  return out;
}

TEST(CssLinks, UrlsAndImports) {
  EXPECT_EQ(css("@charset 'utf-8'; @import 'a.css'; @import url(b.css) print; @IMPORT\n/* x */ url( \"c.css\" );"
                "p { background: URL(d.png) no-repeat, url('e f.png'); content: 'url(no)'; }"),
            (Found{"a.css import", "b.css import", "c.css import", "d.png", "e f.png"}));
}

TEST(CssLinks, CommentsEscapesAndBadOnes) {
  EXPECT_EQ(css("/* url(no) */ a{b:url(x\\29 y)} c{d:url(\"\\75 rl\")} e{f:url(bad one)} g{h:url(bad'one)} i{j:url()}"
                " k{l:my-url(no)} m{n:url(ok)} o{p:'broken\n url(ok2)} q:url(open"),
            (Found{"x)y", "url", "ok", "ok2"}));
  EXPECT_EQ(css("/* open url(no)"), Found{});
  EXPECT_EQ(css("@import foo 'no'; \\"), Found{});
}

}  // namespace
}  // namespace corolla::inline v0::crawl

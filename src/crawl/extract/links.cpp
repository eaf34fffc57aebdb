// SPDX-License-Identifier: Apache-2.0
// Which attributes hold links is decided attribute by attribute, not tag by tag: pages put href and src on elements that
// have none, and crawlers (wget2 among them) follow those. The length of the attribute's name rejects nearly all others.
#include <corolla/crawl/links.hpp>

#include "crawl/extract/ascii.hpp"
#include "crawl/extract/html_tokenizer.hpp"
#include "crawl/extract/references.hpp"

#include <span>

namespace corolla::inline v0::crawl {

namespace {

constexpr std::size_t kLongestLink = 64 * 1024;

enum class Role { kNone, kLink, kSrcset, kStyle };

struct KnownAttribute {
  std::string_view name;
  Role role;
};

/// The attribute in its lower-case spelling, if it can hold a link.
KnownAttribute known_attribute(std::string_view name) {
  const auto link_if = [&](std::string_view known, Role role = Role::kLink) {
    return equals_ignoring_case(name, known) ? KnownAttribute{known, role} : KnownAttribute{{}, Role::kNone};
  };
  switch (name.size()) {
    case 3: return link_if("src");
    case 4:
      if (const char first = to_lower(name[0]); first == 'h') return link_if("href");
      else if (first == 'd') return link_if("data");
      return link_if("icon");
    case 5: return link_if("style", Role::kStyle);
    case 6:
      if (const char first = to_lower(name[0]); first == 's') return link_if("srcset", Role::kSrcset);
      else if (first == 'p') return link_if("poster");
      return link_if("action");
    case 8: return to_lower(name[0]) == 'l' ? link_if("longdesc") : link_if("manifest");
    case 10:
      if (const char first = to_lower(name[0]); first == 'x') return link_if("xlink:href");
      else if (first == 'b') return link_if("background");
      return link_if("formaction");
    case 11: return link_if("imagesrcset", Role::kSrcset);
    default: return {{}, Role::kNone};
  }
}

bool has_token(std::string_view list, std::string_view also, std::string_view token) {
  bool found = false;
  for_each_word(list, also, [&](std::string_view word) { found = found || equals_ignoring_case(word, token); });
  return found;
}

/// The URL of a refresh directive: "5; url=/next". Empty if it only reloads.
std::string_view refresh_target(std::string_view content) {
  std::size_t i = 0;
  const auto skip_spaces = [&] {
    while (i < content.size() && is_space(content[i])) ++i;
  };
  skip_spaces();
  const std::size_t digits = i;
  while (i < content.size() && (is_digit(content[i]) || content[i] == '.')) ++i;
  if (i == digits || i == content.size()) return {};
  if (!is_space(content[i]) && content[i] != ';' && content[i] != ',') return {};
  skip_spaces();
  if (i < content.size() && (content[i] == ';' || content[i] == ',')) ++i;
  skip_spaces();
  if (starts_with_ignoring_case(content.substr(i), "url")) {
    const std::size_t before = i;
    i += 3;
    skip_spaces();
    if (i < content.size() && content[i] == '=') {
      ++i;
      skip_spaces();
    } else {
      i = before;
    }
  }
  std::string_view url = content.substr(i);
  if (!url.empty() && (url[0] == '"' || url[0] == '\'')) {
    const std::size_t close = url.find(url[0], 1);
    url = url.substr(1, close == std::string_view::npos ? close : close - 1);
  }
  return trim(url);
}

class LinkFinder {
 public:
  LinkFinder(std::string_view html, const LinkCallback& callback, LinkOptions options, std::string_view robot)
      : tokenizer_(html), callback_(callback), options_(options), robot_(robot) {}

  PageDirectives run() {
    while (tokenizer_.next()) {
      if (tokenizer_.is_end_tag()) continue;
      if (!tokenizer_.attributes().empty()) attributes();
      element_text();
    }
    return std::move(directives_);
  }

 private:
  std::string_view attribute(std::string_view lower_name) {
    for (const HtmlAttribute& a : tokenizer_.attributes()) {
      if (equals_ignoring_case(a.name, lower_name)) return trim(decode_references(a.value, decoded_));
    }
    return {};
  }

  void attributes() {
    tag_known_ = false;
    unsigned seen = 0;  // bits of the roles met: of two attributes of one name the first counts
    const std::span<const HtmlAttribute> all = tokenizer_.attributes();
    for (std::size_t i = 0; i < all.size(); ++i) {
      const KnownAttribute known = known_attribute(all[i].name);
      if (known.role == Role::kNone || all[i].value.empty()) continue;
      const unsigned bit = 1U << (known.name.size() * 2 + (known.name[0] & 1U));
      if ((seen & bit) != 0 && is_repeated(all.first(i), known.name)) continue;
      seen |= bit;
      known_value(known, all[i].value);
    }
    const std::string_view name = tokenizer_.name();
    if (name.size() == 4 && equals_ignoring_case(name, "meta")) meta();
  }

  static bool is_repeated(std::span<const HtmlAttribute> before, std::string_view name) {
    for (const HtmlAttribute& a : before) {
      if (equals_ignoring_case(a.name, name)) return true;
    }
    return false;
  }

  void known_value(KnownAttribute known, std::string_view raw) {
    if (raw.size() > kLongestLink && known.role == Role::kLink) return;
    learn_tag();
    const std::string_view value = trim(decode_references(raw, decoded_));
    if (value.empty()) return;
    switch (known.role) {
      case Role::kLink: link(known.name, value); break;
      case Role::kSrcset: srcset(known.name, value); break;
      case Role::kStyle:
        if (options_.css) css(value, known.name);
        break;
      case Role::kNone: break;
    }
  }

  /// Lower-cases the tag's name once, and only for a tag that has a link.
  void learn_tag() {
    if (tag_known_) return;
    tag_known_ = true;
    tag_.assign(tokenizer_.name().substr(0, 64));
    for (char& c : tag_) c = to_lower(c);
  }

  void link(std::string_view name, std::string_view value) {
    LinkKind kind = LinkKind::kResource;
    bool nofollow = false;
    if (name == "href" || name == "xlink:href") {
      if (tag_ == "base") {
        if (!directives_.base) directives_.base = value;
        return;
      }
      kind = LinkKind::kNavigation;
      const std::string_view rel = raw_attribute("rel");
      if (tag_ == "link") kind = has_token(rel, "", "stylesheet") ? LinkKind::kStylesheet : LinkKind::kRelation;
      nofollow = has_token(rel, "", "nofollow");
    } else if (name == "src" && (tag_ == "iframe" || tag_ == "frame")) {
      kind = LinkKind::kFrame;
    } else if (name == "action" || name == "formaction") {
      if (!options_.forms) return;
      kind = LinkKind::kForm;
    } else if (name == "data" && tag_ != "object") {
      return;
    } else if (name == "longdesc") {
      kind = LinkKind::kNavigation;
    }
    callback_(Link{tag_, name, value, kind, nofollow});
  }

  std::string_view raw_attribute(std::string_view lower_name) const {
    for (const HtmlAttribute& a : tokenizer_.attributes()) {
      if (equals_ignoring_case(a.name, lower_name)) return a.value;
    }
    return {};
  }

  /// Candidates are URLs up to whitespace, each with descriptors up to the next comma outside parentheses.
  void srcset(std::string_view name, std::string_view value) {
    std::size_t i = 0;
    while (true) {
      while (i < value.size() && (is_space(value[i]) || value[i] == ',')) ++i;
      if (i == value.size()) return;
      const std::size_t start = i;
      while (i < value.size() && !is_space(value[i])) ++i;
      std::string_view url = value.substr(start, i - start);
      if (url.back() == ',') {
        while (!url.empty() && url.back() == ',') url.remove_suffix(1);
      } else {
        std::size_t depth = 0;
        for (; i < value.size() && (depth > 0 || value[i] != ','); ++i) {
          if (value[i] == '(') ++depth;
          if (value[i] == ')' && depth > 0) --depth;
        }
      }
      if (!url.empty() && url.size() <= kLongestLink) callback_(Link{tag_, name, url, LinkKind::kResource, false});
    }
  }

  void css(std::string_view text, std::string_view attribute) {
    for_each_css_link(text, [&](const Link& found) {
      if (found.value.size() > kLongestLink) return;
      Link link = found;
      link.tag = tag_;
      link.attribute = attribute;
      callback_(link);
    });
  }

  void meta() {
    const std::string_view name = raw_attribute("name");
    if (equals_ignoring_case(name, "robots") || (!robot_.empty() && equals_ignoring_case(name, robot_))) {
      const std::string_view content = attribute("content");
      const bool none = has_token(content, ",", "none");
      directives_.nofollow = directives_.nofollow || none || has_token(content, ",", "nofollow");
      directives_.noindex = directives_.noindex || none || has_token(content, ",", "noindex");
    } else if (equals_ignoring_case(raw_attribute("http-equiv"), "refresh")) {
      const std::string_view target = refresh_target(attribute("content"));
      if (target.empty() || target.size() > kLongestLink) return;
      callback_(Link{"meta", "content", target, LinkKind::kRefresh, false});
    }
  }

  /// Elements whose text is no markup. noscript is none of them: this reader runs no scripts.
  void element_text() {
    const std::string_view name = tokenizer_.name();
    const auto skip = [&](std::string_view lower_name, TextMode mode) {
      if (equals_ignoring_case(name, lower_name)) tokenizer_.text(mode, lower_name);
    };
    switch (name.size()) {
      case 3: return skip("xmp", TextMode::kRawtext);
      case 5:
        if (equals_ignoring_case(name, "style")) return style();
        return skip("title", TextMode::kRcdata);
      case 6:
        if (equals_ignoring_case(name, "script")) {
          tokenizer_.text(TextMode::kScriptData, "script");
          return;
        }
        return skip("iframe", TextMode::kRawtext);
      case 7: return skip("noembed", TextMode::kRawtext);
      case 8:
        if (equals_ignoring_case(name, "textarea")) return skip("textarea", TextMode::kRcdata);
        return skip("noframes", TextMode::kRawtext);
      case 9: return skip("plaintext", TextMode::kPlaintext);
      default: return;
    }
  }

  void style() {
    const std::string_view text = tokenizer_.text(TextMode::kRawtext, "style");
    if (!options_.css) return;
    tag_ = "style";
    css(text, {});
  }

  HtmlTokenizer tokenizer_;
  const LinkCallback& callback_;
  LinkOptions options_;
  std::string_view robot_;
  PageDirectives directives_;
  std::string decoded_;
  std::string tag_;
  bool tag_known_ = false;
};

}  // namespace

PageDirectives for_each_link(std::string_view html, const LinkCallback& callback, LinkOptions options,
                             std::string_view robot) {
  return LinkFinder(html, callback, options, robot).run();
}

}  // namespace corolla::inline v0::crawl

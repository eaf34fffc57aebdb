// SPDX-License-Identifier: Apache-2.0
/// \file
/// The links of a page, found by one pass over its bytes: no tree is built and nothing is allocated for a page without
/// character references in its links.
///
/// All functions are synchronous and pure: call them from any thread, side by side. They report links as written;
/// resolving them against the page's URL is corolla::http's work. They accept any bytes and never fail: what is not HTML
/// has no links.
///
/// Source: HTML standard, sections 13.2.5 (tokenization), 4.8.4.2 (srcset), 4.2.5.3 (refresh); CSS Syntax Level 3.
#pragma once

#include <corolla/runtime/api.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace corolla::inline v0::crawl {

enum class LinkKind : std::uint8_t {
  kNavigation,  ///< a, area, and href on any element not named below
  kFrame,       ///< iframe, frame
  kResource,    ///< img, script, source, video, audio, embed, track, object, input: what the page shows
  kStylesheet,  ///< link rel=stylesheet, and @import in CSS
  kRelation,    ///< link with any other rel (icon, next, canonical, alternate ...)
  kCss,         ///< url(...) in a style element, a style attribute or a style sheet
  kRefresh,     ///< meta http-equiv=refresh
  kForm,        ///< form action, button and input formaction; only with LinkOptions::forms
};

/// The views are valid during the callback only.
struct Link {
  std::string_view tag;        ///< lower case; empty for a style sheet
  std::string_view attribute;  ///< lower case; empty for the text of a style element or sheet
  std::string_view value;      ///< character references decoded, surrounding whitespace removed; never empty
  LinkKind kind;
  bool nofollow;  ///< this link's own rel says nofollow
};

using LinkCallback = std::function<void(const Link&)>;

struct LinkOptions {
  bool css = true;     ///< look into style elements and style attributes
  bool forms = false;  ///< report where forms are sent
};

/// What a page says about all its links.
struct PageDirectives {
  /// The first base element's href. It holds for the links before it, too, so resolve them after the call.
  std::optional<std::string> base;
  bool nofollow = false;  ///< meta name=robots says nofollow or none
  bool noindex = false;   ///< meta name=robots says noindex or none
};

/// Calls `callback` for each link of `html`, in order of appearance. Bytes in any encoding that extends ASCII will do,
/// for the tags are ASCII; decode to UTF-8 first (charset.hpp) when the links themselves are not. A link longer than
/// 64 KiB is left out.
/// `robot` is a second meta name whose robots directives count, in lower case.
/// An exception thrown by the callback passes through.
COROLLA_API PageDirectives for_each_link(std::string_view html, const LinkCallback& callback, LinkOptions options = {},
                                         std::string_view robot = {});

/// Calls `callback` for each url(...) and @import of a style sheet. Comments, strings and escapes are respected.
COROLLA_API void for_each_css_link(std::string_view css, const LinkCallback& callback);

}  // namespace corolla::inline v0::crawl

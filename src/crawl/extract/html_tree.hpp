// SPDX-License-Identifier: Apache-2.0
// An HTML tree that grows as bytes are fed, and XPath on it: the few functions behind which libxml2 stands.
#pragma once

#include <libxml/HTMLparser.h>
#include <libxml/xpath.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace corolla::inline v0::crawl {

/// Not thread safe; any number may work side by side.
class HtmlTree {
 public:
  HtmlTree();
  ~HtmlTree();
  HtmlTree(const HtmlTree&) = delete;
  HtmlTree& operator=(const HtmlTree&) = delete;

  /// `utf8` must be well-formed and free of NUL.
  void feed(std::string_view utf8);
  void finish();

  [[nodiscard]] bool has_root() const noexcept;
  /// The parser has given up: it reads nothing any more.
  [[nodiscard]] bool is_stopped() const noexcept { return stopped_; }
  /// Whether nothing that is fed later can change the node's value.
  [[nodiscard]] bool is_complete(const xmlNode* node) const noexcept;
  [[nodiscard]] xmlDoc* document() const noexcept { return context_->myDoc; }

 private:
  htmlParserCtxt* context_;
  bool stopped_ = false;
};

/// What an XPath gave: nodes in document order, or one string for a number, boolean or string.
struct XPathResult {
  std::unique_ptr<xmlXPathObject, void (*)(xmlXPathObject*)> object{nullptr, &xmlXPathFreeObject};
  std::optional<std::string> scalar;
  std::string error;

  [[nodiscard]] std::size_t size() const noexcept {
    return object && object->nodesetval != nullptr ? static_cast<std::size_t>(object->nodesetval->nodeNr) : 0;
  }
  [[nodiscard]] xmlNode* node(std::size_t i) const noexcept { return object->nodesetval->nodeTab[i]; }
};

/// A compiled XPath 1.0 expression. libxml2 writes to one while evaluating it, so each thread needs its own.
class XPathExpression {
 public:
  /// Throws SelectorError.
  explicit XPathExpression(const std::string& xpath);

  [[nodiscard]] XPathResult evaluate(xmlDoc* document) const;

 private:
  std::unique_ptr<xmlXPathCompExpr, void (*)(xmlXPathCompExpr*)> compiled_{nullptr, &xmlXPathFreeCompExpr};
};

/// The text of a node as XPath's string(); for elements with runs of whitespace made one space.
std::string node_text(xmlNode* node);

/// A node with its markup.
std::string node_html(xmlNode* node);

}  // namespace corolla::inline v0::crawl

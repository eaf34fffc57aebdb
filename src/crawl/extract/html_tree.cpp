// SPDX-License-Identifier: Apache-2.0
#include "crawl/extract/html_tree.hpp"

#include "crawl/extract/ascii.hpp"
#include "crawl/extract/selector_error.hpp"

#include <libxml/HTMLtree.h>
#include <libxml/parser.h>
#include <libxml/xpathInternals.h>

#include <algorithm>
#include <climits>
#include <mutex>
#include <new>
#include <utility>

namespace corolla::inline v0::crawl {

namespace {

constexpr int kOptions = HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET |
                         HTML_PARSE_COMPACT | HTML_PARSE_IGNORE_ENC;
constexpr unsigned long kMaxXPathSteps = 20'000'000;

/// libxml2 wants its tables made by one thread before the others come.
void initialize_library() {
  static std::once_flag once;
  std::call_once(once, &xmlInitParser);
}

/// Keeps what went wrong instead of printing it.
struct XPathProblem {
  int code = 0;
  int position = 0;
};

void note_problem(void* data, xmlError* error) {
  auto* problem = static_cast<XPathProblem*>(data);
  if (problem->code != 0) return;
  problem->code = error->code;
  problem->position = error->int1;
}

std::string_view problem_text(int code) {
  switch (code) {
    case XML_XPATH_NUMBER_ERROR: return "bad number";
    case XML_XPATH_UNFINISHED_LITERAL_ERROR:
    case XML_XPATH_START_LITERAL_ERROR: return "unclosed string";
    case XML_XPATH_INVALID_PREDICATE_ERROR: return "bad predicate";
    case XML_XPATH_UNCLOSED_ERROR: return "unclosed parenthesis";
    case XML_XPATH_UNKNOWN_FUNC_ERROR: return "unknown function";
    case XML_XPATH_INVALID_TYPE: return "an operand of the wrong type";
    case XML_XPATH_INVALID_ARITY: return "wrong number of arguments";
    default: return "not an XPath 1.0 expression";
  }
}

/// Errors without a name of their own in xmlerror.h keep their distance from the first one.
bool is_limit(int code) {
  const int own = code - XML_XPATH_EXPRESSION_OK + XPATH_EXPRESSION_OK;
  return own == XPATH_OP_LIMIT_EXCEEDED || own == XPATH_RECURSION_LIMIT_EXCEEDED || own == XPATH_MEMORY_ERROR;
}

using XPathContext = std::unique_ptr<xmlXPathContext, void (*)(xmlXPathContext*)>;

XPathContext make_context(xmlDoc* document, XPathProblem& problem) {
  XPathContext context(xmlXPathNewContext(document), &xmlXPathFreeContext);
  if (!context) throw std::bad_alloc();
  context->error = &note_problem;
  context->userData = &problem;
  context->opLimit = kMaxXPathSteps;
  return context;
}

std::string take(xmlChar* text) {
  if (text == nullptr) return {};
  std::string out(reinterpret_cast<const char*>(text));
  xmlFree(text);
  return out;
}

std::string normalized(std::string_view text) {
  std::string out;
  for_each_word(text, "", [&](std::string_view word) {
    if (!out.empty()) out += ' ';
    out += word;
  });
  return out;
}

}  // namespace

HtmlTree::HtmlTree() {
  initialize_library();
  context_ = htmlCreatePushParserCtxt(nullptr, nullptr, nullptr, 0, nullptr, XML_CHAR_ENCODING_UTF8);
  if (context_ == nullptr) throw std::bad_alloc();
  htmlCtxtUseOptions(context_, kOptions);
}

HtmlTree::~HtmlTree() {
  xmlFreeDoc(context_->myDoc);
  htmlFreeParserCtxt(context_);
}

void HtmlTree::feed(std::string_view utf8) {
  while (!utf8.empty() && !stopped_) {
    const std::size_t size = std::min<std::size_t>(utf8.size(), INT_MAX / 4);
    htmlParseChunk(context_, utf8.data(), static_cast<int>(size), 0);
    utf8.remove_prefix(size);
    if (context_->instate == XML_PARSER_EOF || context_->disableSAX != 0) stopped_ = true;
  }
}

void HtmlTree::finish() {
  if (!stopped_) htmlParseChunk(context_, nullptr, 0, 1);
}

bool HtmlTree::has_root() const noexcept {
  return context_->myDoc != nullptr && xmlDocGetRootElement(context_->myDoc) != nullptr;
}

/// A text node may still grow while it is its parent's last child, so it counts as closed with its parent only, or
/// when something stands behind it. An attribute is complete with its start tag.
bool HtmlTree::is_complete(const xmlNode* node) const noexcept {
  if (node->type == XML_ATTRIBUTE_NODE) return true;
  if (node->type != XML_ELEMENT_NODE) {
    if (node->next != nullptr) return true;
    node = node->parent;
  }
  for (const xmlNode* open = context_->node; open != nullptr; open = open->parent) {
    if (open == node) return false;
  }
  return true;
}

XPathExpression::XPathExpression(const std::string& xpath) {
  initialize_library();
  XPathProblem problem;
  const XPathContext context = make_context(nullptr, problem);
  compiled_.reset(xmlXPathCtxtCompile(context.get(), reinterpret_cast<const xmlChar*>(xpath.c_str())));
  if (!compiled_) {
    throw_selector_error("xpath", xpath, problem_text(problem.code),
                         static_cast<std::size_t>(std::max(problem.position, 0)));
  }
}

XPathResult XPathExpression::evaluate(xmlDoc* document) const {
  XPathProblem problem;
  const XPathContext context = make_context(document, problem);
  context->node = reinterpret_cast<xmlNode*>(document);
  XPathResult result;
  result.object.reset(xmlXPathCompiledEval(compiled_.get(), context.get()));
  if (!result.object) {
    result.error = is_limit(problem.code) ? std::string("the page is too large for this xpath")
                                          : std::string("xpath: ") + std::string(problem_text(problem.code));
  } else if (result.object->type == XPATH_NODESET) {
    xmlXPathNodeSetSort(result.object->nodesetval);
  } else {
    result.scalar = take(xmlXPathCastToString(result.object.get()));
  }
  return result;
}

std::string node_text(xmlNode* node) {
  std::string text = take(xmlXPathCastNodeToString(node));
  return node->type == XML_ELEMENT_NODE ? normalized(text) : text;
}

std::string node_html(xmlNode* node) {
  if (node->type == XML_ATTRIBUTE_NODE) return node_text(node);
  if (node->type == XML_TEXT_NODE) return node_text(node);
  const std::unique_ptr<xmlBuffer, void (*)(xmlBuffer*)> buffer(xmlBufferCreate(), &xmlBufferFree);
  xmlOutputBuffer* out = buffer ? xmlOutputBufferCreateBuffer(buffer.get(), nullptr) : nullptr;
  if (out == nullptr) throw std::bad_alloc();
  htmlNodeDumpFormatOutput(out, node->doc, node, "UTF-8", 0);
  xmlOutputBufferClose(out);
  return reinterpret_cast<const char*>(xmlBufferContent(buffer.get()));
}

}  // namespace corolla::inline v0::crawl

// SPDX-License-Identifier: Apache-2.0
#include <corolla/crawl/charset.hpp>
#include <corolla/crawl/fields.hpp>

#include "crawl/extract/ascii.hpp"
#include "crawl/extract/css_xpath.hpp"
#include "crawl/extract/html_tokenizer.hpp"
#include "crawl/extract/html_tree.hpp"
#include "crawl/extract/selector_error.hpp"
#include "crawl/extract/utf8.hpp"
#include "crawl/extract/xpath_scan.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <utility>

namespace corolla::inline v0::crawl {

namespace {

constexpr std::size_t kMaxExpression = 4096;
constexpr std::size_t kMaxTreeAttributes = 256;
constexpr std::size_t kFirstChunk = 4096;

/// One field, ready to run. The XPath is kept as text: see XPathExpression for why it is compiled again for a page.
struct CompiledField {
  std::string xpath;  // empty for a regular expression
  std::unique_ptr<re2::RE2> regex;
  bool html = false;
  bool prefix_stable = false;
};

/// What a page without any element counts as, so that count(//a) is 0 on it.
class EmptyPage {
 public:
  EmptyPage() {
    tree_.feed("<html></html>");
    tree_.finish();
  }
  [[nodiscard]] xmlDoc* document() const noexcept { return tree_.document(); }

 private:
  HtmlTree tree_;
};

CompiledField compile_regex(const std::string& expression) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  CompiledField out;
  out.regex = std::make_unique<re2::RE2>(expression, options);
  if (!out.regex->ok()) {
    const std::string& argument = out.regex->error_arg();
    const std::size_t position = argument.empty() ? std::string::npos : expression.find(argument);
    throw_selector_error("regular expression", expression, out.regex->error(),
                         position == std::string::npos ? 0 : position);
  }
  return out;
}

CompiledField compile(const FieldSpec& spec) {
  if (spec.expression.size() > kMaxExpression) {
    throw_selector_error("field", spec.name, "an expression of more than 4096 bytes", kMaxExpression);
  }
  if (!is_valid_utf8(spec.expression) || spec.expression.find('\0') != std::string::npos) {
    throw_selector_error("field", spec.name, "an expression that is no text (UTF-8 without NUL)", 0);
  }
  if (spec.kind == FieldKind::kRegex) return compile_regex(spec.expression);
  CompiledField out;
  if (spec.kind == FieldKind::kCss) {
    CssXPath css = css_to_xpath(spec.expression);
    out.xpath = std::move(css.xpath);
    out.html = css.html;
    out.prefix_stable = css.prefix_stable;
  } else {
    out.prefix_stable = scan_xpath(spec.expression);
    out.xpath = spec.expression;
  }
  const XPathExpression checked(out.xpath);
  // Wrong argument counts and operand types show when an expression runs, so let it run once, on an empty page.
  const XPathResult result = checked.evaluate(EmptyPage().document());
  if (!result.error.empty()) throw_selector_error("xpath", spec.expression, result.error, 0);
  return out;
}

/// libxml2 compares each attribute of a tag with all before it, which a page of one huge tag would abuse.
bool has_monstrous_tag(std::string_view html) {
  HtmlTokenizer tokenizer(html);
  while (tokenizer.next()) {
    if (tokenizer.attributes().size() > kMaxTreeAttributes) return true;
    if (!tokenizer.is_end_tag() && equals_ignoring_case(tokenizer.name(), "script")) {
      tokenizer.text(TextMode::kScriptData, "script");
    }
  }
  return false;
}

struct TreeField {
  const CompiledField* compiled;
  FieldValue* value;
  XPathExpression expression;
};

void store(const TreeField& field, const XPathResult& result) {
  field.value->error = result.error;
  if (result.scalar) field.value->values.push_back(*result.scalar);
  const std::size_t count = field.value->is_list ? result.size() : std::min<std::size_t>(result.size(), 1);
  for (std::size_t i = 0; i < count; ++i) {
    field.value->values.push_back(field.compiled->html ? node_html(result.node(i)) : node_text(result.node(i)));
  }
}

/// Early stop. The page is fed in chunks that double what was read, and after each one all fields are tried; when each has
/// its value, the rest is not parsed. This gives what the whole page would give, because:
///
/// 1. libxml2's HTML parser only ever appends: a new node becomes the last child of an element that is open, and open
///    elements are the last node, its parent, its parent's parent ... So every node that comes later comes later in
///    document order, too.
/// 2. A prefix-stable expression decides about a node by its attributes, its ancestors and their attributes, and the
///    siblings before it: all there when the node is. Nodes found stay found, and the first one found is the first of
///    the whole page.
/// 3. Its value is complete when its element is closed (HtmlTree::is_complete), for closed elements get no children.
/// 4. Attributes never come later either: those of a second <html> or <body> tag, which a browser adds to the first one,
///    are dropped by libxml2. early_stop_test has such pages, so a libxml2 that changes this is noticed.
///
/// Doubling keeps the cost of the fruitless tries below that of the last one.
bool try_early(const HtmlTree& tree, std::vector<TreeField>& fields) {
  if (!tree.has_root()) return false;
  std::vector<XPathResult> results;
  for (const TreeField& field : fields) {
    results.push_back(field.expression.evaluate(tree.document()));
    if (results.back().size() == 0 || !tree.is_complete(results.back().node(0))) return false;
  }
  for (std::size_t i = 0; i < fields.size(); ++i) store(fields[i], results[i]);
  return true;
}

/// Where to cut the page near `wanted`: before a '<', so that no character, reference or piece of text is torn.
std::size_t cut(std::string_view html, std::size_t from, std::size_t wanted) {
  if (wanted >= html.size()) return html.size();
  const std::size_t before = html.rfind('<', wanted);
  if (before != std::string_view::npos && before > from) return before;
  return std::min(html.find('<', wanted), html.size());
}

/// Returns whether the parser gave up before the end.
bool extract_from_tree(std::string_view html, std::vector<TreeField>& fields, bool may_stop_early) {
  if (has_monstrous_tag(html)) {
    for (const TreeField& field : fields) field.value->error = "a tag has more than 256 attributes";
    return true;
  }
  for (const TreeField& field : fields) {
    may_stop_early = may_stop_early && field.compiled->prefix_stable && !field.value->is_list;
  }
  HtmlTree tree;
  std::size_t fed = 0;
  while (fed < html.size()) {
    const std::size_t stop = cut(html, fed, fed + std::max(fed, kFirstChunk));
    tree.feed(html.substr(fed, stop - fed));
    fed = stop;
    if (!may_stop_early || fed == html.size() || tree.is_stopped()) continue;
    if (try_early(tree, fields)) return false;
  }
  tree.finish();
  std::optional<EmptyPage> empty;
  if (!tree.has_root()) empty.emplace();
  xmlDoc* document = empty ? empty->document() : tree.document();
  for (const TreeField& field : fields) store(field, field.expression.evaluate(document));
  return tree.is_stopped();
}

/// The place of the character behind the one at `i`.
std::size_t next_character(std::string_view utf8, std::size_t i) {
  ++i;
  while (i < utf8.size() && (static_cast<unsigned char>(utf8[i]) & 0xC0) == 0x80) ++i;
  return i;
}

void extract_by_regex(std::string_view html, const re2::RE2& regex, FieldValue& value) {
  const re2::StringPiece whole(html.data(), html.size());
  std::size_t position = 0;
  re2::StringPiece groups[2];
  const int count = std::min(regex.NumberOfCapturingGroups(), 1) + 1;
  while (position <= whole.size() && regex.Match(whole, position, whole.size(), re2::RE2::UNANCHORED, groups, count)) {
    const re2::StringPiece& found = groups[count - 1];
    value.values.emplace_back(found.data() == nullptr ? "" : found.data(), found.size());
    if (!value.is_list) return;
    const auto end = static_cast<std::size_t>(groups[0].data() - whole.data()) + groups[0].size();
    position = groups[0].empty() ? next_character(html, end) : end;
  }
}

}  // namespace

struct FieldSet::Compiled {
  std::vector<FieldSpec> specs;
  std::vector<CompiledField> fields;

  [[nodiscard]] Extraction extract(std::string_view html, bool may_stop_early) const;
};

Extraction FieldSet::Compiled::extract(std::string_view html, bool may_stop_early) const {
  Extraction out;
  out.fields.reserve(specs.size());
  for (const FieldSpec& spec : specs) out.fields.push_back(FieldValue{spec.name, spec.all, {}, {}});
  std::vector<TreeField> in_tree;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (fields[i].regex) {
      extract_by_regex(html, *fields[i].regex, out.fields[i]);
    } else {
      in_tree.push_back({&fields[i], &out.fields[i], XPathExpression(fields[i].xpath)});
    }
  }
  if (in_tree.empty()) return out;
  std::string without_nul;
  if (html.find('\0') != std::string_view::npos) {
    std::copy_if(html.begin(), html.end(), std::back_inserter(without_nul), [](char c) { return c != '\0'; });
    html = without_nul;
  }
  out.truncated = extract_from_tree(trim(html), in_tree, may_stop_early);
  return out;
}

FieldSet::FieldSet(std::vector<FieldSpec> specs) : compiled_(std::make_unique<Compiled>()) {
  std::set<std::string_view> names;
  for (const FieldSpec& spec : specs) {
    if (!names.insert(spec.name).second) throw ValueError("field '" + spec.name + "' is given twice");
    try {
      compiled_->fields.push_back(compile(spec));
    } catch (const SelectorError& error) {
      throw SelectorError("field '" + spec.name + "': " + error.what(), error.position());
    }
  }
  compiled_->specs = std::move(specs);
}

FieldSet::~FieldSet() = default;
FieldSet::FieldSet(FieldSet&&) noexcept = default;
FieldSet& FieldSet::operator=(FieldSet&&) noexcept = default;

const std::vector<FieldSpec>& FieldSet::specs() const noexcept { return compiled_->specs; }

Extraction FieldSet::extract(std::string_view bytes, std::string_view http_charset) const {
  const Utf8Text text = to_utf8(bytes, http_charset);
  return extract_utf8(text.view());
}

Extraction FieldSet::extract_utf8(std::string_view html) const { return compiled_->extract(html, true); }

Extraction FieldSet::extract_utf8_without_early_stop(std::string_view html) const {
  return compiled_->extract(html, false);
}

}  // namespace corolla::inline v0::crawl

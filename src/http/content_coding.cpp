// SPDX-License-Identifier: Apache-2.0
#include <corolla/http/content_coding.hpp>

#include "coding.hpp"

#include <corolla/http/headers.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace corolla::inline v0::http {

namespace {

constexpr std::size_t kMostCodings = 4;

/// The next element of a comma-separated list, trimmed; removed from `list`.
std::string_view next_element(std::string_view& list) noexcept {
  const auto comma = list.find(',');
  std::string_view element = list.substr(0, comma);
  list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  while (!element.empty() && (element.front() == ' ' || element.front() == '\t')) element.remove_prefix(1);
  while (!element.empty() && (element.back() == ' ' || element.back() == '\t')) element.remove_suffix(1);
  return element;
}

bool is_no_coding(std::string_view name) noexcept { return name.empty() || iequals(name, "identity"); }

}  // namespace

struct Decoder::State {
  /// One coding, what it has produced, and the room for it on the way to the next one.
  struct Level {
    std::unique_ptr<Coding> coding;
    std::uint64_t produced = 0;
    std::string buffer;
  };

  explicit State(const DecodeLimits& given) : limits(given) {}

  void run(std::size_t index, std::string_view input, std::string& out) {
    if (index == levels.size()) {
      out += input;
      return;
    }
    Level& level = levels[index];
    const bool last = index + 1 == levels.size();
    std::string& target = last ? out : level.buffer;
    for (;;) {
      const std::size_t room = std::clamp<std::size_t>(input.size() * 4, 4096, 65536);
      if (!last) target.clear();
      const std::size_t left = input.size();
      const std::size_t before = target.size();
      level.coding->step(input, target, room);
      const std::size_t produced = target.size() - before;
      if (produced == 0 && input.size() == left) return;
      count(level.produced, produced);
      if (!last) run(index + 1, target, out);
    }
  }

  void count(std::uint64_t& total, std::size_t produced) const {
    total += produced;
    if (total > limits.decoded_bytes)
      throw ContentTooLarge("body above " + std::to_string(limits.decoded_bytes) + " decoded bytes");
    if (total > limits.ratio_from && total / limits.ratio > encoded)
      throw ContentTooLarge("body decodes to more than " + std::to_string(limits.ratio) + " times its size");
  }

  DecodeLimits limits;
  std::uint64_t encoded = 0;
  std::uint64_t decoded = 0;
  std::vector<Level> levels;
};

bool Decoder::supports(std::string_view content_encoding) noexcept {
  std::size_t codings = 0;
  while (!content_encoding.empty()) {
    const auto name = next_element(content_encoding);
    if (is_no_coding(name)) continue;
    if (!is_known_coding(name) || ++codings > kMostCodings) return false;
  }
  return true;
}

Decoder::Decoder() : Decoder(std::string_view()) {}

Decoder::Decoder(std::string_view content_encoding, const DecodeLimits& limits)
    : state_(std::make_unique<State>(limits)) {
  if (limits.ratio == 0) throw ValueError("DecodeLimits::ratio is 0");
  while (!content_encoding.empty()) {
    const auto name = next_element(content_encoding);
    if (is_no_coding(name)) continue;
    if (state_->levels.size() == kMostCodings) throw ClientPayloadError("more than four content codings");
    auto coding = make_coding(name);
    if (!coding) throw ClientPayloadError("unknown content coding '" + std::string(name) + "'");
    state_->levels.push_back({std::move(coding), 0, {}});
  }
  std::reverse(state_->levels.begin(), state_->levels.end());  // what was applied last is undone first
}

Decoder::~Decoder() = default;
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;

bool Decoder::is_identity() const noexcept { return state_->levels.empty(); }

void Decoder::decode(std::string_view piece, std::string& out) {
  State& state = *state_;
  state.encoded += piece.size();
  if (state.levels.empty()) state.count(state.decoded, piece.size());
  state.run(0, piece, out);
}

void Decoder::finish() {
  for (const auto& level : state_->levels) level.coding->finish();
}

std::uint64_t Decoder::decoded_bytes() const noexcept {
  return state_->levels.empty() ? state_->decoded : state_->levels.back().produced;
}

}  // namespace corolla::inline v0::http

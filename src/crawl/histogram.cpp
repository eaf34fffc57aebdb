// SPDX-License-Identifier: Apache-2.0
#include <corolla/crawl/stats.hpp>

#include <algorithm>
#include <bit>
#include <cmath>

namespace corolla::inline v0::crawl {

using std::chrono::microseconds;

// Values below 2⁶ have a bucket each. Above, a value is shifted right until it has six bits; the shift chooses a block of
// 32 buckets and the lower five bits one of them.
std::size_t LatencyHistogram::bucket_of(std::uint64_t value) noexcept {
  if (value < 2 * kHalf) return static_cast<std::size_t>(value);
  const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - kExactBits;
  const auto top = static_cast<std::size_t>(value >> shift);  // 32 … 63
  return std::min(2 * kHalf + (shift - 1) * kHalf + (top - kHalf), kBuckets - 1);
}

std::uint64_t LatencyHistogram::middle_of(std::size_t bucket) noexcept {
  if (bucket < 2 * kHalf) return bucket;
  const std::size_t above = bucket - 2 * kHalf;
  const unsigned shift = static_cast<unsigned>(above / kHalf) + 1;
  const std::uint64_t low = std::uint64_t{above % kHalf + kHalf} << shift;
  return low + (std::uint64_t{1} << shift) / 2;
}

void LatencyHistogram::record(microseconds value) noexcept {
  value = std::max(value, microseconds(0));
  min_ = count_ == 0 ? value : std::min(min_, value);
  max_ = std::max(max_, value);
  ++count_;
  sum_ += static_cast<std::uint64_t>(value.count());
  ++buckets_[bucket_of(static_cast<std::uint64_t>(value.count()))];
}

void LatencyHistogram::merge(const LatencyHistogram& other) noexcept {
  if (other.count_ == 0) return;
  min_ = count_ == 0 ? other.min_ : std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  count_ += other.count_;
  sum_ += other.sum_;
  for (std::size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
}

microseconds LatencyHistogram::min() const noexcept { return min_; }

microseconds LatencyHistogram::mean() const noexcept {
  return microseconds(count_ == 0 ? 0 : static_cast<std::int64_t>(sum_ / count_));
}

microseconds LatencyHistogram::percentile(double percent) const noexcept {
  if (count_ == 0) return microseconds(0);
  const double share = std::clamp(percent, 0.0, 100.0) / 100.0;
  const auto rank =
      std::clamp<std::uint64_t>(static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_))), 1, count_);
  std::uint64_t below = 0;
  std::size_t bucket = 0;
  while (below + buckets_[bucket] < rank) below += buckets_[bucket++];
  return std::clamp(microseconds(static_cast<std::int64_t>(middle_of(bucket))), min_, max_);
}

}  // namespace corolla::inline v0::crawl

// SPDX-License-Identifier: Apache-2.0
/// \file
/// Resident: what the loop owns until it leaves by itself, or the loop is closed.
#pragma once

namespace corolla {
inline namespace v0 {

/// One link of a circle; the backend has one that stands for nothing, the others hang on it.
class ResidentLink {
 public:
  ResidentLink() noexcept {}
  ResidentLink(const ResidentLink&) = delete;
  ResidentLink& operator=(const ResidentLink&) = delete;

  [[nodiscard]] bool alone() const noexcept { return next_ == this; }
  [[nodiscard]] ResidentLink& next() const noexcept { return *next_; }
  void join(ResidentLink& circle) noexcept {
    prev_ = circle.prev_;
    next_ = &circle;
    prev_->next_ = circle.prev_ = this;
  }
  void leave_circle() noexcept {
    prev_->next_ = next_;
    next_->prev_ = prev_;
    next_ = prev_ = this;
  }

 protected:
  ~ResidentLink() = default;

 private:
  ResidentLink* next_ = this;
  ResidentLink* prev_ = this;
};

/// See the file's comment.
class Resident : public ResidentLink {
 public:
  /// The loop is closed, its tasks are gone: leave the circle and let go of everything.
  virtual void loop_closed() noexcept = 0;

 protected:
  ~Resident() = default;
};

/// The residents of a loop.
class Residents final : private ResidentLink {
 public:
  void add(Resident& resident) noexcept { resident.join(*this); }
  void close() noexcept {
    while (!alone()) static_cast<Resident&>(next()).loop_closed();
  }
};

}  // namespace v0
}  // namespace corolla

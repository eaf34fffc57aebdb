// SPDX-License-Identifier: Apache-2.0
// The floor's loop and primitives: an intrusive FIFO of handles, a lazy coroutine, a queue, a mutex, a timer wheel.
// No errors, no cancellation, no I/O.
#pragma once

#include <chrono>
#include <coroutine>
#include <cstdlib>
#include <thread>
#include <utility>
#include <vector>

#include "../common.hpp"

namespace floor_loop {

using Handle = std::coroutine_handle<>;

struct Node {
  Node* next = nullptr;
  Handle handle;
};

class Fifo {
 public:
  void push(Node* node) {
    node->next = nullptr;
    *tail_ = node;
    tail_ = &node->next;
  }
  Node* pop() {
    Node* node = head_;
    if (node && !(head_ = node->next)) tail_ = &head_;
    return node;
  }

 private:
  Node *head_ = nullptr, **tail_ = &head_;
};

inline Fifo ready;

inline void run_ready() {
  while (Node* node = ready.pop()) node->handle.resume();
}

struct Yield : Node {
  bool await_ready() const noexcept { return false; }
  void await_suspend(Handle h) noexcept {
    handle = h;
    ready.push(this);
  }
  void await_resume() const noexcept {}
};

class Lazy {  // starts when awaited, hands control straight to its awaiter
 public:
  struct promise_type {
    long value = 0;
    Handle awaiter = std::noop_coroutine();
    Lazy get_return_object() { return Lazy(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    struct Final {
      bool await_ready() noexcept { return false; }
      Handle await_suspend(std::coroutine_handle<promise_type> h) noexcept { return h.promise().awaiter; }
      void await_resume() noexcept {}
    };
    Final final_suspend() noexcept { return {}; }
    void return_value(long v) { value = v; }
    void unhandled_exception() { std::abort(); }
  };
  Lazy(Lazy&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Lazy(const Lazy&) = delete;
  ~Lazy() {
    if (handle_) handle_.destroy();
  }
  bool await_ready() const noexcept { return false; }
  Handle await_suspend(Handle h) noexcept {
    handle_.promise().awaiter = h;
    return handle_;
  }
  long await_resume() const { return value(); }
  Handle handle() const { return handle_; }
  void set_awaiter(Handle h) { handle_.promise().awaiter = h; }
  bool done() const { return handle_.done(); }
  long value() const { return handle_.promise().value; }

 private:
  explicit Lazy(std::coroutine_handle<promise_type> h) : handle_(h) {}
  std::coroutine_handle<promise_type> handle_;
};

class Spawned : Node {  // create_task: starts from the ready queue, is awaited afterwards
 public:
  explicit Spawned(Lazy body) : body_(std::move(body)) {
    handle = body_.handle();
    ready.push(this);
  }
  Spawned(const Spawned&) = delete;
  bool await_ready() const { return body_.done(); }
  void await_suspend(Handle h) { body_.set_awaiter(h); }
  long await_resume() const { return body_.value(); }

 private:
  Lazy body_;
};

class Queue {  // bounded, one producer, one consumer
 public:
  struct Put : Node {
    Put(Queue& q, long v) : queue(q), value(v) {}
    bool await_ready() const { return queue.size_ < kCapacity; }
    void await_suspend(Handle h) {
      handle = h;
      queue.producer_ = this;
    }
    void await_resume() {
      queue.items_[(queue.head_ + queue.size_++) % kCapacity] = value;
      if (queue.consumer_) ready.push(std::exchange(queue.consumer_, nullptr));
    }
    Queue& queue;
    long value;
  };
  struct Get : Node {
    explicit Get(Queue& q) : queue(q) {}
    bool await_ready() const { return queue.size_ > 0; }
    void await_suspend(Handle h) {
      handle = h;
      queue.consumer_ = this;
    }
    long await_resume() {
      long value = queue.items_[queue.head_];
      queue.head_ = queue.head_ + 1 == kCapacity ? 0 : queue.head_ + 1;
      queue.size_--;
      if (queue.producer_) ready.push(std::exchange(queue.producer_, nullptr));
      return value;
    }
    Queue& queue;
  };

 private:
  static constexpr unsigned kCapacity = 100;
  long items_[kCapacity] = {};
  unsigned head_ = 0, size_ = 0;
  Node *producer_ = nullptr, *consumer_ = nullptr;
};

class Mutex {
 public:
  struct Acquire : Node {
    explicit Acquire(Mutex& m) : mutex(m) {}
    bool await_ready() const { return !std::exchange(mutex.held_, true); }
    void await_suspend(Handle h) {
      handle = h;
      mutex.waiters_.push(this);
    }
    void await_resume() const {}
    Mutex& mutex;
  };
  void release() {  // hands the mutex over to the longest waiter
    if (Node* node = waiters_.pop()) ready.push(node);
    else held_ = false;
  }

 private:
  bool held_ = false;
  Fifo waiters_;
};

struct Timer {
  Timer *next = nullptr, **link = nullptr;
  Handle handle;
};

class Wheel {  // 16,384 slots of 1 ms; starting and cancelling cost O(1)
 public:
  void start(Timer* timer, double delay) {
    Timer*& slot = slots_[std::size_t((bench::wall_seconds() + delay - start_) * 1e3 + 1) % kSlots];
    timer->next = slot;
    timer->link = &slot;
    if (slot) slot->link = &timer->next;
    slot = timer;
    live_++;
  }
  void cancel(Timer* timer) {
    *timer->link = timer->next;
    if (timer->next) timer->next->link = timer->link;
    live_--;
  }
  template <class F>
  void run(F fire) {
    while (live_) {
      for (auto now = std::size_t((bench::wall_seconds() - start_) * 1e3); tick_ <= now; tick_++)
        while (Timer* timer = slots_[tick_ % kSlots]) {
          cancel(timer);
          fire(timer);
        }
      if (live_) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

 private:
  static constexpr std::size_t kSlots = 16384;
  std::vector<Timer*> slots_ = std::vector<Timer*>(kSlots);
  double start_ = bench::wall_seconds();
  std::size_t tick_ = 0;
  long live_ = 0;
};

struct Sleep : Timer {
  Sleep(Wheel& w, double s) : wheel(w), seconds(s) {}
  bool await_ready() const { return false; }
  void await_suspend(Handle h) {
    handle = h;
    wheel.start(this, seconds);
  }
  void await_resume() const {}
  Wheel& wheel;
  double seconds;
};

}  // namespace floor_loop

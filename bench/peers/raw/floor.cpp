// SPDX-License-Identifier: Apache-2.0
// The floor of the runtime cases: bare C++20 coroutines on the smallest loop that can do each job. One thread, an
// intrusive FIFO of handles, a timer wheel of 1 ms, a mutex and a swapped vector for other threads. No errors, no
// cancellation, no I/O: a yardstick, not a runtime.                                   usage: floor CASE [N]
#include <condition_variable>
#include <coroutine>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "../common.hpp"

namespace {

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

Fifo ready;

void run_ready() {
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

long run(Lazy main) {
  main.handle().resume();
  run_ready();
  bench::require(main.done(), "the main coroutine finished");
  return main.value();
}

[[gnu::noinline]] Lazy identity(long i) { co_return i; }

Lazy spawn(long n) {
  long sum = 0;
  for (long i = 0; i < n; i++) {
    Spawned task(identity(i));
    sum += co_await task;
  }
  co_return sum;
}

Lazy call(long n) {
  long sum = 0;
  for (long i = 0; i < n; i++) sum += co_await identity(i);
  co_return sum;
}

Lazy yield_ten(long i) {
  for (int k = 0; k < 10; k++) co_await Yield{};
  co_return i;
}

Lazy gather(long n) {
  std::vector<Spawned*> tasks;
  tasks.reserve(std::size_t(n));
  for (long i = 0; i < n; i++) tasks.push_back(new Spawned(yield_ten(i)));
  long sum = 0;
  for (Spawned* task : tasks) {
    sum += co_await *task;
    delete task;
  }
  co_return sum;
}

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

Lazy produce(Queue& queue, long n) {
  for (long i = 0; i < n; i++) co_await Queue::Put(queue, i);
  co_return 0;
}

Lazy consume(Queue& queue, long n) {
  long sum = 0;
  for (long i = 0; i < n; i++) sum += co_await Queue::Get(queue);
  co_return sum;
}

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
    if (Node* node = waiters_.pop())
      ready.push(node);
    else
      held_ = false;
  }

 private:
  bool held_ = false;
  Fifo waiters_;
};

Lazy count_up(Mutex& mutex, long& counter, long times) {
  for (long i = 0; i < times; i++) {
    co_await Mutex::Acquire(mutex);
    long seen = counter;
    co_await Yield{};
    counter = seen + 1;
    mutex.release();
  }
  co_return 0;
}

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

Lazy sleep_ten_seconds(Wheel& wheel, long& finished) {
  co_await Sleep(wheel, 10);
  finished++;
  co_return 0;
}

void idle(const std::string& name, long n) {
  double rss = bench::peak_rss_mib();
  long finished = 0;
  bench::Stopwatch watch;
  Wheel wheel;
  std::vector<Lazy> tasks;
  tasks.reserve(std::size_t(n));
  for (long i = 0; i < n; i++) {
    tasks.push_back(sleep_ten_seconds(wheel, finished));
    tasks.back().handle().resume();
  }
  wheel.run([](Timer* timer) { timer->handle.resume(); });
  bench::require(finished == n, "every task woke");
  watch.result(name, "floor-c++", n, bench::idle_extra(rss, n, watch.seconds()));
}

void timers(const std::string& name, long n) {
  bench::Random random;
  std::vector<double> delays(static_cast<std::size_t>(n));
  for (double& delay : delays) delay = double(random() % 1'000'000) * 1e-6;
  long fired = 0, cancelled = 0;
  bench::Stopwatch watch;
  Wheel wheel;
  std::vector<Timer> all(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < all.size(); i++) wheel.start(&all[i], delays[i]);
  for (std::size_t i = 0; i < all.size(); i++)
    if (i % 10) {
      wheel.cancel(&all[i]);
      cancelled++;
    }
  std::string extra = "start_cancel_s=" + std::to_string(watch.seconds());
  wheel.run([&](Timer*) { fired++; });
  bench::require(fired + cancelled == n && cancelled == n - (n + 9) / 10, "each timer fired or was cancelled");
  watch.result(name, "floor-c++", n, extra);
}

void lock(const std::string& name, long n) {
  long counter = 0, times = n / 100;
  bench::Stopwatch watch;
  Mutex mutex;
  std::vector<Lazy> tasks;
  for (int i = 0; i < 100; i++) tasks.push_back(count_up(mutex, counter, times));
  for (Lazy& task : tasks) task.handle().resume();
  run_ready();
  bench::require(counter == times * 100, "no increment is lost");
  watch.result(name, "floor-c++", counter);
}

void queue(const std::string& name, long n) {
  bench::Stopwatch watch;
  Queue q;
  Lazy producer = produce(q, n), consumer = consume(q, n);
  consumer.handle().resume();
  producer.handle().resume();
  run_ready();
  bench::require(consumer.done() && consumer.value() == bench::sum_below(n), "each item arrived");
  watch.result(name, "floor-c++", n);
}

void xthread(const std::string& name, long n) {
  using Call = void (*)(long&);
  std::mutex mutex;
  std::condition_variable filled;
  std::vector<Call> inbox, batch;
  long count = 0;
  bench::Stopwatch watch;
  std::thread caller([&] {
    for (long i = 0; i < n; i++) {
      bool was_empty;
      {
        std::lock_guard guard(mutex);
        was_empty = inbox.empty();
        inbox.push_back([](long& counter) { counter++; });
      }
      if (was_empty) filled.notify_one();
    }
  });
  while (count < n) {
    {
      std::unique_lock guard(mutex);
      filled.wait(guard, [&] { return !inbox.empty(); });
      batch.swap(inbox);
    }
    for (Call f : batch) f(count);
    batch.clear();
  }
  caller.join();
  watch.result(name, "floor-c++", n);
}

void sum_case(const std::string& name, long n, Lazy (*body)(long), long ops) {
  bench::Stopwatch watch;
  long sum = run(body(n));
  bench::require(sum == bench::sum_below(n), "the sum of the results");
  watch.result(name, "floor-c++", ops);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  std::string name = argv[1];
  long given = argc > 2 ? std::atol(argv[2]) : 0;
  auto n = [&](long usual) { return given > 0 ? given : usual; };
  if (name == "spawn") sum_case(name, n(1'000'000), spawn, n(1'000'000));
  else if (name == "call") sum_case(name, n(1'000'000), call, n(1'000'000));
  else if (name == "gather") sum_case(name, n(100'000), gather, n(100'000) * 10);
  else if (name == "idle") idle(name, n(1'000'000));
  else if (name == "timers") timers(name, n(1'000'000));
  else if (name == "queue") queue(name, n(5'000'000));
  else if (name == "lock") lock(name, n(1'000'000));
  else if (name == "xthread") xthread(name, n(1'000'000));
  else return 2;
}

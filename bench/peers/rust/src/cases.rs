// SPDX-License-Identifier: Apache-2.0
//! The runtime cases on tokio's current-thread scheduler.
use crate::measure::{peak_rss_mib, Stopwatch};
use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, Mutex};
use tokio::task::yield_now;

fn sum_below(n: i64) -> i64 {
    n * (n - 1) / 2
}

async fn identity(i: i64) -> i64 {
    i
}

pub async fn run(name: &str, given: i64) {
    let n = |usual: i64| if given > 0 { given } else { usual };
    match name {
        "spawn" => spawn(n(1_000_000)).await,
        "call" => call(n(1_000_000)).await,
        "gather" => gather(n(100_000)).await,
        "idle" => idle(n(1_000_000)).await,
        "timers" => timers(n(1_000_000)).await,
        "cancel-1" => cancel("cancel-1", 1, n(100_000), sleep_in_1).await,
        "cancel-5" => cancel("cancel-5", 5, n(100_000), sleep_in_5).await,
        "queue" => queue(n(5_000_000)).await,
        "lock" => lock(n(1_000_000)).await,
        "xthread" => xthread(n(1_000_000)).await,
        "executor" => executor(n(200_000)).await,
        _ => std::process::exit(2),
    }
}

async fn spawn(n: i64) {
    let (watch, mut sum) = (Stopwatch::start(), 0);
    for i in 0..n {
        sum += tokio::spawn(identity(i)).await.unwrap();
    }
    assert_eq!(sum, sum_below(n));
    watch.result("spawn", "tokio", n, "");
}

/// An `async fn` has no frame of its own; the compiler inlines what black_box lets it.
async fn call(n: i64) {
    let (watch, mut sum) = (Stopwatch::start(), 0);
    for i in 0..n {
        sum += std::hint::black_box(identity(i)).await;
    }
    assert_eq!(sum, sum_below(n));
    watch.result("call", "tokio", n, "");
}

async fn yield_ten(i: i64) -> i64 {
    for _ in 0..10 {
        yield_now().await;
    }
    i
}

async fn gather(n: i64) {
    let watch = Stopwatch::start();
    let tasks: Vec<_> = (0..n).map(|i| tokio::spawn(yield_ten(i))).collect();
    let mut sum = 0;
    for task in tasks {
        sum += task.await.unwrap();
    }
    assert_eq!(sum, sum_below(n));
    watch.result("gather", "tokio", n * 10, "");
}

async fn idle(n: i64) {
    let (rss, watch) = (peak_rss_mib(), Stopwatch::start());
    let tasks: Vec<_> = (0..n).map(|_| tokio::spawn(tokio::time::sleep(Duration::from_secs(10)))).collect();
    for task in tasks {
        task.await.unwrap();
    }
    let bytes = (peak_rss_mib() - rss) * 1048576.0 / n as f64;
    watch.result("idle", "tokio", n, &format!("bytes_per_task={bytes:.0} over_s={:.3}", watch.seconds() - 10.0));
}

/// Spawned sleeps, nine in ten aborted: what a tokio program does to start and cancel a timer.
async fn timers(n: i64) {
    let mut random: u64 = 0x9E3779B97F4A7C15;
    let mut next = || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        Duration::from_micros(random % 1_000_000)
    };
    let delays: Vec<Duration> = (0..n).map(|_| next()).collect();
    let watch = Stopwatch::start();
    let tasks: Vec<_> = delays.into_iter().map(|delay| tokio::spawn(tokio::time::sleep(delay))).collect();
    yield_now().await; // the sleeps start when first polled
    for (i, task) in tasks.iter().enumerate() {
        if i % 10 != 0 {
            task.abort();
        }
    }
    let start_cancel = watch.seconds();
    let mut cancelled = 0;
    for task in tasks {
        cancelled += task.await.is_err() as i64;
    }
    assert!(cancelled > 0 && cancelled <= n - (n + 9) / 10);
    watch.result("timers", "tokio", n, &format!("start_cancel_s={start_cancel:.3} cancelled={cancelled}"));
}

/// How many tasks wait, how many levels were left.
#[derive(Default)]
struct Counts {
    waiting: Cell<i64>,
    unwound: Cell<i64>,
}

thread_local! {
    static COUNTS: Counts = Counts::default();
}

/// What `finally` is elsewhere.
struct CountOnExit;

impl Drop for CountOnExit {
    fn drop(&mut self) {
        COUNTS.with(|counts| counts.unwound.set(counts.unwound.get() + 1));
    }
}

async fn sleep_in_1() {
    let _level = CountOnExit;
    COUNTS.with(|counts| counts.waiting.set(counts.waiting.get() + 1));
    tokio::time::sleep(Duration::from_secs(3600)).await;
}

async fn sleep_in_2() {
    let _level = CountOnExit;
    sleep_in_1().await;
}

async fn sleep_in_3() {
    let _level = CountOnExit;
    sleep_in_2().await;
}

async fn sleep_in_4() {
    let _level = CountOnExit;
    sleep_in_3().await;
}

async fn sleep_in_5() {
    let _level = CountOnExit;
    sleep_in_4().await;
}

/// abort() drops a task's future, its levels with it; nothing is thrown.
async fn cancel<F>(name: &str, depth: i64, n: i64, body: fn() -> F)
where
    F: std::future::Future<Output = ()> + Send + 'static,
{
    let tasks: Vec<_> = (0..n).map(|_| tokio::spawn(body())).collect();
    while COUNTS.with(|counts| counts.waiting.get()) < n {
        yield_now().await; // it polls some 60 tasks at a time
    }
    COUNTS.with(|counts| assert_eq!(counts.unwound.get(), 0));
    let (watch, mut cancelled) = (Stopwatch::start(), 0);
    for task in &tasks {
        task.abort();
    }
    for task in tasks {
        cancelled += task.await.unwrap_err().is_cancelled() as i64;
    }
    COUNTS.with(|counts| assert_eq!((cancelled, counts.unwound.get()), (n, n * depth)));
    let per_level = watch.cpu_seconds() / (n * depth) as f64 * 1e6;
    watch.result(name, "tokio", n, &format!("us_per_level={per_level:.6}"));
}

async fn queue(n: i64) {
    let watch = Stopwatch::start();
    let (sender, mut receiver) = mpsc::channel(100);
    tokio::spawn(async move {
        for i in 0..n {
            sender.send(i).await.unwrap();
        }
    });
    let mut sum = 0;
    while let Some(item) = receiver.recv().await {
        sum += item;
    }
    assert_eq!(sum, sum_below(n));
    watch.result("queue", "tokio", n, "");
}

async fn lock(n: i64) {
    let (watch, counter, times) = (Stopwatch::start(), Arc::new(Mutex::new(0)), n / 100);
    let count_up = |counter: Arc<Mutex<i64>>| async move {
        for _ in 0..times {
            let mut guard = counter.lock().await;
            let seen = *guard;
            yield_now().await;
            *guard = seen + 1;
        }
    };
    let tasks: Vec<_> = (0..100).map(|_| tokio::spawn(count_up(counter.clone()))).collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(*counter.lock().await, times * 100);
    watch.result("lock", "tokio", times * 100, "");
}

/// tokio has no post(); an unbounded channel of closures is the idiom.
async fn xthread(n: i64) {
    let watch = Stopwatch::start();
    let (sender, mut receiver) = mpsc::unbounded_channel::<Box<dyn FnOnce(&mut i64) + Send>>();
    let caller = std::thread::spawn(move || {
        for _ in 0..n {
            assert!(sender.send(Box::new(|count| *count += 1)).is_ok());
        }
    });
    let mut count = 0;
    while let Some(call) = receiver.recv().await {
        call(&mut count);
    }
    caller.join().unwrap();
    assert_eq!(count, n);
    watch.result("xthread", "tokio", n, "");
}

async fn executor(n: i64) {
    let (watch, times) = (Stopwatch::start(), n / 100);
    let round_trips = || async move {
        let mut sum = 0;
        for i in 0..times {
            sum += tokio::task::spawn_blocking(move || i + 1).await.unwrap();
        }
        sum
    };
    let tasks: Vec<_> = (0..100).map(|_| tokio::spawn(round_trips())).collect();
    let mut sum = 0;
    for task in tasks {
        sum += task.await.unwrap();
    }
    assert_eq!(sum, 100 * sum_below(times + 1));
    watch.result("executor", "tokio", times * 100, "");
}

// SPDX-License-Identifier: Apache-2.0
//! Clocks and the RESULT line.
use std::time::Instant;

pub fn cpu_seconds() -> f64 {
    // of all threads
    let mut used = unsafe { std::mem::zeroed::<libc::rusage>() };
    unsafe { libc::getrusage(libc::RUSAGE_SELF, &mut used) };
    let (user, system) = (used.ru_utime, used.ru_stime);
    (user.tv_sec + system.tv_sec) as f64 + (user.tv_usec + system.tv_usec) as f64 * 1e-6
}

/// VmHWM, not ru_maxrss: the latter starts at the launcher's size.
pub fn peak_rss_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
}

pub struct Stopwatch {
    start: Instant,
    cpu: f64,
}

impl Stopwatch {
    pub fn start() -> Self {
        Stopwatch { start: Instant::now(), cpu: cpu_seconds() }
    }
    pub fn seconds(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }
    pub fn cpu_seconds(&self) -> f64 {
        cpu_seconds() - self.cpu
    }
    pub fn result(&self, bench: &str, peer: &str, ops: i64, extra: &str) {
        let (seconds, cpu) = (self.seconds(), self.cpu_seconds());
        println!("RESULT bench={bench} peer={peer} ops={ops} s={seconds:.6} cpu={cpu:.6} rss_mib={:.1} {extra}", peak_rss_mib());
    }
}

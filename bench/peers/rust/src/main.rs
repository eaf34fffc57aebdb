// SPDX-License-Identifier: Apache-2.0
//! The cases on tokio and hyper (Debian's crates).
//! usage: rust_bench CASE [N]  |  rust_bench echo|hello  |  rust_bench fetch PORT N CONNECTIONS MANIFEST|-
mod cases;
mod measure;
mod network;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |i: usize| arguments.get(i).map_or(0, |text| text.parse::<i64>().expect("a number"));
    let name = arguments.get(1).unwrap_or_else(|| std::process::exit(2));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(4).build().unwrap();
    match name.as_str() {
        "echo" => runtime.block_on(network::serve_echo()),
        "hello" => runtime.block_on(network::serve_hello()),
        "fetch" => {
            let fetch = network::fetch(number(2) as u16, number(3), number(4), &arguments[5]);
            tokio::task::LocalSet::new().block_on(&runtime, fetch)
        }
        _ => runtime.block_on(cases::run(name, number(2))),
    }
}

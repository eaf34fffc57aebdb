// SPDX-License-Identifier: Apache-2.0
//! Echo server on tokio, greeting server and keep-alive fetcher on hyper.
use crate::measure::Stopwatch;
use sha2::{Digest, Sha256};
use std::cell::Cell;
use std::rc::Rc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const PAGES: i64 = 500;
const PAGE_BYTES: usize = 10240;

pub async fn serve_echo() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    println!("PORT {}", listener.local_addr().unwrap().port());
    loop {
        let (mut socket, _) = listener.accept().await.unwrap();
        socket.set_nodelay(true).unwrap();
        tokio::spawn(async move {
            let mut buffer = vec![0u8; 65536];
            while let Ok(n) = socket.read(&mut buffer).await {
                if n == 0 || socket.write_all(&buffer[..n]).await.is_err() {
                    return;
                }
            }
        });
    }
}

async fn hello(request: hyper::Request<hyper::Body>) -> Result<hyper::Response<hyper::Body>, std::convert::Infallible> {
    let answer = hyper::Response::builder().header("Content-Type", "text/plain");
    let (status, body) = if request.uri().path() == "/hello" { (200, "Hello, World!") } else { (404, "") };
    Ok(answer.status(status).body(hyper::Body::from(body)).unwrap())
}

pub async fn serve_hello() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    println!("PORT {}", listener.local_addr().unwrap().port());
    loop {
        let (socket, _) = listener.accept().await.unwrap();
        socket.set_nodelay(true).unwrap();
        tokio::spawn(async move {
            let service = hyper::service::service_fn(hello);
            // an error: the client went away
            let _ = hyper::server::conn::Http::new().http1_only(true).serve_connection(socket, service).await;
        });
    }
}

fn read_manifest(path: &str) -> Vec<Vec<u8>> {
    if path == "-" {
        return vec![];
    }
    let byte = |line: &str, i: usize| u8::from_str_radix(&line[2 * i..2 * i + 2], 16).unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    let digests: Vec<Vec<u8>> = text.lines().map(|line| (0..32).map(|i| byte(line, i)).collect()).collect();
    assert_eq!(digests.len() as i64, PAGES);
    digests
}

#[derive(Default)]
struct Counters {
    asked: Cell<i64>,
    finished: Cell<i64>,
    bytes: Cell<usize>,
}

/// Must run inside a LocalSet: the counters stay on one thread.
pub async fn fetch(port: u16, wanted: i64, connections: i64, manifest: &str) {
    let digests = Rc::new(read_manifest(manifest));
    let client = hyper::Client::builder().pool_max_idle_per_host(connections as usize).build_http::<hyper::Body>();
    let counters = Rc::new(Counters::default());
    let watch = Stopwatch::start();
    let mut workers = vec![];
    for _ in 0..connections.min(wanted) {
        let (digests, client, counters) = (digests.clone(), client.clone(), counters.clone());
        workers.push(tokio::task::spawn_local(async move {
            while counters.asked.get() < wanted {
                let i = counters.asked.replace(counters.asked.get() + 1);
                let url = format!("http://127.0.0.1:{port}/p/{}.html?i={i}", i % PAGES);
                let response = client.get(url.parse().unwrap()).await.unwrap();
                assert_eq!(response.status(), 200);
                let body = hyper::body::to_bytes(response.into_body()).await.unwrap();
                assert!(!body.is_empty());
                if !digests.is_empty() {
                    assert!(body.len() == PAGE_BYTES && Sha256::digest(&body)[..] == digests[(i % PAGES) as usize][..]);
                }
                counters.bytes.set(counters.bytes.get() + body.len());
                counters.finished.set(counters.finished.get() + 1);
            }
        }));
    }
    for worker in workers {
        worker.await.unwrap();
    }
    assert_eq!(counters.finished.get(), wanted);
    watch.result("crawl", "hyper", wanted, &format!("bytes={}", counters.bytes.get()));
}

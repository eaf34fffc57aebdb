# SPDX-License-Identifier: Apache-2.0
"""What the Python peers share: clocks, the RESULT line, the loops, the manifest of page checksums."""
import asyncio
import hashlib
import time

PAGES = 500
PAGE_BYTES = 10240


def require(holds, what):
    if not holds:
        raise SystemExit(f"check failed: {what}")


def peak_rss_mib():  # VmHWM, not ru_maxrss: the latter starts at the launcher's size
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


class Stopwatch:
    def __init__(self):
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def seconds(self):
        return time.perf_counter() - self.wall

    def cpu_seconds(self):
        return time.process_time() - self.cpu

    def result(self, bench, peer, ops, **extra):
        seconds, cpu = self.seconds(), self.cpu_seconds()
        more = "".join(f" {key}={value}" for key, value in extra.items())
        print(f"RESULT bench={bench} peer={peer} ops={ops} s={seconds:.6f} cpu={cpu:.6f} "
              f"rss_mib={peak_rss_mib():.1f}{more}", flush=True)


def run(loop_name, main):
    """Runs main to its end on asyncio's own loop or on uvloop's."""
    factory = asyncio.new_event_loop
    if loop_name == "uvloop":
        import uvloop
        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(main)


def read_manifest(path):
    """Digests by page, or None where bodies are not hashed."""
    if path == "-":
        return None
    with open(path) as file:
        digests = [line.split()[0] for line in file]
    require(len(digests) == PAGES, "the manifest has a line for each page")
    return digests


def page_url(port, i):
    return f"http://127.0.0.1:{port}/p/{i % PAGES}.html?i={i}"


def check_page(digests, i, status, body):
    require(status == 200 and body, "status is 200, the body is not empty")
    if digests:
        require(len(body) == PAGE_BYTES and hashlib.sha256(body).hexdigest() == digests[i % PAGES],
                "the page's checksum")
    return len(body)

# SPDX-License-Identifier: Apache-2.0
"""The runtime cases on asyncio and uvloop.      usage: runtime.py asyncio|uvloop CASE [N]"""
import asyncio
import random
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from common import Stopwatch, peak_rss_mib, require, run

LOOP, CASE = sys.argv[1], sys.argv[2]
USUAL = {"spawn": 1_000_000, "call": 1_000_000, "gather": 100_000, "idle": 100_000, "timers": 1_000_000,
         "cancel-1": 100_000, "cancel-5": 100_000, "queue": 500_000, "lock": 1_000_000, "xthread": 1_000_000, "executor": 200_000}


def result(watch, ops, **extra):
    watch.result(CASE, LOOP, ops, **extra)


def sum_below(n):
    return n * (n - 1) // 2


async def identity(i):
    return i


async def spawn(n):
    watch, total = Stopwatch(), 0
    for i in range(n):
        total += await asyncio.create_task(identity(i))
    require(total == sum_below(n), "the sum of the results")
    result(watch, n)


async def call(n):
    watch, total = Stopwatch(), 0
    for i in range(n):
        total += await identity(i)
    require(total == sum_below(n), "the sum of the results")
    result(watch, n)


async def gather(n):
    async def yield_ten(i):
        for _ in range(10):
            await asyncio.sleep(0)
        return i

    watch = Stopwatch()
    results = await asyncio.gather(*[yield_ten(i) for i in range(n)])
    require(sum(results) == sum_below(n), "the sum of the results")
    result(watch, n * 10)


async def idle(n):
    rss, finished = peak_rss_mib(), 0

    async def sleep_ten_seconds():
        nonlocal finished
        await asyncio.sleep(10)
        finished += 1

    watch = Stopwatch()
    await asyncio.gather(*[sleep_ten_seconds() for _ in range(n)])
    require(finished == n, "every task woke")
    result(watch, n, bytes_per_task=int((peak_rss_mib() - rss) * 1048576 / n), over_s=f"{watch.seconds() - 10:.3f}")


async def timers(n):
    loop, seeded = asyncio.get_running_loop(), random.Random(1)
    delays = [seeded.random() for _ in range(n)]
    kept, fired, done = len(range(0, n, 10)), 0, asyncio.Event()

    def fire():
        nonlocal fired
        fired += 1
        if fired == kept:
            done.set()

    watch = Stopwatch()
    handles = [loop.call_later(delay, fire) for delay in delays]
    for i, handle in enumerate(handles):
        if i % 10:
            handle.cancel()
    start_cancel = watch.seconds()
    await done.wait()
    await asyncio.sleep(0)
    require(fired == kept, "only the timers kept fired")
    result(watch, n, start_cancel_s=f"{start_cancel:.3f}")


async def cancel(n, depth):
    waiting = unwound = cancelled = 0

    async def sleep_below(levels):
        nonlocal waiting, unwound
        try:
            if levels > 1:
                await sleep_below(levels - 1)
            else:
                waiting += 1
                await asyncio.sleep(3600)
        finally:
            unwound += 1

    tasks = [asyncio.create_task(sleep_below(depth)) for _ in range(n)]
    await asyncio.sleep(0)
    require(waiting == n and unwound == 0, "every task waits")
    watch = Stopwatch()
    for task in tasks:
        task.cancel()
    for task in tasks:
        try:
            await task
        except asyncio.CancelledError:
            cancelled += 1
    require(cancelled == n and unwound == n * depth, "each task was cancelled and ran through each level")
    result(watch, n, us_per_level=f"{watch.cpu_seconds() / (n * depth) * 1e6:.6f}")


async def queue(n):
    items = asyncio.Queue(100)

    async def produce():
        for i in range(n):
            await items.put(i)

    async def consume():
        total = 0
        for _ in range(n):
            total += await items.get()
        return total

    watch = Stopwatch()
    _, total = await asyncio.gather(produce(), consume())
    require(total == sum_below(n), "each item arrived")
    result(watch, n)


async def lock(n):
    mutex, counter, times = asyncio.Lock(), 0, n // 100

    async def count_up():
        nonlocal counter
        for _ in range(times):
            async with mutex:
                seen = counter
                await asyncio.sleep(0)
                counter = seen + 1

    watch = Stopwatch()
    await asyncio.gather(*[count_up() for _ in range(100)])
    require(counter == times * 100, "no increment is lost")
    result(watch, counter)


async def xthread(n):
    loop, done, count = asyncio.get_running_loop(), asyncio.Event(), 0

    def called():
        nonlocal count
        count += 1
        if count == n:
            done.set()

    def send_calls():
        for _ in range(n):
            loop.call_soon_threadsafe(called)

    watch = Stopwatch()
    caller = threading.Thread(target=send_calls)
    caller.start()
    await done.wait()
    caller.join()
    require(count == n, "every call ran")
    result(watch, n)


async def executor(n):
    loop, times = asyncio.get_running_loop(), n // 100

    async def round_trips():
        total = 0
        for i in range(times):
            total += await loop.run_in_executor(pool, lambda x: x + 1, i)
        return total

    with ThreadPoolExecutor(4) as pool:
        watch = Stopwatch()
        totals = await asyncio.gather(*[round_trips() for _ in range(100)])
        require(sum(totals) == 100 * sum_below(times + 1), "the sum of the results")
        result(watch, times * 100)


if CASE not in USUAL:
    sys.exit(2)
name, *depth = CASE.split("-")
run(LOOP, globals()[name](int(sys.argv[3]) if len(sys.argv) > 3 else USUAL[CASE], *map(int, depth)))

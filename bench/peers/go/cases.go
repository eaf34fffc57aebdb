// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

const tasksForLock, inFlight = 100, 100

type benchCase struct {
	run     func(name string, n int)
	usual   int
	threads int
}

// There is no `call`: a plain function call is all that Go has for it.
var cases = map[string]benchCase{
	"spawn":    {spawn, 1_000_000, 1},
	"gather":   {gather, 100_000, 1},
	"idle":     {idle, 1_000_000, 1},
	"timers":   {timers, 1_000_000, 1},
	"queue":    {queue, 5_000_000, 1},
	"lock":     {lock, 1_000_000, 1},
	"xthread":  {xthread, 1_000_000, 2},
	"executor": {executor, 200_000, 2},
}

func runCase(name string, given int) {
	c, known := cases[name]
	if !known {
		os.Exit(2)
	}
	if given <= 0 {
		given = c.usual
	}
	runtime.GOMAXPROCS(c.threads)
	c.run(name, given)
}

func sumBelow(n int) int { return n * (n - 1) / 2 }

func spawn(name string, n int) {
	sum, results := 0, make(chan int)
	watch := startWatch()
	for i := 0; i < n; i++ {
		go func(i int) { results <- i }(i)
		sum += <-results
	}
	require(sum == sumBelow(n), "the sum of the results")
	watch.result(name, n, "")
}

func gather(name string, n int) {
	var group sync.WaitGroup
	var sum int64
	watch := startWatch()
	group.Add(n)
	for i := 0; i < n; i++ {
		go func(i int) {
			for k := 0; k < 10; k++ {
				runtime.Gosched()
			}
			atomic.AddInt64(&sum, int64(i))
			group.Done()
		}(i)
	}
	group.Wait()
	require(int(sum) == sumBelow(n), "the sum of the results")
	watch.result(name, n*10, "")
}

func idle(name string, n int) {
	rss := peakRSS()
	var group sync.WaitGroup
	var finished int64
	watch := startWatch()
	group.Add(n)
	for i := 0; i < n; i++ {
		go func() {
			time.Sleep(10 * time.Second)
			atomic.AddInt64(&finished, 1)
			group.Done()
		}()
	}
	group.Wait()
	require(int(finished) == n, "every task woke")
	watch.result(name, n, fmt.Sprintf("bytes_per_task=%.0f over_s=%.3f", (peakRSS()-rss)*1048576/float64(n), watch.seconds()-10))
}

func timers(name string, n int) {
	random := uint64(0x9E3779B97F4A7C15)
	delays := make([]time.Duration, n)
	for i := range delays {
		random ^= random << 13
		random ^= random >> 7
		random ^= random << 17
		delays[i] = time.Duration(random%1_000_000) * time.Microsecond
	}
	var fired, cancelled int64
	watch := startWatch()
	all := make([]*time.Timer, n)
	for i := range all {
		all[i] = time.AfterFunc(delays[i], func() { atomic.AddInt64(&fired, 1) })
	}
	for i := range all {
		if i%10 != 0 && all[i].Stop() { // false: it fired before we came to it
			cancelled++
		}
	}
	startCancel := watch.seconds()
	for atomic.LoadInt64(&fired)+cancelled < int64(n) {
		time.Sleep(time.Millisecond)
	}
	watch.result(name, n, fmt.Sprintf("start_cancel_s=%.3f cancelled=%d", startCancel, cancelled))
}

func queue(name string, n int) {
	sum, items := 0, make(chan int, 100)
	watch := startWatch()
	go func() {
		for i := 0; i < n; i++ {
			items <- i
		}
		close(items)
	}()
	for item := range items {
		sum += item
	}
	require(sum == sumBelow(n), "each item arrived")
	watch.result(name, n, "")
}

func lock(name string, n int) {
	var mutex sync.Mutex
	var group sync.WaitGroup
	counter, times := 0, n/tasksForLock
	watch := startWatch()
	group.Add(tasksForLock)
	for task := 0; task < tasksForLock; task++ {
		go func() {
			for i := 0; i < times; i++ {
				mutex.Lock()
				seen := counter
				runtime.Gosched()
				counter = seen + 1
				mutex.Unlock()
			}
			group.Done()
		}()
	}
	group.Wait()
	require(counter == times*tasksForLock, "no increment is lost")
	watch.result(name, counter, "")
}

func xthread(name string, n int) { // another OS thread sends closures to the main goroutine
	count, calls := 0, make(chan func(), 1024)
	watch := startWatch()
	go func() {
		runtime.LockOSThread()
		for i := 0; i < n; i++ {
			calls <- func() { count++ }
		}
		close(calls)
	}()
	for call := range calls {
		call()
	}
	require(count == n, "every call ran")
	watch.result(name, n, "")
}

type job struct {
	value  int
	result chan int
}

func executor(name string, n int) { // a pool of 4 goroutines; each caller waits for its own reply
	jobs := make(chan job)
	for i := 0; i < 4; i++ {
		go func() {
			for j := range jobs {
				j.result <- j.value + 1
			}
		}()
	}
	var group sync.WaitGroup
	var sum int64
	times := n / inFlight
	watch := startWatch()
	group.Add(inFlight)
	for caller := 0; caller < inFlight; caller++ {
		go func() {
			own, result := 0, make(chan int, 1)
			for i := 0; i < times; i++ {
				jobs <- job{i, result}
				own += <-result
			}
			atomic.AddInt64(&sum, int64(own))
			group.Done()
		}()
	}
	group.Wait()
	require(int(sum) == inFlight*sumBelow(times+1), "the sum of the results")
	watch.result(name, times*inFlight, "")
}

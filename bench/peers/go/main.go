// SPDX-License-Identifier: Apache-2.0

// The cases on Go's own runtime and net/http.
//
//	usage: gobench CASE [N]  |  gobench echo|hello  |  gobench fetch PORT N CONNECTIONS MANIFEST|-
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func require(holds bool, what string) {
	if !holds {
		fmt.Fprintln(os.Stderr, "check failed:", what)
		os.Exit(1)
	}
}

func requireNoError(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func cpuSeconds() float64 { // of all threads
	var used syscall.Rusage
	requireNoError(syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return float64(used.Utime.Sec+used.Stime.Sec) + float64(used.Utime.Usec+used.Stime.Usec)*1e-6
}

func peakRSS() float64 { // VmHWM in MiB; ru_maxrss starts at the launcher's size
	status, err := os.ReadFile("/proc/self/status")
	requireNoError(err)
	for _, line := range strings.Split(string(status), "\n") {
		if rest := strings.TrimPrefix(line, "VmHWM:"); rest != line {
			kib, err := strconv.Atoi(strings.Fields(rest)[0])
			requireNoError(err)
			return float64(kib) / 1024
		}
	}
	return 0
}

type stopwatch struct {
	start time.Time
	cpu   float64
}

func startWatch() stopwatch { return stopwatch{time.Now(), cpuSeconds()} }

func (w stopwatch) seconds() float64 { return time.Since(w.start).Seconds() }

func (w stopwatch) result(name string, ops int, extra string) {
	seconds, cpu := w.seconds(), cpuSeconds()-w.cpu
	fmt.Printf("RESULT bench=%s peer=go ops=%d s=%.6f cpu=%.6f rss_mib=%.1f %s\n", name, ops, seconds, cpu, peakRSS(), extra)
}

func main() {
	if len(os.Args) < 2 {
		os.Exit(2)
	}
	name := os.Args[1]
	runtime.GOMAXPROCS(1) // the cases are single-threaded, but for the two that are about threads
	switch name {
	case "echo":
		serveEcho()
	case "hello":
		serveHello()
	case "fetch":
		require(len(os.Args) == 6, "fetch PORT N CONNECTIONS MANIFEST|-")
		wanted, err := strconv.Atoi(os.Args[3])
		requireNoError(err)
		connections, err := strconv.Atoi(os.Args[4])
		requireNoError(err)
		fetch(os.Args[2], wanted, connections, os.Args[5])
	default:
		given := 0
		if len(os.Args) > 2 {
			var err error
			given, err = strconv.Atoi(os.Args[2])
			requireNoError(err)
		}
		runCase(name, given)
	}
}

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
)

const pages, pageBytes = 500, 10240

func serveEcho() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	requireNoError(err)
	fmt.Printf("PORT %d\n", listener.Addr().(*net.TCPAddr).Port)
	for {
		connection, err := listener.Accept()
		requireNoError(err)
		go func() {
			defer connection.Close()
			buffer := make([]byte, 65536)
			for {
				n, err := connection.Read(buffer)
				if err != nil {
					return
				}
				if _, err = connection.Write(buffer[:n]); err != nil {
					return
				}
			}
		}()
	}
}

func serveHello() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	requireNoError(err)
	fmt.Printf("PORT %d\n", listener.Addr().(*net.TCPAddr).Port)
	http.HandleFunc("/hello", func(response http.ResponseWriter, _ *http.Request) {
		response.Header().Set("Content-Type", "text/plain")
		io.WriteString(response, "Hello, World!")
	})
	requireNoError(http.Serve(listener, nil))
}

func readManifest(path string) []string { // nil: bodies are not hashed
	if path == "-" {
		return nil
	}
	text, err := os.ReadFile(path)
	requireNoError(err)
	var digests []string
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		digests = append(digests, line[:64])
	}
	require(len(digests) == pages, "the manifest has a line for each page")
	return digests
}

func fetch(port string, wanted, connections int, manifest string) {
	if connections > wanted {
		connections = wanted
	}
	digests := readManifest(manifest)
	transport := &http.Transport{MaxIdleConns: connections, MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections, DisableCompression: true}
	client := &http.Client{Transport: transport}
	var asked, finished, bytes int64
	var group sync.WaitGroup
	watch := startWatch()
	group.Add(connections)
	for worker := 0; worker < connections; worker++ {
		go func() {
			defer group.Done()
			for {
				i := int(atomic.AddInt64(&asked, 1)) - 1
				if i >= wanted {
					return
				}
				response, err := client.Get(fmt.Sprintf("http://127.0.0.1:%s/p/%d.html?i=%d", port, i%pages, i))
				requireNoError(err)
				body, err := io.ReadAll(response.Body)
				response.Body.Close()
				requireNoError(err)
				require(response.StatusCode == 200 && len(body) > 0, "status is 200, the body is not empty")
				if digests != nil {
					digest := sha256.Sum256(body)
					require(len(body) == pageBytes && hex.EncodeToString(digest[:]) == digests[i%pages], "the page's checksum")
				}
				atomic.AddInt64(&bytes, int64(len(body)))
				atomic.AddInt64(&finished, 1)
			}
		}()
	}
	group.Wait()
	require(int(finished) == wanted, "every page was fetched")
	watch.result("crawl", wanted, fmt.Sprintf("bytes=%d", bytes))
}

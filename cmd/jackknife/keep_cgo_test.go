//go:build cgo

package main

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	jack "github.com/xthexder/go-jack"

	"jackknife/testdata/servers"
)

// churn is how long TestKeepChurn lasts at least.
var churn = flag.Duration("churn", 0, "how long ports and programs come and go under a keep")

// TestKeepChurn has ports and programs come and go under a keep: each is
// connected, how soon is logged, and neither goroutines nor memory pile up.
func TestKeepChurn(t *testing.T) {
	const rounds = 300
	began := time.Now()
	name := fmt.Sprint("churn", os.Getpid())
	c, told, end := startKeep(t, name, "re:"+name+"g?:out_(\\d) -> system:playback_$1\n")

	await := func(round int, client string, port int) {
		want := fmt.Sprintf("connected %s:out_%d -> system:playback_%d", client, port, port)
		for told.Scan() && told.Text() != want {
		}
		if told.Text() != want {
			t.Fatalf("round %d: %s: not told", round, want)
		}
	}
	var took []time.Duration
	goroutines, memory, guests := 0, 0, 0
	// The last of ten rounds: keep leaves the server after it heard of the last guest's end.
	for i := 0; i < rounds || i%10 != 0 || time.Since(began) < *churn; i++ {
		port := c.PortRegister(fmt.Sprint("out_", i%9+1), jack.DEFAULT_AUDIO_TYPE, jack.PortIsOutput, 0)
		start := time.Now()
		await(i, name, i%9+1)
		took = append(took, time.Since(start))
		c.PortUnregister(port)
		if i%10 == 0 {
			guest, status := jack.ClientOpen(name+"g", jack.NoStartServer)
			if guest == nil {
				t.Fatalf("round %d: open: status %#x", i, status)
			}
			guest.PortRegister("out_1", jack.DEFAULT_AUDIO_TYPE, jack.PortIsOutput, 0)
			if guest.Activate() != 0 {
				t.Fatal("activate")
			}
			await(i, name+"g", 1)
			guest.Close()
			guests++
		}
		if i == rounds/3 {
			goroutines, memory = runtime.NumGoroutine(), heap()
		}
	}
	if n := runtime.NumGoroutine(); n > goroutines+2 {
		t.Errorf("%d goroutines, %d at the beginning", n, goroutines)
	}
	// The list of times itself grows, by 8 bytes a round and what append reserves.
	now := heap()
	if now-memory > 256<<10+32*len(took) {
		t.Errorf("%d KiB of memory, %d KiB at the beginning", now>>10, memory>>10)
	}
	t.Logf("%d ports and %d programs in %v: %d KiB of memory, %d KiB at the beginning, %d goroutines", len(took), guests, time.Since(began).Round(time.Second), now>>10, memory>>10, runtime.NumGoroutine())
	end()
	took = took[1:] // the first waited for keep to start
	slices.Sort(took)
	t.Logf("from a port to its connection: median %v, worst %v", took[len(took)/2], took[len(took)-1])
}

// A rule about groups is not put off for ever where other ports come and go
// without rest.
func TestKeepUnsettled(t *testing.T) {
	name := fmt.Sprint("unsettled", os.Getpid())
	c, lines, end := startKeep(t, name, name+":ready -> system:playback_3\n"+name+":out_* -> system:playback_{1..2}\n")
	told := make(chan string, 2)
	go func() {
		for lines.Scan() {
			told <- lines.Text()
		}
	}()
	c.PortRegister("ready", jack.DEFAULT_AUDIO_TYPE, jack.PortIsOutput, 0)
	<-told
	for n := 1; n <= 2; n++ {
		c.PortRegister(fmt.Sprint("out_", n), jack.DEFAULT_AUDIO_TYPE, jack.PortIsOutput, 0)
	}
	var have []string
	for limit := time.Now().Add(20 * time.Second); len(have) < 2 && time.Now().Before(limit); {
		c.PortUnregister(c.PortRegister("restless", jack.DEFAULT_AUDIO_TYPE, jack.PortIsOutput, 0))
		select {
		case line := <-told:
			have = append(have, line)
		case <-time.After(settle / 5):
		}
	}
	want := []string{"connected " + name + ":out_1 -> system:playback_1", "connected " + name + ":out_2 -> system:playback_2"}
	if !slices.Equal(have, want) {
		t.Errorf("told %q, want %q", have, want)
	}
	end()
}

// startKeep starts a jackd of short blocks, a client on it and a keep of rules, whose
// lines told has. end ends the keep.
func startKeep(t *testing.T, client, rules string) (c *jack.Client, told *bufio.Scanner, end func()) {
	t.Helper()
	d, err := servers.StartJackd(t.TempDir(), "-p", "256")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Stop)
	t.Setenv("JACK_DEFAULT_SERVER", d.Name)
	file := filepath.Join(t.TempDir(), "rules.patch")
	if err := os.WriteFile(file, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	c, status := jack.ClientOpen(client, jack.NoStartServer)
	if c == nil {
		t.Fatalf("open: status %#x", status)
	}
	t.Cleanup(func() { c.Close() })
	if c.Activate() != 0 {
		t.Fatal("activate")
	}
	var errs bytes.Buffer
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("keep said: %s", &errs)
		}
	})
	lines, out := io.Pipe()
	done := make(chan int, 1)
	go func() { done <- run(t.Context(), []string{"keep", file}, strings.NewReader(""), out, &errs) }()
	return c, bufio.NewScanner(lines), func() {
		syscall.Kill(os.Getpid(), syscall.SIGINT) // run has asked for it
		if code := <-done; code != exitDone {
			t.Errorf("exit code %d: %s", code, &errs)
		}
	}
}

// heap is how much memory Go has in use, in bytes. What libjack has is not in
// it: it keeps some of every client that this test opens and closes.
func heap() int {
	runtime.GC()
	runtime.GC() // a sync.Pool outlives one: regexp has some
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

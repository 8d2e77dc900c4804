//go:build cgo

package main

import (
	"bufio"
	"bytes"
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

// TestKeepChurn has ports come and go under a keep: each is connected, how soon
// is logged, and nothing piles up.
func TestKeepChurn(t *testing.T) {
	const rounds = 300
	d, err := servers.StartJackd(t.TempDir(), "-p", "256")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Stop()
	t.Setenv("JACK_DEFAULT_SERVER", d.Name)
	rules := filepath.Join(t.TempDir(), "rules.patch")
	name := fmt.Sprint("churn", os.Getpid())
	if err := os.WriteFile(rules, []byte("re:"+name+":out_(\\d) -> system:playback_$1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, status := jack.ClientOpen(name, jack.NoStartServer)
	if c == nil {
		t.Fatalf("open: status %#x", status)
	}
	defer c.Close()
	if c.Activate() != 0 {
		t.Fatal("activate")
	}
	var errs bytes.Buffer
	lines, out := io.Pipe()
	done := make(chan int, 1)
	go func() { done <- run(t.Context(), []string{"keep", rules}, strings.NewReader(""), out, &errs) }()
	told := bufio.NewScanner(lines)

	var took []time.Duration
	goroutines := 0
	for i := range rounds {
		port := c.PortRegister(fmt.Sprint("out_", i%9+1), jack.DEFAULT_AUDIO_TYPE, jack.PortIsOutput, 0)
		start := time.Now()
		want := fmt.Sprintf("connected %s:out_%d -> system:playback_%d", name, i%9+1, i%9+1)
		for told.Scan() && told.Text() != want {
		}
		if told.Text() != want {
			t.Fatalf("round %d: not connected\n%s", i, &errs)
		}
		took = append(took, time.Since(start))
		c.PortUnregister(port)
		if i == rounds/10 {
			goroutines = runtime.NumGoroutine()
		}
	}
	if n := runtime.NumGoroutine(); n > goroutines+2 {
		t.Errorf("%d goroutines, %d at the beginning", n, goroutines)
	}
	syscall.Kill(os.Getpid(), syscall.SIGINT) // run has asked for it
	if code := <-done; code != exitDone {
		t.Errorf("exit code %d: %s", code, &errs)
	}
	took = took[1:] // the first waited for keep to start
	slices.Sort(took)
	t.Logf("from a port to its connection: median %v, worst %v", took[len(took)/2], took[len(took)-1])
}

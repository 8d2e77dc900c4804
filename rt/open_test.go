//go:build cgo

package rt_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"jackknife/rt"
)

// TestServerStandsStill asks a server that was stopped: it is there, but lets
// nobody in.
func TestServerStandsStill(t *testing.T) {
	if testing.Short() {
		t.Skip("takes as long as the limit")
	}
	s := server(t)
	if err := syscall.Kill(s.PID(), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	defer syscall.Kill(s.PID(), syscall.SIGCONT)
	l, err := rt.Open(rt.Config{Client: "late", Inputs: ports("in", 1)})
	if !errors.Is(err, rt.ErrNoAnswer) {
		t.Errorf("%v, %v", l, err)
	}
}

// TestStill records from and plays to a server that stops before the first frame.
func TestStill(t *testing.T) {
	if testing.Short() {
		t.Skip("takes as long as the limit")
	}
	s := server(t)
	in, err := rt.Open(rt.Config{Client: "in", Inputs: ports("in", 1)})
	if err != nil {
		t.Fatal(err)
	}
	out, err := rt.Open(rt.Config{Client: "out", Outputs: ports("out", 1)})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range []*rt.Loop{in, out} {
		defer l.Close()
		if err := l.Activate(); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Load(strings.NewReader(strings.Repeat("data", 48000))); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(s.PID(), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	defer syscall.Kill(s.PID(), syscall.SIGCONT)
	time.Sleep(100 * time.Millisecond) // for the cycle that was under way
	in.Start()
	out.Start()
	played := make(chan error, 1)
	go func() {
		_, err := out.Play(t.Context(), nil)
		played <- err
	}()
	if r, err := in.Record(t.Context(), io.Discard, rt.RecordOptions{Frames: 100}); !errors.Is(err, rt.ErrStill) || r.Frames != 0 {
		t.Errorf("recorded %d frames, %v", r.Frames, err)
	}
	if err := <-played; !errors.Is(err, rt.ErrStill) {
		t.Errorf("played: %v", err)
	}
}

// TestSignalsAreKept: when the loop has left the server, none of the process's
// threads has signals blocked. What a thread starts would have them blocked too,
// and a shell waits for ever for children of which it is not told.
func TestSignalsAreKept(t *testing.T) {
	server(t)
	l, err := rt.Open(rt.Config{Client: "kept", Inputs: ports("in", 1)})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	var blocked []string
	for limit := time.Now().Add(2 * time.Second); time.Now().Before(limit); time.Sleep(10 * time.Millisecond) {
		blocked = nil
		tasks, err := filepath.Glob("/proc/self/task/*/status")
		if err != nil {
			t.Fatal(err)
		}
		for _, task := range tasks {
			status, _ := os.ReadFile(task) // it may have ended
			for line := range strings.Lines(string(status)) {
				mask, ok := strings.CutPrefix(line, "SigBlk:\t")
				if n, err := strconv.ParseUint(strings.TrimSpace(mask), 16, 64); ok && err == nil && n&(1<<(syscall.SIGCHLD-1)) != 0 {
					blocked = append(blocked, task)
				}
			}
		}
		if len(blocked) == 0 {
			return // a thread that is being made has signals blocked for a moment
		}
	}
	t.Errorf("SIGCHLD is blocked in %v", blocked)
}

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jackknife/wav"
)

// TestBatchInterrupted: Ctrl-C leaves whole outputs or none, and --resume does
// the rest.
func TestBatchInterrupted(t *testing.T) {
	dir := t.TempDir()
	f := wav.Format{RateHz: 48000, Channels: 1, Bits: 16, SampleBytes: 2}
	var names []string
	for i := range 60 {
		name := filepath.Join(dir, fmt.Sprintf("%02d.wav", i))
		w, err := wav.Create(name, f)
		if err == nil {
			_, err = w.Write(make([]byte, 2*48000*5))
		}
		if err == nil {
			err = w.Commit()
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	out := filepath.Join(dir, "out")
	edit := func(ctx context.Context) (int, string) {
		var stdout, stderr bytes.Buffer
		args := append([]string{"edit", "--resume", "-j", "1", "--out-dir", out, "-p", "x1"}, names...)
		return run(ctx, args, strings.NewReader(""), &stdout, &stderr), stdout.String() + stderr.String()
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for { // until some are done
			if found, _ := filepath.Glob(filepath.Join(out, "*.wav")); len(found) > 3 || t.Context().Err() != nil {
				cancel()
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	code, text := edit(ctx)
	if code != exitFailed || !strings.Contains(text, "interrupted after ") || strings.Contains(text, "failed") {
		t.Fatalf("exit %d: %s", code, text)
	}
	done, _ := filepath.Glob(filepath.Join(out, "*.wav"))
	if len(done) < 3 || len(done) == len(names) {
		t.Fatalf("%d of %d takes were done", len(done), len(names))
	}
	if left, _ := filepath.Glob(filepath.Join(out, ".*.tmp")); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
	code, text = edit(t.Context())
	if code != exitDone || strings.Count(text, " before\n") != len(done) || strings.Count(text, " done\n") != len(names)-len(done) {
		t.Errorf("exit %d, %d were done before: %s", code, len(done), text)
	}
	for _, name := range names {
		a, _ := os.ReadFile(name)
		b, err := os.ReadFile(filepath.Join(out, filepath.Base(name)))
		if err != nil || !bytes.Equal(a, b) {
			t.Errorf("%s: the output differs (%v)", filepath.Base(name), err)
		}
	}
}

package main

import (
	"bytes"
	"context"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"jackknife/testdata/wavs"
	"jackknife/wav"
)

// phrases writes nine seconds of a room (24-bit, 48 kHz) in which something
// like a voice can be heard from 1 to 2 s, 3 to 4.5 s and 6.5 to 8 s: phrases FILE [SEED]
var _ = addScriptCommand("phrases", func(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: phrases FILE [SEED]")
	}
	seed := uint64(1)
	if len(args) == 2 {
		seed = uint64(args[1][0])
	}
	const rate = 48000
	f := wav.Format{RateHz: rate, Channels: 1, Bits: 24, SampleBytes: 3}
	rng := rand.New(rand.NewPCG(seed, 0))
	x := make([]float64, 9*rate)
	for i := range x {
		x[i] = rng.NormFloat64() * 1e-3
	}
	for _, s := range [][2]float64{{1, 2}, {3, 4.5}, {6.5, 8}} {
		for i := int(s[0] * rate); i < int(s[1]*rate); i++ {
			t := float64(i) / rate
			for k := 1.0; k < 20; k++ {
				x[i] += 0.1 / k * math.Sin(2*math.Pi*150*k*t) * (1 + 0.5*math.Sin(2*math.Pi*4*t))
			}
		}
	}
	w, err := wav.Create(ts.MkAbs(args[0]), f)
	ts.Check(err)
	data := make([]byte, 3*len(x))
	wav.Encode(data, x, f)
	_, err = w.Write(data)
	ts.Check(err)
	ts.Check(w.Commit())
})

// TestEditInterrupted: Ctrl-C leaves neither an output nor a temporary file.
func TestEditInterrupted(t *testing.T) {
	dir := t.TempDir()
	take := filepath.Join(dir, "take.wav")
	w, err := wav.Create(take, wav.Format{RateHz: 48000, Channels: 1, Bits: 16, SampleBytes: 2})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, 2*48000)); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	out := filepath.Join(dir, "out.wav")
	var stderr bytes.Buffer
	code := run(ctx, []string{"edit", take, "-o", out}, strings.NewReader(""), &bytes.Buffer{}, &stderr)
	if code != exitFailed || !strings.Contains(stderr.String(), "interrupted, nothing written") {
		t.Errorf("exit %d, %s", code, &stderr)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("left in the folder: %v, %v", left, err)
	}
}

// TestEditOfNothing: an edit that changes nothing gives the same file, headers
// and foreign chunks included, for every file of the corpus that can be read;
// those that cannot leave nothing behind.
func TestEditOfNothing(t *testing.T) {
	dir := t.TempDir()
	read, refused := 0, 0
	for _, c := range wavs.Files() {
		if c.Bytes == nil {
			continue
		}
		in, out := filepath.Join(dir, c.Name), filepath.Join(dir, "out.wav")
		if err := os.WriteFile(in, c.Bytes, 0644); err != nil {
			t.Fatal(err)
		}
		var stderr bytes.Buffer
		code := run(context.Background(), []string{"edit", in, "-o", out, "--pauses", "x1"}, strings.NewReader(""), &bytes.Buffer{}, &stderr)
		have, err := os.ReadFile(out)
		take, openErr := wav.OpenCoded(t.Context(), in)
		switch {
		case openErr != nil:
			refused++
			if code == exitDone || err == nil {
				t.Errorf("%s: exit %d although it cannot be read: %v", c.Name, code, openErr)
			}
		case take.Format().RateHz < 4000: // no speech can be found in it
			if code != exitFailed || err == nil {
				t.Errorf("%s: exit %d", c.Name, code)
			}
		case code != exitDone:
			t.Errorf("%s: exit %d: %s", c.Name, code, &stderr)
		case take.Container() != "RIFF" && !bytes.HasPrefix(have, []byte(take.Container())[:4]) && take.Chunks() == nil:
			take.Close() // coded: another file
		default:
			read++
			if !bytes.Equal(have, c.Bytes) {
				t.Errorf("%s: %d bytes, not the %d of the take", c.Name, len(have), len(c.Bytes))
			}
			take.Close()
		}
		os.Remove(in)
		os.Remove(out)
		os.Remove(sidecarOf(out))
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left in the folder: %v, %v", left, err)
	}
	if read < 20 || refused < 20 {
		t.Errorf("%d files read, %d refused", read, refused)
	}
	t.Logf("%d files read, %d refused", read, refused)
}

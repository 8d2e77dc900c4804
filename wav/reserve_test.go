package wav

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestReservedIsGivenBack: a long file, written in pieces of any length, holds
// its bytes and takes no more of the disk than it needs.
func TestReservedIsGivenBack(t *testing.T) {
	f := Format{RateHz: 48000, Channels: 1, Bits: 24, SampleBytes: 3}
	name := filepath.Join(t.TempDir(), "long.wav")
	w, err := Create(name, f)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(5, 6))
	p := stored(rng, 1_500_000, f)
	for at := 0; at < len(p); {
		n := min(3*rng.IntN(700_000), len(p)-at)
		if _, err := w.Write(p[at : at+n]); err != nil {
			t.Fatal(err)
		}
		at += n
	}
	if w.reserved == 0 {
		t.Error("no space was reserved")
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(frames(t, mustOpen(t, name)), p) {
		t.Error("other bytes came back")
	}
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Sys().(*syscall.Stat_t).Blocks * 512; got > info.Size()+1<<20 {
		t.Errorf("a file of %d bytes takes %d on the disk", info.Size(), got)
	}
}

package wav

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// formats is every layout with some channel counts.
func formats() (fs []Format) {
	for _, f := range layouts {
		for _, n := range []int{1, 2, 3, 12} {
			f.RateHz, f.Channels = 48000, n
			fs = append(fs, f)
		}
	}
	return fs
}

func TestWriterReader(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	dir := t.TempDir()
	for i, f := range formats() {
		for _, n := range []int{0, 1, 1001, 100_003} {
			name := filepath.Join(dir, fmt.Sprintf("%d-%d.wav", i, n))
			p := stored(rng, n*f.Channels, f)
			write(t, name, f, p)
			r := mustOpen(t, name)
			if r.Format() != f || r.Frames() != int64(n) || len(r.Notes()) > 0 {
				t.Fatalf("%v x %d, %d frames: read as %v x %d, %d frames, notes %q",
					f, f.Channels, n, r.Format(), r.Format().Channels, r.Frames(), r.Notes())
			}
			if !bytes.Equal(frames(t, r), p) {
				t.Fatalf("%v x %d, %d frames: other bytes came back", f, f.Channels, n)
			}
			os.Remove(name)
		}
	}
}

// frames reads a whole take in pieces of 999 frames.
func frames(t testing.TB, r *Reader) []byte {
	t.Helper()
	size := r.Format().FrameBytes()
	var all []byte
	piece := make([]byte, 999*size)
	for {
		n, err := r.ReadFrames(piece, int64(len(all)/size))
		all = append(all, piece[:n*size]...)
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func write(t testing.TB, name string, f Format, p []byte) {
	t.Helper()
	w, err := Create(name, f)
	if err != nil {
		t.Fatal(err)
	}
	for len(p) > 0 {
		n := min(len(p), 777*f.FrameBytes())
		if _, err = w.Write(p[:n]); err != nil {
			t.Fatal(err)
		}
		p = p[n:]
	}
	if err = w.Commit(); err != nil {
		t.Fatal(err)
	}
}

func mustOpen(t testing.TB, name string) *Reader {
	t.Helper()
	r, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

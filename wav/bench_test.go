package wav

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// benchTake is half an hour of 24-bit mono, of noise so that nothing can be
// saved by packing it.
func benchTake(b *testing.B) string {
	name := filepath.Join(b.TempDir(), "take.wav")
	f := Format{RateHz: 48000, Channels: 1, Bits: 24, SampleBytes: 3}
	w, err := Create(name, f)
	if err != nil {
		b.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(7, 8))
	for range 30 {
		if _, err := w.Write(stored(rng, 60*48000, f)); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		b.Fatal(err)
	}
	return name
}

// All but cp copy a take to a new file and bring it to the disk.
func BenchmarkCopy(b *testing.B) {
	name := benchTake(b)
	out := filepath.Join(b.TempDir(), "out.wav")
	run := func(kind string, fill func(*Writer, *Reader) error) {
		b.Run(kind, func(b *testing.B) {
			for b.Loop() {
				remove(b, out)
				r := mustOpen(b, name)
				b.SetBytes(r.size)
				w, err := CreateLike(out, r)
				if err == nil {
					err = fill(w, r)
				}
				if err == nil {
					err = w.Commit()
				}
				if err != nil {
					b.Fatal(err)
				}
				r.Close()
			}
		})
	}
	run("CopyFrames", func(w *Writer, r *Reader) error { return w.CopyFrames(r, 0, r.Frames()) })
	run("CopyFramesBy3s", func(w *Writer, r *Reader) error {
		for at := int64(0); at < r.Frames(); at += 3 * 48000 {
			if err := w.CopyFrames(r, at, min(3*48000, r.Frames()-at)); err != nil {
				return err
			}
		}
		return nil
	})
	run("ReadWrite", func(w *Writer, r *Reader) error {
		p := make([]byte, 3*48000)
		for at := int64(0); at < r.Frames(); {
			n, err := r.ReadFrames(p, at)
			if n == 0 {
				return err
			}
			if _, err := w.Write(p[:3*n]); err != nil {
				return err
			}
			at += int64(n)
		}
		return nil
	})
	b.Run("cp", func(b *testing.B) {
		for b.Loop() {
			remove(b, out)
			if err := exec.Command("cp", name, out).Run(); err != nil {
				b.Fatal(err)
			}
		}
		info, _ := os.Stat(name)
		b.SetBytes(info.Size())
	})
}

// remove takes a file away while the clock stands still.
func remove(b *testing.B, name string) {
	b.StopTimer()
	os.Remove(name)
	b.StartTimer()
}

// A short file shows what Create and Commit cost by themselves.
func BenchmarkCreateCommit(b *testing.B) {
	dir := b.TempDir()
	f := Format{RateHz: 48000, Channels: 1, Bits: 24, SampleBytes: 3}
	for b.Loop() {
		w, err := Create(filepath.Join(dir, "out.wav"), f)
		if err == nil {
			w.Replace = true
			err = w.Commit()
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	name := benchTake(b)
	for b.Loop() {
		r, err := Open(name)
		if err != nil {
			b.Fatal(err)
		}
		r.Close()
	}
}

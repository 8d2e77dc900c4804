package wav

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"jackknife/testdata/wavs"
)

// TestDamagedIsPutInOrder: every take of the corpus that OpenDamaged reads becomes
// one that Open reads, with the same frames.
func TestDamagedIsPutInOrder(t *testing.T) {
	dir, n := t.TempDir(), 0
	for _, c := range wavs.Files() {
		name, out := filepath.Join(dir, c.Name), filepath.Join(dir, "out-"+c.Name)
		if err := os.WriteFile(name, c.Bytes, 0o666); err != nil {
			t.Fatal(err)
		}
		take, err := OpenDamaged(context.Background(), name)
		if err != nil {
			continue
		}
		defer take.Close()
		if take.Damage() == "" {
			continue
		}
		n++
		w, err := CreateAs(out, take, Target{})
		if err == nil {
			if err = w.CopyFrames(take, 0, take.Frames()); err == nil {
				err = w.Commit()
			}
		}
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		got := mustOpen(t, out)
		f := take.Format()
		a, b := make([]byte, take.Frames()*int64(f.FrameBytes())), make([]byte, got.Frames()*int64(f.FrameBytes()))
		take.ReadFrames(a, 0)
		got.ReadFrames(b, 0)
		if !bytes.Equal(a, b) || len(got.Notes()) > 0 || got.Format() != f && !f.BigEndian {
			t.Errorf("%s: %d frames of %v become %d of %v; %v", c.Name, take.Frames(), f, got.Frames(), got.Format(), got.Notes())
		}
	}
	if n < 15 {
		t.Errorf("only %d damaged takes", n)
	}
}

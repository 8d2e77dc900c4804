package wav

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Files beyond 4 GiB, for real, but sparse: between the first second and the
// last there is a hole. Others must see every frame. (libsndfile and sox do
// too, but their tools read all 5 GiB to say so: minutes.)
func TestBeyond4GiB(t *testing.T) {
	f := Format{RateHz: 48000, Channels: 2, Bits: 24, SampleBytes: 3}
	const n = 5 << 30 / 6
	first, last := staircase(f, 0, 48000), staircase(f, n-48000, 48000)
	hole := int64(n-2*48000) * 6

	dir := t.TempDir()
	written := filepath.Join(dir, "written.wav")
	w, err := Create(written, f)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(first)
	w.flush()
	w.off += hole
	w.sizes.frames += hole / 6
	w.Write(last)
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}

	recorded := filepath.Join(dir, "recorded.wav")
	k, err := createTake(recorded, f, time.Hour, maxRIFF)
	if err != nil {
		t.Fatal(err)
	}
	k.Write(first)
	if err := k.sync(); err != nil {
		t.Fatal(err)
	}
	if r := mustOpen(t, k.Part()); r.Container() != "RIFF" {
		t.Errorf("%s of %d frames", r.Container(), r.Frames())
	}
	k.frames.Add(hole / 6)
	k.Write(last)
	if err := k.sync(); err != nil {
		t.Fatal(err)
	}
	if r := mustOpen(t, k.Part()); r.Container() != "RF64" || r.Frames() != n {
		t.Errorf("%s of %d frames", r.Container(), r.Frames())
	}
	if err := k.Finish(); err != nil {
		t.Fatal(err)
	}

	for _, name := range []string{written, recorded} {
		r := mustOpen(t, name)
		if r.Container() != "RF64" || r.Frames() != n || len(r.Notes()) > 0 {
			t.Errorf("%s: %s of %d frames, notes %q", name, r.Container(), r.Frames(), r.Notes())
		}
		got := make([]byte, len(last))
		if _, err := r.ReadFrames(got, n-48000); err != nil || string(got) != string(last) {
			t.Errorf("%s: other frames at the end (%v)", name, err)
		}
		if tool, err := exec.LookPath("ffprobe"); err == nil {
			out, err := exec.Command(tool, "-v", "error", "-show_entries", "stream=duration_ts", "-of", "csv=p=0", name).CombinedOutput()
			if err != nil || strings.TrimSpace(string(out)) != strconv.Itoa(n) {
				t.Errorf("ffprobe: %s (%v)", out, err)
			}
		}
		if info, _ := os.Stat(name); info.Size() < 5<<30 {
			t.Errorf("%s: %d bytes", name, info.Size())
		}
	}
}

package wav_test

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jackknife/wav"
)

// TestTracksHaveNames: the names of a take's channels stand in its header page,
// are read again, and are carried into an edited take; other programs read it.
func TestTracksHaveNames(t *testing.T) {
	dir := t.TempDir()
	for name, tracks := range map[string][]string{
		"two":  {"voice <left> & \"right\"", "Gäste"},
		"some": {"", "guest_1", "guest_2"},
		"none": nil,
		"page": slices.Repeat([]string{"a name"}, 64), // do not fit into it
	} {
		f := wav.Format{RateHz: 48000, Channels: max(1, len(tracks)), Bits: 24, SampleBytes: 3}
		file := filepath.Join(dir, name+".wav")
		take, err := wav.CreateTake(file, f, tracks...)
		if err != nil {
			t.Fatal(err)
		}
		audio := bytes.Repeat([]byte{1, 2, 3}, 1001*f.Channels)
		if _, err := take.Write(audio); err != nil {
			t.Fatal(err)
		}
		if err := take.Finish(); err != nil {
			t.Fatal(err)
		}
		want := tracks
		if name == "page" {
			want = nil
		}
		edited := filepath.Join(dir, name+"-edited.wav")
		for _, file := range []string{file, edited} {
			r, err := wav.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if got := r.Tracks(); !slices.Equal(got, want) {
				t.Errorf("%s: tracks %q, want %q", file, got, want)
			}
			if n := r.Notes(); len(n) > 0 || r.Frames() != 1001 {
				t.Errorf("%s: %d frames, notes %q", file, r.Frames(), n)
			}
			if out, err := exec.Command("soxi", "-s", file).Output(); err != nil || strings.TrimSpace(string(out)) != "1001" {
				t.Errorf("soxi: %s %v", out, err)
			}
			if file == edited {
				continue
			}
			w, err := wav.CreateLike(edited, r)
			if err != nil {
				t.Fatal(err)
			}
			if err := w.CopyFrames(r, 0, 1001); err != nil {
				t.Fatal(err)
			}
			if err := w.Commit(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

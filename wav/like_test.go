package wav

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jackknife/testdata/wavs"
)

// readable writes the cases that a reader should take and gives their names.
func readable(t testing.TB) (names []string) {
	dir := t.TempDir()
	for _, c := range wavs.Files() {
		if c.Verdict == wavs.OK || c.Verdict == wavs.Warn {
			name := filepath.Join(dir, c.Name)
			if err := os.WriteFile(name, c.Bytes, 0666); err != nil {
				t.Fatal(err)
			}
			names = append(names, name)
		}
	}
	return names
}

func TestUneditedCopyIsTheSameFile(t *testing.T) {
	for _, name := range readable(t) {
		r := mustOpen(t, name)
		out := name + ".out.wav"
		w, err := CreateLike(out, r)
		if err != nil {
			t.Fatal(err)
		}
		w.MapFrames(func(frame int64) int64 { return frame })
		half := r.Frames() / 2
		if err := w.CopyFrames(r, 0, half); err != nil {
			t.Fatal(err)
		}
		if err := w.CopyFrames(r, half, r.Frames()-half); err != nil {
			t.Fatal(err)
		}
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
		a, _ := os.ReadFile(name)
		b, _ := os.ReadFile(out)
		if !bytes.Equal(a, b) {
			t.Errorf("%s: the copy differs", filepath.Base(name))
		}
	}
}

// otherChunks is the bytes of every chunk that does not follow the length of
// the audio.
func otherChunks(t *testing.T, r *Reader) (all []string) {
	for _, c := range r.Chunks() {
		if c.ID == "data" && c.Body == r.data || c.ID == "ds64" || c.ID == "fact" {
			continue
		}
		b := make([]byte, c.Size)
		if _, err := r.r.ReadAt(b, c.Body); err != nil {
			t.Fatal(err)
		}
		all = append(all, c.ID+string(b))
	}
	return all
}

func TestEditedCopyKeepsTheOtherChunks(t *testing.T) {
	for _, name := range readable(t) {
		r := mustOpen(t, name)
		for i, more := range []bool{true, false} {
			var want []byte
			out := fmt.Sprintf("%s.%d.wav", name, i)
			w, err := CreateLike(out, r)
			if err != nil {
				t.Fatal(err)
			}
			part := r.Frames() / 3
			err = w.CopyFrames(r, part, r.Frames()-part)
			want = append(want, frames(t, r)[int(part)*r.Format().FrameBytes():]...)
			if more || r.Frames() == 0 {
				fill := stored(rand.New(rand.NewPCG(1, 1)), (int(part)+7)*r.Format().Channels, r.Format())
				want = append(want, fill...)
				if _, err := w.Write(fill); err != nil {
					t.Fatal(err)
				}
			}
			if err == nil {
				err = w.Commit()
			}
			if err != nil {
				t.Fatal(err)
			}
			o := mustOpen(t, out)
			if o.Format() != r.Format() || o.Container() != r.Container() || !bytes.Equal(frames(t, o), want) {
				t.Errorf("%s: %s of %d frames; want %d", filepath.Base(out), o.Container(), o.Frames(), len(want)/r.Format().FrameBytes())
			}
			if !sameStrings(otherChunks(t, o), otherChunks(t, r)) {
				t.Errorf("%s: other chunks changed", filepath.Base(out))
			}
			for _, note := range o.Notes() { // sizes are right now, whatever they were
				if strings.Contains(note, "size") || strings.Contains(note, "ds64 counts") || strings.Contains(note, "whole frame") {
					t.Errorf("%s: %s", filepath.Base(out), note)
				}
			}
		}
	}
}

func sameStrings(a, b []string) bool {
	return len(a) == len(b) && strings.Join(a, "\n") == strings.Join(b, "\n")
}

func TestMarksMoveWithTheAudio(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "marks.wav")
	for _, c := range wavs.Files() {
		if c.Name == "o31-marks.wav" {
			os.WriteFile(name, c.Bytes, 0666)
		}
	}
	r := mustOpen(t, name)
	// 37 frames go in at 120: inside the region [100, 150), before the loop
	// [200, 300) and before the second cue point at 900; 101 go out at 850.
	at := func(frame int64) int64 {
		switch {
		case frame >= 951:
			return frame + 37 - 101
		case frame >= 850:
			return 850 + 37
		case frame >= 120:
			return frame + 37
		}
		return frame
	}
	for i, target := range []Target{{}, {Container: "RF64"}, {Container: "Wave64"}, {Bits: 24}, {Container: "Wave64", Bits: Float32}} {
		out := filepath.Join(dir, fmt.Sprintf("%d.wav", i))
		w, err := CreateAs(out, r, target)
		if err != nil {
			t.Fatal(err)
		}
		w.MapFrames(at)
		w.CopyFrames(r, 0, 120)
		w.Write(make([]byte, 37*4))
		w.CopyFrames(r, 120, 850-120)
		w.CopyFrames(r, 951, 1000-951)
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
		o := mustOpen(t, out)
		if len(o.Notes()) > 0 {
			t.Errorf("%v: notes %q", target, o.Notes())
		}
		got := map[string][]uint32{}
		for _, c := range o.Chunks() {
			b := make([]byte, c.Size)
			o.r.ReadAt(b, c.Body)
			u := func(at int) uint32 { return binary.LittleEndian.Uint32(b[at:]) }
			switch c.ID {
			case "cue ":
				got["cue"] = []uint32{u(8), u(24), u(32), u(48)}
			case "smpl":
				got["loop"] = []uint32{u(44), u(48)}
			case "LIST":
				i := bytes.Index(b, []byte("ltxt"))
				got["region"] = []uint32{u(i + 12)}
			}
		}
		if want := "map[cue:[100 100 887 887] loop:[237 336] region:[87]]"; fmt.Sprint(got) != want {
			t.Errorf("%v: marks are %v, want %s", target, got, want)
		}
	}
}

// TestMistakesAreCutOnce: where a mistake is cut out its mark stays, but is one
// of a mistake no more.
func TestMistakesAreCutOnce(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "take.wav")
	w, err := Create(name, Format{RateHz: 48000, Channels: 1, Bits: 16, SampleBytes: 2})
	if err != nil {
		t.Fatal(err)
	}
	w.Write(make([]byte, 2*1000))
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if _, err := AddMarks(name, []Mark{{99, "before", true}, {100, "first", true}, {149, "last", true}, {150, "behind", true}, {1000, "end", true}}); err != nil {
		t.Fatal(err)
	}
	r := mustOpen(t, name)
	for from, want := range map[int64][]Mark{ // 50 frames are cut out
		100: {{99, "before", true}, {100, "first", false}, {100, "last", false}, {100, "behind", true}, {950, "end", true}},
		950: {{99, "before", true}, {100, "first", true}, {149, "last", true}, {150, "behind", true}, {950, "end", false}},
	} {
		out := filepath.Join(dir, fmt.Sprintf("%d.wav", from))
		w, err := CreateAs(out, r, Target{})
		if err != nil {
			t.Fatal(err)
		}
		w.MapFrames(func(frame int64) int64 { return min(frame, max(from, frame-50)) })
		w.CopyFrames(r, 0, from)
		w.CopyFrames(r, from+50, 950-from)
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
		if got := mustOpen(t, out).Marks(); !slices.Equal(got, want) {
			t.Errorf("without 50 frames from %d on: marks %+v, want %+v", from, got, want)
		}
	}
}

func TestOutputOutgrowsRIFF(t *testing.T) {
	for _, name := range readable(t) {
		r := mustOpen(t, name)
		if r.Container() != "RIFF" || r.Frames() == 0 || r.base > 0 {
			continue
		}
		out := name + ".large.wav"
		w, err := CreateLike(out, r)
		if err != nil {
			t.Fatal(err)
		}
		w.sizes.limit = r.end
		for range 2 {
			if err := w.CopyFrames(r, 0, r.Frames()); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
		o := mustOpen(t, out)
		audio := frames(t, r)
		if o.Container() != "RF64" || !bytes.Equal(frames(t, o), append(audio, audio...)) {
			t.Errorf("%s: %s of %d frames, want RF64 of %d", filepath.Base(name), o.Container(), o.Frames(), 2*r.Frames())
		}
		kept := strings.Join(otherChunks(t, o), "\n")
		for _, c := range otherChunks(t, r) {
			if !strings.HasPrefix(c, "JUNK") && !strings.Contains(kept, c) {
				t.Errorf("%s: lost %.8q", filepath.Base(name), c)
			}
		}
	}
}

func TestNothingIsOverwritten(t *testing.T) {
	dir := t.TempDir()
	f := Format{RateHz: 48000, Channels: 1, Bits: 16, SampleBytes: 2}
	take := filepath.Join(dir, "take.wav")
	write(t, take, f, make([]byte, 2000))
	r := mustOpen(t, take)
	os.Link(take, filepath.Join(dir, "hard.wav"))
	os.Symlink("take.wav", filepath.Join(dir, "soft.wav"))
	for _, name := range []string{"take.wav", "hard.wav", "soft.wav", "./take.wav", "../" + filepath.Base(dir) + "/take.wav"} {
		if _, err := CreateLike(dir+"/"+name, r); err == nil {
			t.Errorf("%s: the take was let in as the output", name)
		}
	}

	other := filepath.Join(dir, "other.wav")
	os.WriteFile(other, []byte("other"), 0600)
	w, err := CreateLike(other, r)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err == nil || !strings.Contains(err.Error(), other+": file exists") {
		t.Errorf("committing over an existing file: %v", err)
	}
	if b, _ := os.ReadFile(other); string(b) != "other" {
		t.Error("the existing file was touched")
	}
	w, err = CreateLike(other, r)
	if err != nil {
		t.Fatal(err)
	}
	w.Replace = true
	if err := w.Commit(); err != nil {
		t.Error(err)
	}
	if o := mustOpen(t, other); o.Frames() != 0 {
		t.Errorf("replaced by %d frames", o.Frames())
	}
	if _, err := Create("/dev/null", f); err == nil {
		t.Error("a device was let in as the output")
	}
	w, _ = Create(filepath.Join(dir, "gone.wav"), f)
	w.Write(make([]byte, 1<<20))
	if err := w.Abort(); err != nil {
		t.Error(err)
	}
	left, _ := os.ReadDir(dir)
	if len(left) != 4 {
		t.Errorf("left in the folder: %v", left)
	}
}

func TestCopyHasTheModeOfTheTake(t *testing.T) {
	dir := t.TempDir()
	take := filepath.Join(dir, "take.wav")
	write(t, take, Format{RateHz: 48000, Channels: 1, Bits: 16, SampleBytes: 2}, nil)
	os.Chmod(take, 0640)
	w, err := CreateLike(filepath.Join(dir, "out.wav"), mustOpen(t, take))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(filepath.Join(dir, "out.wav")); info.Mode() != fs.FileMode(0640) {
		t.Errorf("mode %v", info.Mode())
	}
}

func TestTakeThatChangesIsNoticed(t *testing.T) {
	dir := t.TempDir()
	take := filepath.Join(dir, "take.wav")
	write(t, take, Format{RateHz: 48000, Channels: 1, Bits: 16, SampleBytes: 2}, make([]byte, 2000))
	r := mustOpen(t, take)
	w, err := CreateLike(filepath.Join(dir, "out.wav"), r)
	if err != nil {
		t.Fatal(err)
	}
	w.CopyFrames(r, 0, 500)
	file, _ := os.OpenFile(take, os.O_WRONLY|os.O_APPEND, 0)
	file.Write([]byte("more"))
	file.Close()
	if err := w.Commit(); err == nil || !strings.Contains(err.Error(), "changed while it was read") {
		t.Errorf("commit: %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left in the folder: %v", left)
	}
}

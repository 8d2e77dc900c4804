package wav_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"jackknife/wav"
)

// TestAddMarks: the audio stays, other programs see the marks.
func TestAddMarks(t *testing.T) {
	for _, frames := range []int{1000, 1001} {
		name := filepath.Join(t.TempDir(), "take.wav")
		take, err := wav.CreateTake(name, wav.Format{RateHz: 48000, Channels: 1, Bits: 24, SampleBytes: 3})
		if err != nil {
			t.Fatal(err)
		}
		audio := bytes.Repeat([]byte{1, 2, 3}, frames)
		if _, err := take.Write(audio); err != nil {
			t.Fatal(err)
		}
		if err := take.Finish(); err != nil {
			t.Fatal(err)
		}
		marks := []wav.Mark{{Frame: 0, Label: "begin"}, {Frame: 700, Label: "flubbed line 4"}, {Frame: 1 << 33, Label: "too far"}}
		left, err := wav.AddMarks(name, marks)
		if err != nil || left != 1 {
			t.Fatalf("%d left out, %v", left, err)
		}
		r, err := wav.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if n := r.Notes(); len(n) > 0 || r.Frames() != int64(frames) {
			t.Errorf("%d frames, notes %q", r.Frames(), n)
		}
		got := make([]byte, 3*frames)
		r.ReadFrames(got, 0)
		if !bytes.Equal(got, audio) {
			t.Error("the audio has changed")
		}
		info, err := exec.Command("sndfile-info", name).CombinedOutput()
		if err != nil || !strings.Contains(string(info), "cue  : 52") {
			t.Errorf("sndfile-info: %v\n%s", err, info)
		}
		probe, err := exec.Command("sox", "--info", name).CombinedOutput()
		if err != nil {
			t.Errorf("sox: %v\n%s", err, probe)
		}
		if _, err := wav.AddMarks(name, marks); err == nil || !strings.Contains(err.Error(), "has cue points already") {
			t.Errorf("marks added twice: %v", err)
		}
	}
	name := filepath.Join(t.TempDir(), "text.wav")
	os.WriteFile(name, []byte("no take"), 0o600)
	if _, err := wav.AddMarks(name, []wav.Mark{{}}); err == nil || !strings.HasPrefix(err.Error(), name+": ") {
		t.Errorf("error %v", err)
	}
}

package wav_test

import (
	"path/filepath"
	"slices"
	"testing"

	"jackknife/wav"
)

func TestMarksAreReadAsTheyWereAdded(t *testing.T) {
	name := filepath.Join(t.TempDir(), "take.wav")
	w, err := wav.Create(name, wav.Format{RateHz: 48000, Channels: 1, Bits: 16, SampleBytes: 2})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, 2*48000)); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	want := []wav.Mark{{Frame: 0, Label: "start"}, {Frame: 12345, Label: "", Mistake: true}, {Frame: 23456, Label: "flubbed", Mistake: true}, {Frame: 47999, Label: "fluffed: “ä”"}}
	if _, err := wav.AddMarks(name, want); err != nil {
		t.Fatal(err)
	}
	r, err := wav.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got := r.Marks(); !slices.Equal(got, want) {
		t.Errorf("marks %+v, want %+v", got, want)
	}
}

package marks_test

import (
	"context"
	"encoding/binary"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"jackknife/editor/hear"
	"jackknife/editor/marks"
	"jackknife/testdata/voices"
	"jackknife/wav"
)

var mono = wav.Format{RateHz: 48000, Channels: 1, Bits: 16, SampleBytes: 2}

// heard writes samples as a take and listens to it.
func heard(t *testing.T, f wav.Format, x []float64) *hear.Heard {
	t.Helper()
	name := filepath.Join(t.TempDir(), "take.wav")
	w, err := wav.Create(name, f)
	if err != nil {
		t.Fatal(err)
	}
	raw := make([]byte, len(x)*f.SampleBytes)
	wav.Encode(raw, x, f)
	if _, err := w.Write(raw); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	take, err := wav.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { take.Close() })
	h, err := hear.Listen(context.Background(), take)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// spoken is a take with marks and with sounds that are none.
func spoken(t *testing.T, seed uint64, snr float64, slips ...string) (*voices.Take, *hear.Heard) {
	t.Helper()
	take, err := voices.Make(t.TempDir(), voices.Config{
		Seed: seed, Voice: "formula", Script: "relaxation", Lines: 6, Background: "room", SNRDB: snr, Reverb: 0.3, PauseMin: 0.6, PauseMax: 1.2,
		Slips: slips, Confusers: 8, Format: mono,
	})
	if err != nil {
		t.Fatal(err)
	}
	return take, heard(t, mono, take.Samples[0])
}

func TestEveryMarkIsFoundAndNothingElse(t *testing.T) {
	for seed, snr := range map[uint64]float64{1: 30, 2: 60} {
		take, h := spoken(t, seed, snr, "claps", "snaps", "clicker", "clicker")
		found, err := marks.Find(h)
		if err != nil {
			t.Fatal(err)
		}
		want := 0
		for _, s := range take.Truth.Slips {
			n := s.Marks
			if s.Kind != "clicker" {
				n = 1
			}
			want += n
			for _, m := range found {
				if m.Start >= s.Start && m.End <= s.End && (m.Kind == marks.Clicker) == (s.Kind == "clicker") {
					n--
				}
			}
			if n != 0 {
				t.Errorf("seed %d: %s at %d: %d marks missing", seed, s.Kind, s.Start, n)
			}
		}
		if len(found) != want {
			t.Errorf("seed %d: %d marks found, %d are there: %+v", seed, len(found), want, found)
		}
	}
}

func TestOneKindAlone(t *testing.T) {
	_, h := spoken(t, 4, 45, "claps", "clicker")
	found, err := marks.Find(h, marks.Clicker)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 || slices.ContainsFunc(found, func(m marks.Mark) bool { return m.Kind != marks.Clicker }) {
		t.Errorf("found %+v, want the clicker only", found)
	}
}

// whistle is a sound that is no mark until it is taught: up by an octave.
func whistle(at float64, hz float64) []float64 {
	x := make([]float64, 48000*3/10)
	for i := range x {
		s := float64(i) / 48000
		x[i] = at * math.Sin(2*math.Pi*hz*(s+s*s/0.6)) * math.Sin(math.Pi*float64(i)/float64(len(x)))
	}
	return x
}

func TestTaughtSound(t *testing.T) {
	lesson := make([]float64, 48000*4)
	for i := range lesson {
		lesson[i] = 1e-4 * math.Sin(float64(i*i%7919))
	}
	copy(lesson[48000:], whistle(0.3, 1200))
	copy(lesson[48000*5/2:], whistle(0.2, 1180))
	pattern, err := marks.Teach(heard(t, mono, lesson))
	if err != nil {
		t.Fatal(err)
	}
	take, _ := spoken(t, 5, 40, "claps", "clicker")
	x := take.Samples[0]
	var places []int64
	for _, p := range take.Truth.Phrases[1:4] { // in the pauses before them
		at := p.Start - 48000/2
		for i, v := range whistle(0.15, 1190) {
			x[at+int64(i)] += v
		}
		places = append(places, at)
	}
	h := heard(t, mono, x)
	found, err := pattern.Find(h)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range places {
		if !slices.ContainsFunc(found, func(m marks.Mark) bool { return m.Start < at+4800 && m.End > at+4800 }) {
			t.Errorf("no mark at %d", at)
		}
	}
	if len(found) != len(places) {
		t.Errorf("found %d, want %d: %+v", len(found), len(places), found)
	}
	if _, err := marks.Teach(heard(t, mono, make([]float64, 48000))); err == nil {
		t.Error("silence was taught")
	}
}

func TestNoMarkInWhatIsNoSpeech(t *testing.T) {
	noise := make([]float64, 48000*5)
	state := uint32(1)
	for i := range noise {
		state = state*1664525 + 1013904223
		noise[i] = 0.1 * (float64(state)/math.MaxUint32 - 0.5)
	}
	for name, x := range map[string][]float64{"nothing": nil, "a frame": {0.5}, "10 ms": noise[:480], "silence": make([]float64, 48000), "noise": noise} {
		found, err := marks.Find(heard(t, mono, x))
		if err != nil || len(found) > 0 {
			t.Errorf("%s: %v, %v", name, found, err)
		}
	}
}

// The voice in one channel of several is found, wherever it is.
func TestTheChannelThatSpeaksIsHeard(t *testing.T) {
	take, alone := spoken(t, 6, 45, "claps")
	f := mono
	f.Channels = 3
	x := make([]float64, 3*len(take.Samples[0]))
	for i, v := range take.Samples[0] {
		x[3*i], x[3*i+1], x[3*i+2] = 1e-3*math.Sin(float64(i)/30), v, 1e-4*math.Sin(float64(i*i%4001))
	}
	h := heard(t, f, x)
	if h.Channel != 1 {
		t.Fatalf("channel %d was heard", h.Channel)
	}
	a, err := marks.Find(alone)
	if err != nil {
		t.Fatal(err)
	}
	b, err := marks.Find(h)
	if err != nil {
		t.Fatal(err)
	}
	if len(a) == 0 || !slices.EqualFunc(a, b, func(a, b marks.Mark) bool { return a.Span == b.Span && a.Kind == b.Kind }) {
		t.Errorf("alone %+v, among others %+v", a, b)
	}
}

// What is found while it comes is what is found in the whole.
func TestMarksFoundLive(t *testing.T) {
	for seed, slips := range map[uint64][]string{11: {"claps", "clicker"}, 12: {"snaps", "claps"}} {
		take, h := spoken(t, seed, 40, slips...)
		whole, err := marks.Find(h)
		if err != nil {
			t.Fatal(err)
		}
		const channels = 2
		raw := make([]byte, 0, 4*channels*len(take.Samples[0]))
		for i, v := range take.Samples[0] {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(float32(1e-4*math.Sin(float64(i*i%4001)))))
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(float32(v)))
		}
		l := marks.NewLive(channels, mono.RateHz)
		var live []marks.Mark
		for at := 0; at < len(raw); {
			n := min(len(raw)-at, 4*channels*1024)
			found, err := l.Add(raw[at : at+n])
			if err != nil {
				t.Fatal(err)
			}
			at += n
			for _, m := range found {
				if late := int64(at/(4*channels)) - m.End; late < 0 || late > 3*48000 {
					t.Errorf("a mark that ended at %d is told at %d", m.End, at/(4*channels))
				}
			}
			live = append(live, found...)
		}
		last, err := l.Finish()
		if err != nil {
			t.Fatal(err)
		}
		live = append(live, last...)
		same := func(a, b marks.Mark) bool { return a.Kind == b.Kind && max(a.Start-b.Start, b.Start-a.Start) < 480 }
		if len(whole) < 2 || !slices.EqualFunc(whole, live, same) {
			t.Errorf("seed %d: the whole has %+v, live %+v", seed, whole, live)
		}
	}
}

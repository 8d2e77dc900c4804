package editor

import (
	"errors"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"jackknife/wav"
)

// writeSamples writes a mono take of the given samples.
func writeSamples(t *testing.T, f wav.Format, samples []float64) *wav.Reader {
	t.Helper()
	name := filepath.Join(t.TempDir(), "take.wav")
	w, err := wav.Create(name, f)
	if err != nil {
		t.Fatal(err)
	}
	raw := make([]byte, len(samples)*f.SampleBytes)
	wav.Encode(raw, samples, f)
	if _, err := w.Write(raw); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	r, err := wav.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

var (
	mono16    = wav.Format{RateHz: 48000, Channels: 1, Bits: 16, SampleBytes: 2}
	monoFloat = wav.Format{RateHz: 48000, Channels: 1, Bits: 32, SampleBytes: 4, Encoding: wav.Float}
)

func TestCompare(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	take := make([]float64, 70_000)
	for i := range take {
		take[i] = float64(rng.IntN(1<<16)-1<<15) / (1 << 15)
	}
	r := writeSamples(t, mono16, take)
	recording := func(lead int, change func([]float64) []float64) *wav.Reader {
		x := append(make([]float64, lead), take...)
		x = append(x, make([]float64, 500)...)
		return writeSamples(t, monoFloat, change(x))
	}
	same := func(x []float64) []float64 { return x }

	for _, test := range []struct {
		name      string
		recording *wav.Reader
		want      Comparison
	}{
		{"whole", recording(40_001, same), Comparison{Offset: 40_001, Compared: 70_000, Equal: 70_000, FirstDifference: -1}},
		{"one sample off", recording(7, func(x []float64) []float64 { x[7+100] += 1. / (1 << 20); return x }),
			Comparison{Offset: 7, Compared: 70_000, Equal: 69_999, FirstDifference: 100}},
		{"tail lost", recording(7, func(x []float64) []float64 { return x[:69_000+7] }),
			Comparison{Offset: 7, Compared: 69_000, Equal: 69_000, Missing: 1000, FirstDifference: -1}},
	} {
		got, err := Compare(t.Context(), r, test.recording)
		if err != nil || got != test.want {
			t.Errorf("%s: %+v, %v, want %+v", test.name, got, err, test.want)
		}
	}
	// A block lost in the middle shifts what follows: it shows as a difference.
	got, err := Compare(t.Context(), r, recording(0, func(x []float64) []float64 { return append(x[:1000:1000], x[1064:]...) }))
	if err == nil && got.Equal == got.Compared {
		t.Errorf("a lost block went unnoticed: %+v", got)
	}
	if _, err := Compare(t.Context(), r, writeSamples(t, monoFloat, make([]float64, 100_000))); !errors.Is(err, ErrNotFound) {
		t.Errorf("silence: %v, want ErrNotFound", err)
	}
}

package inspect_test

import (
	"context"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"jackknife/editor/hear"
	"jackknife/editor/inspect"
	"jackknife/wav"
)

const rate = 16000

// take is six tones of a second, as lines, over a faint room, two seconds of pause between them.
func take() []float64 {
	x := make([]float64, 19*rate)
	state := uint32(3)
	for i := range x {
		state = state*1664525 + 1013904223
		x[i] = 1e-3 * (float64(state)/math.MaxUint32 - 0.5)
		if s := i / rate; s%3 == 1 {
			for h := 1.0; h < 12; h++ {
				x[i] += 0.05 / h * math.Sin(2*math.Pi*140*h*float64(i)/rate) * math.Pow(math.Sin(math.Pi*float64(i%rate)/rate), 0.5)
			}
		}
	}
	return x
}

func inspected(t *testing.T, x []float64) []inspect.Blemish {
	t.Helper()
	f := wav.Format{RateHz: rate, Channels: 1, Bits: 16, SampleBytes: 2}
	name := filepath.Join(t.TempDir(), "take.wav")
	w, err := wav.Create(name, f)
	if err != nil {
		t.Fatal(err)
	}
	raw := make([]byte, 2*len(x))
	wav.Encode(raw, x, f)
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
	defer r.Close()
	h, err := hear.Listen(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	all, err := inspect.Inspect(context.Background(), r, h, nil)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEachBlemishIsFoundWhereItIs(t *testing.T) {
	if all := inspected(t, take()); len(all) > 0 {
		t.Fatalf("a clean take: %+v", all)
	}
	for _, c := range []struct {
		kind   inspect.Kind
		second float64 // 0: all along
		spoil  func(x []float64)
	}{
		{inspect.Clipping, 4.5, func(x []float64) {
			for i := 9 * rate / 2; i < 9*rate/2+200; i++ {
				x[i] = min(max(30*x[i], -1), 1)
			}
		}},
		{inspect.DC, 0, func(x []float64) {
			for i := range x {
				x[i] += 0.02
			}
		}},
		{inspect.Dropout, 4.5, func(x []float64) { clear(x[9*rate/2 : 9*rate/2+500]) }},
		{inspect.Silence, 6, func(x []float64) { clear(x[23*rate/4 : 25*rate/4]) }},
		{inspect.Hum, 0, func(x []float64) {
			for i := range x {
				for h := 1.0; h < 4; h++ {
					x[i] += 0.002 / h * math.Sin(2*math.Pi*50*h*float64(i)/rate)
				}
			}
		}},
		{inspect.Buzz, 0, func(x []float64) {
			for i := range x {
				if math.Mod(float64(i)/rate, 1/216.68) < 0.000577 {
					x[i] += 0.004
				}
			}
		}},
		{inspect.Buzz, 6, func(x []float64) { // a call
			for i := 57 * rate / 10; i < 63*rate/10; i++ {
				if math.Mod(float64(i)/rate, 1/216.68) < 0.000577 {
					x[i] += 0.05
				}
			}
		}},
		{inspect.Plosive, 4.5, func(x []float64) { // in a line
			for i := range rate * 8 / 100 {
				x[9*rate/2+i] += 0.3 * math.Sin(math.Pi*float64(i)/(rate*8/100)) * math.Sin(2*math.Pi*45*float64(i)/rate)
			}
		}},
		{inspect.Peak, 16.5, func(x []float64) { // long after a place that is clipped
			for i := 9 * rate / 2; i < 9*rate/2+200; i++ {
				x[i] = min(max(30*x[i], -1), 1)
			}
			for i := range rate / 100 {
				x[33*rate/2+i] = 1.2 * math.Sin(math.Pi*float64(i)/(rate/100)) * math.Sin(math.Pi/2*float64(i)+math.Pi/4)
			}
		}},
		{inspect.Click, 6, func(x []float64) {
			for i := range 60 {
				x[6*rate+i] += 0.05 * math.Exp(-float64(i)/15) * math.Sin(2*math.Pi*3000*float64(i)/rate)
			}
		}},
	} {
		x := take()
		c.spoil(x)
		all := inspected(t, x)
		at := int64(c.second * rate)
		if !slices.ContainsFunc(all, func(b inspect.Blemish) bool {
			return b.Kind == c.kind && b.Remedy() != "" && (c.second == 0 && b.Len() == int64(len(x)) || b.Start < at+rate/2 && b.End > at-rate/2 && c.second > 0)
		}) {
			t.Errorf("%s is not found: %+v", c.kind, all)
		}
	}
}

func TestOnlyPausesAreCleaned(t *testing.T) {
	x := take()
	for _, at := range []int{6 * rate, 9 * rate / 2} { // in a pause, in a line
		for i := range 60 {
			x[at+i] += 0.1 * math.Exp(-float64(i)/15) * math.Sin(2*math.Pi*3000*float64(i)/rate)
		}
	}
	l := inspect.Cleaned(inspected(t, x), []inspect.Kind{inspect.Click})
	if len(l) != 1 || l[0].Fill != l[0].Len() || l[0].Start > 6*rate || l[0].End < 6*rate+60 {
		t.Errorf("cleaned %+v", l)
	}
}

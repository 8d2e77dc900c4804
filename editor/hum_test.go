package editor

import (
	"math"
	"math/cmplx"
	"math/rand/v2"
	"slices"
	"testing"
)

// lineLevel is the level of a line in 100 ms of x.
func lineLevel(x []float64, hz float64) float64 {
	var sum complex128
	for i, v := range x[:4800] {
		w := 1 - math.Cos(2*math.Pi*float64(i)/4800)
		sum += cmplx.Rect(w*v, -2*math.Pi*hz*float64(i)/48000)
	}
	return cmplx.Abs(sum) * 2 / 4800
}

// TestHumGoesOn: hum that stands out goes on through a fill at its own level, from
// the take before it to the take behind it, whatever its phase there.
func TestHumGoesOn(t *testing.T) {
	const frames = 12 * 48000
	for _, c := range []struct {
		name  string
		mains float64
		level float64 // of the first line; the hiss is at 5e-4
	}{{"50 Hz", 50, 5e-3}, {"a slow 50 Hz", 49.93, 5e-3}, {"60 Hz", 60.02, 5e-3}, {"loud", 50.03, 0.1}} {
		lines := map[float64]float64{1: 1, 3: 0.5, 5: 0.3}
		x := make([]float64, frames)
		rng := rand.New(rand.NewPCG(3, 4))
		for i := range x {
			x[i] = rng.NormFloat64() * 5e-4
			for k, level := range lines {
				x[i] += c.level * level * math.Sin(2*math.Pi*c.mains*k*float64(i)/48000+k*k)
			}
		}
		pauses := roomPauses(frames)
		for _, fill := range []int64{48000, 4*48000 + 1234} {
			at := pauses[2].At
			y := renderFloats(t, roomTake(t, x), List{{Span: Span{at, at}, Fill: fill}}, pauses)
			for k, level := range lines {
				for i := at - 9600; i < at+fill+4800; i += 1200 {
					if db := 20 * math.Log10(lineLevel(y[i:], k*c.mains)/(c.level*level)); math.Abs(db) > 1.5 {
						t.Fatalf("%s, fill of %d frames: %.0f Hz is off by %.1f dB at frame %d of it", c.name, fill, k*c.mains, db, i-at)
					}
				}
			}
		}
	}
}

// TestHumIsHeard: hiss is no hum, and no line is found where none is.
func TestHumIsHeard(t *testing.T) {
	for _, c := range []struct {
		hz   float64
		want []int
	}{{0, nil}, {50, []int{1}}, {180, []int{3}}, {77, nil}} {
		x := make([]float64, 6*48000)
		rng := rand.New(rand.NewPCG(5, 6))
		for i := range x {
			x[i] = rng.NormFloat64() * 5e-4
			if c.hz > 0 {
				x[i] += 1e-3 * math.Sin(2*math.Pi*c.hz*float64(i)/48000)
			}
		}
		take := roomTake(t, x)
		p := piece{Span: Span{1000, int64(len(x))}}
		p.raw = make([]byte, p.Len()*int64(take.Format().FrameBytes()))
		if err := readFull(take, p.raw, p.Start); err != nil {
			t.Fatal(err)
		}
		h := new(ear).hum([]piece{p}, take.Format())
		switch {
		case h == nil && c.want == nil:
		case h == nil || !slices.Equal(h.lines, c.want):
			t.Errorf("%g Hz: %+v", c.hz, h)
		case math.Abs(h.cycles*48000*float64(h.lines[0])-c.hz) > 0.02:
			t.Errorf("%g Hz is taken for %g", c.hz, h.cycles*48000*float64(h.lines[0]))
		}
	}
}

// TestOscillatorInParts: parts are those of the whole, bit by bit, as what is played
// must be what is written.
func TestOscillatorInParts(t *testing.T) {
	o := oscillator{cycles: 150.07 / 48000, phase: 0.3, from: 0.1, to: 0.2, frames: 5000}
	table := turns(o.cycles)
	o.turns = &table
	whole, parts := make([]float64, 10000), make([]float64, 10000)
	o.add(whole, 1, 2, 17, 1)
	for at, n := 0, 1; at < 5000; at, n = at+n, n*3 {
		n = min(n, 5000-at)
		o.add(parts[2*at:2*(at+n)], 1, 2, int64(17+at), 1)
	}
	if !slices.Equal(whole, parts) {
		t.Error("parts differ from the whole")
	}
}

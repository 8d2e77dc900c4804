package rt

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestProbe sends probes through delays of fractions of a frame, with gains,
// turned polarity, noise as loud as they are and louder, the high-pass of a card,
// and echoes of the room.
func TestProbe(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 2))
	for _, test := range []struct {
		frames, gain, noise, echo, within float64
		highPass                          bool
	}{
		{frames: 0, gain: 1, within: 1e-3},
		{frames: 1000, gain: 1, within: 1e-3},
		{frames: 1234.5, gain: 0.1, within: 1e-3},
		{frames: 2999.75, gain: -0.5, within: 1e-3},
		{frames: 10000.1, gain: 0.01, noise: 0.001, within: 0.03},
		{frames: 777.3, gain: 0.5, noise: 0.05, within: 0.03},
		{frames: 777.3, gain: 0.5, noise: 0.15, within: 0.1},
		{frames: 4321.6, gain: 0.9, within: 0.05, highPass: true},
		{frames: 4321.6, gain: 0.9, echo: 0.2, within: 0.1},
	} {
		p := NewProbe(48000, 0.25, 7)
		heard := make([]float64, 1<<15)
		add := func(frames, gain float64) {
			whole := int(math.Floor(frames))
			for k := -400; k <= 400; k++ {
				x := float64(k) - (frames - float64(whole))
				v := 1.0
				if x != 0 {
					v = math.Sin(math.Pi*x) / (math.Pi * x)
				}
				v *= 0.5 + 0.5*math.Cos(math.Pi*x/402)
				for i, s := range p.Samples() {
					if at := i + whole + k; at >= 0 && at < len(heard) {
						heard[at] += gain * v * s
					}
				}
			}
		}
		add(test.frames, test.gain)
		if test.echo != 0 {
			add(test.frames+93.4, test.echo)
		}
		if test.highPass { // 10 Hz, one pole
			r, was, out := 1-2*math.Pi*10/48000, 0.0, 0.0
			for i, v := range heard {
				out = v - was + r*out
				was, heard[i] = v, out
			}
		}
		for i := range heard {
			heard[i] += test.noise * chance.NormFloat64()
		}
		e, ok := p.Find(heard)
		if !ok || math.Abs(e.Frames-test.frames) > test.within || e.Inverted != (test.gain < 0) ||
			math.Abs(e.Gain-math.Abs(test.gain)) > 0.15*math.Abs(test.gain)+test.noise/10 {
			t.Errorf("%+v: found %v %+v, off by %.4f frames", test, ok, e, e.Frames-test.frames)
		}
	}
}

// TestProbeNotThere: noise, silence and another probe are not taken for it.
func TestProbeNotThere(t *testing.T) {
	p := NewProbe(48000, 0.25, 7)
	noise, other := make([]float64, 1<<15), make([]float64, 1<<15)
	chance := rand.New(rand.NewPCG(3, 4))
	for i := range noise {
		noise[i] = chance.NormFloat64()
	}
	copy(other[1000:], NewProbe(48000, 0.25, 8).Samples())
	for i, heard := range [][]float64{noise, other, make([]float64, 1<<15), nil} {
		if e, ok := p.Find(heard); ok {
			t.Errorf("%d: found %+v", i, e)
		}
	}
}
